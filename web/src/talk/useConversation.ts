import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Attempt, MessageList } from '../api/types';

const key = (attempt: Attempt) => ['messages', attempt.id, attempt.talk?.last ?? 0] as const;

/** The conversation of an attempt, read again whenever the attempt tells of a newer message. */
export function useConversation(attempt: Attempt, enabled = true) {
  return useQuery({
    queryKey: key(attempt),
    queryFn: ({ signal }) => api.messages(attempt.id, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity, // another message is another key
    enabled,
  });
}

/** Writes a message; the answer is the conversation with it. */
export function useSay(attempt: Attempt) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) => api.say(attempt.id, text),
    onSuccess: (list) => client.setQueryData<MessageList>(key(attempt), list),
  });
}
