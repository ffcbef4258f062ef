import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AccountPage } from '../api/types';

/** A call that answers with the account page anew. */
export function useAccountChange<V = void>(mutationFn: (variables: V) => Promise<AccountPage>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: (page) => {
      queryClient.setQueryData(['account'], page);
    },
  });
}
