import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api/client';
import { createViewer } from '../rtc/browser';
import type { Viewer } from '../rtc/viewer';

/** The viewer of an exam's room, alive as long as the page. */
export function useViewer(examId: string): Viewer | undefined {
  const [viewer, setViewer] = useState<Viewer>();
  useEffect(() => {
    const created = createViewer(examId);
    created.start();
    // The socket lives and ends with this effect, not with a render.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setViewer(created);
    const online = () => created.retryNow();
    window.addEventListener('online', online);
    return () => {
      window.removeEventListener('online', online);
      created.stop();
    };
  }, [examId]);
  return viewer;
}

/** The room as the API tells it: the first picture, and the reason when there is none. */
export function useRoomQuery(examId: string) {
  return useQuery({ queryKey: ['room', examId], queryFn: ({ signal }) => api.room(examId, signal) });
}
