import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './problem';
import { sessionKey } from './session';

/** What the server refuses, it refuses again: only a lost network and its own faults are tried anew. */
function worthRetrying(failures: number, error: Error): boolean {
  if (failures >= 2) return false;
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

/** The one cache of answers; a 401 anywhere makes it ask again who is signed in. */
export function createQueryClient(): QueryClient {
  const askAgain = (error: Error): void => {
    if (error instanceof ApiError && error.status === 401) void client.invalidateQueries({ queryKey: sessionKey });
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (query.queryKey[0] !== sessionKey[0]) askAgain(error);
      },
    }),
    mutationCache: new MutationCache({ onError: askAgain }),
    defaultOptions: { queries: { retry: worthRetrying, refetchOnWindowFocus: false, staleTime: 5_000 } },
  });
  return client;
}
