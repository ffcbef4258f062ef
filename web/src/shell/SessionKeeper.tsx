import { lazy, Suspense } from 'react';
import { useSessionEnded } from '../api/session';

const SignInAgain = lazy(() => import('./SignInAgain'));

/** Looks after a session that ends while a page is open. */
export function SessionKeeper() {
  if (!useSessionEnded()) return null;
  return (
    <Suspense>
      <SignInAgain />
    </Suspense>
  );
}
