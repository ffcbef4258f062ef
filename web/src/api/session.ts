import { useQuery } from '@tanstack/react-query';
import { api } from './client';
import type { Role, Session } from './types';

export const sessionKey = ['session'] as const;

/** Who is signed in. */
export function useSession() {
  return useQuery({ queryKey: sessionKey, queryFn: ({ signal }) => api.session(signal), staleTime: 60_000 });
}

/** Whether the signed-in person has one of the roles. */
export function hasRole(session: Session | undefined, ...roles: Role[]): boolean {
  return roles.some((role) => session?.person?.roles.includes(role) === true);
}
