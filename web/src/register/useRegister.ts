import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import type { ConsentFilter } from '../api/types';
import { apiFilter } from './filter';

const pageSize = 50;

/** The register of consents, newest first, a page after another. */
export function useRegister(filter: ConsentFilter) {
  return useInfiniteQuery({
    queryKey: ['consent-register', filter],
    queryFn: ({ pageParam, signal }) => api.consentRegister(apiFilter(filter), pageParam, pageSize, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
  });
}
