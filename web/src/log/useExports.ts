import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../api/client';
import type { ExportJob, LogFilter, OrderFormat, Separator } from '../api/types';
import { apiFilter } from './filter';

const exportsKey = ['exports-of-log'] as const;

function underWay({ state }: ExportJob): boolean {
  return state === 'waiting' || state === 'running';
}

/** The exports that the server prepares for this person, looked at again while one is under way. */
export function useExports() {
  return useQuery({
    queryKey: exportsKey,
    queryFn: ({ signal }) => api.exports(signal),
    refetchInterval: ({ state }) => (state.data?.exports.some(underWay) === true ? 2000 : false),
  });
}

export interface ExportOrder {
  filter: LogFilter;
  format: OrderFormat;
  separator: Separator;
  recordings: boolean;
}

export function useOrderExport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ filter, format, separator, recordings }: ExportOrder) => api.orderExport(apiFilter(filter), format, separator, recordings),
    onSuccess: (jobs) => client.setQueryData(exportsKey, jobs),
  });
}

export function useCancelExport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (of: string) => api.cancelExport(of),
    onSuccess: (jobs) => client.setQueryData(exportsKey, jobs),
  });
}
