import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../api/client';
import { sessionKey } from '../api/session';

/** Signs out and goes on at a path of ours; Gosuslugi end their session, too, and send the browser there. */
export function useSignOut(returnTo: string) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => api.signOut(returnTo),
    onSuccess: async ({ next }) => {
      queryClient.removeQueries({ queryKey: sessionKey }); // she left by herself: nothing is to be kept for her
      if (next !== '') {
        window.location.assign(next);
        return;
      }
      await navigate(returnTo);
      queryClient.clear();
    },
  });
}
