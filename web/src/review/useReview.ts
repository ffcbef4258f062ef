import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Attempt } from '../api/types';

const stillGoing: Attempt['state'][] = ['ready', 'identifying', 'identified', 'admitted', 'in_progress', 'paused'];

/** Whether the attempt may still grow, and with it its recording and its timeline. */
export function isGoing(attempt: Attempt | undefined): boolean {
  return attempt !== undefined && stillGoing.includes(attempt.state);
}

/** Everything that is reviewed, asked for again while the attempt goes on. */
export function useReview(attemptId: string) {
  const attempt = useQuery({
    queryKey: ['review', attemptId, 'attempt'],
    queryFn: ({ signal }) => api.attempt(attemptId, signal),
    refetchInterval: (query) => (isGoing(query.state.data) ? 8_000 : false),
  });
  const refetchInterval = isGoing(attempt.data) ? 8_000 : (false as const);
  const timeline = useQuery({
    queryKey: ['review', attemptId, 'timeline'],
    queryFn: ({ signal }) => api.timeline(attemptId, signal),
    refetchInterval,
  });
  const identifications = useQuery({
    queryKey: ['review', attemptId, 'identifications'],
    queryFn: ({ signal }) => api.identifications(attemptId, signal),
    refetchInterval,
  });
  const recordings = useQuery({
    queryKey: ['review', attemptId, 'recordings'],
    queryFn: ({ signal }) => api.recordings(attemptId, signal),
    refetchInterval,
  });
  return { attempt, timeline, identifications, recordings };
}
