import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { newerAttempt } from './newerAttempt';

const attemptKey = (id: string) => ['attempt', id] as const;
const clockKey = ['server-clock'] as const;

/** Notes how far the student's clock is from the server's: it may be wrong, and the server's counts. */
export function rememberClock(client: QueryClient, told: { serverTime: string }): void {
  client.setQueryData<number>(clockKey, Date.parse(told.serverTime) - Date.now());
}

export function rememberAttempt(client: QueryClient, told: Attempt): void {
  rememberClock(client, told);
  client.setQueryData<Attempt>(attemptKey(told.id), (known) => newerAttempt(known, told));
}

/** The attempt, asked for again now and then while no socket tells of its changes. */
export function useAttempt(id: string, socketOpen: boolean) {
  const client = useQueryClient();
  return useQuery({
    queryKey: attemptKey(id),
    queryFn: async ({ signal }) => {
      const told = await api.attempt(id, signal);
      rememberClock(client, told);
      return newerAttempt(client.getQueryData<Attempt>(attemptKey(id)), told);
    },
    refetchInterval: socketOpen ? false : 15_000,
  });
}

/** Milliseconds to add to this machine's clock to have the server's. */
export function useClockOffset(): number {
  const { data } = useQuery<number>({ queryKey: clockKey, queryFn: () => 0, enabled: false, staleTime: Infinity });
  return data ?? 0;
}
