import { MantineThemeProvider } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Outlet, useLocation } from 'react-router';
import { useSession } from '../api/session';
import { studentTheme } from '../theme/theme';
import { Header } from './Header';
import { LoadingView } from './LoadingView';

const ParentNeeded = lazy(async () => ({ default: (await import('../consent/ParentNeeded')).ParentNeeded }));

/** The frame of the pages for students and guests: nothing but the task, in large type. */
export function StudentLayout() {
  const { pathname } = useLocation();
  const { data: session } = useSession();
  // A minor waits for a parent's consent before everything but her account's own pages; the server decides all the same.
  const waits = session?.person?.needsParent === true && (pathname === '/' || pathname.startsWith('/e/'));
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        <MantineThemeProvider theme={studentTheme}>
          <Suspense fallback={<LoadingView />}>
            {waits ? <ParentNeeded /> : <Outlet />}
          </Suspense>
        </MantineThemeProvider>
      </main>
    </>
  );
}
