import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Attempt } from '../api/types';
import { rememberAttempt } from './attempt';

/** An act of the student that answers with the changed attempt. */
export function useAttemptAction(act: () => Promise<Attempt>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: act, onSuccess: (attempt) => rememberAttempt(client, attempt) });
}
