import { useEffect, useState } from 'react';
import { hasRole, useSession } from '../api/session';
import { LoadingView } from '../shell/LoadingView';
import { GuardianDoor } from './GuardianDoor';
import { GuardianHomeView } from './GuardianHomeView';

/** The page of parents: how they come in, then their children and the consents. */
export default function GuardianPage() {
  const session = useSession();
  // A link carries its code behind the #, which no server sees; it does not stay in the address.
  const [code] = useState(() => window.location.hash.slice(1));
  useEffect(() => {
    if (code !== '') window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  }, [code]);
  if (session.isPending) return <LoadingView />;
  if (code === '' && hasRole(session.data, 'guardian')) return <GuardianHomeView />;
  return <GuardianDoor code={code} />;
}
