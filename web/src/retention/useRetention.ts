import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';

export const retentionKey = ['retention'] as const;
export const holdsKey = ['holds'] as const;

/** How long what is kept, and how the daily erasure goes. */
export function useRetention() {
  return useQuery({ queryKey: retentionKey, queryFn: ({ signal }) => api.retention(signal) });
}

/** The organisation's holds, those that stand first. */
export function useHolds() {
  return useQuery({ queryKey: holdsKey, queryFn: ({ signal }) => api.holds(signal) });
}
