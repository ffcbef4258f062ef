import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import type { LogFilter } from '../api/types';
import { apiFilter } from './filter';

const pageSize = 50;

/** The log, newest first, a page after another. */
export function useLog(filter: LogFilter) {
  return useInfiniteQuery({
    queryKey: ['log', filter],
    queryFn: ({ pageParam, signal }) => api.log(apiFilter(filter), pageParam, pageSize, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
  });
}

export function useCheckpoint() {
  return useQuery({ queryKey: ['log-checkpoint'], queryFn: ({ signal }) => api.checkpoint(signal), refetchInterval: 60_000 });
}

/** Faculties and groups to choose from, and students whose name has the text. */
export function useLogChoices(search: string) {
  return useQuery({
    queryKey: ['log-choices', search],
    queryFn: ({ signal }) => api.logChoices(search, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** How much an export of what the filters leave would be. */
export function useExportPlan(filter: LogFilter) {
  return useQuery({
    queryKey: ['export-plan', filter],
    queryFn: ({ signal }) => api.exportPlan(apiFilter(filter), signal),
    staleTime: 30_000,
  });
}

/** The exams to choose from. */
export function useExamChoices() {
  return useQuery({ queryKey: ['exams'], queryFn: ({ signal }) => api.exams(signal) });
}
