import { useQuery } from '@tanstack/react-query';
import { api } from './client';
import type { Role, Session } from './types';

export const sessionKey = ['session'] as const;

/** Who is signed in. */
export function useSession() {
  return useQuery({ queryKey: sessionKey, queryFn: ({ signal }) => api.session(signal), staleTime: 60_000 });
}

/**
 * Keeps the session in use while a page speaks over its socket alone: the server ends a
 * session that makes no requests.
 */
export function useKeepSignedIn() {
  useQuery({
    queryKey: sessionKey,
    queryFn: ({ signal }) => api.session(signal),
    refetchInterval: 10 * 60_000,
    refetchIntervalInBackground: true,
    staleTime: 60_000,
  });
}

/** Whether the signed-in person has one of the roles. */
export function hasRole(session: Session | undefined, ...roles: Role[]): boolean {
  return roles.some((role) => session?.person?.roles.includes(role) === true);
}
