import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api } from './client';
import type { Role, Session } from './types';

export const sessionKey = ['session'] as const;
const endedKey = ['session-ended'] as const;

/**
 * Asks who is signed in. Whoever was, and is not any more, stays on her page as she left it: what she typed must not be lost. She is then asked to
 * sign in again in place (shell/SignInAgain).
 */
async function ask(client: QueryClient, signal: AbortSignal): Promise<Session> {
  const told = await api.session(signal);
  const known = client.getQueryData<Session>(sessionKey);
  const ended = known?.person !== undefined && told.person === undefined && told.choices === 0;
  client.setQueryData<boolean>(endedKey, ended);
  return ended ? known : told;
}

/** Who is signed in. */
export function useSession() {
  const client = useQueryClient();
  return useQuery({ queryKey: sessionKey, queryFn: ({ signal }) => ask(client, signal), staleTime: 60_000 });
}

/** Whether the session of the page's person has ended meanwhile. */
export function useSessionEnded(): boolean {
  const { data } = useQuery<boolean>({ queryKey: endedKey, queryFn: () => false, enabled: false, staleTime: Infinity });
  return data ?? false;
}

/**
 * Keeps the session in use while a page speaks over its socket alone: the server ends a
 * session that makes no requests.
 */
export function useKeepSignedIn() {
  const client = useQueryClient();
  useQuery({
    queryKey: sessionKey,
    queryFn: ({ signal }) => ask(client, signal),
    refetchInterval: 10 * 60_000,
    refetchIntervalInBackground: true,
    staleTime: 60_000,
  });
}

/** Whether the signed-in person has one of the roles. */
export function hasRole(session: Session | undefined, ...roles: Role[]): boolean {
  return roles.some((role) => session?.person?.roles.includes(role) === true);
}
