import { useEffect } from 'react';
import { api } from '../api/client';
import type { Attempt } from '../api/types';

export type Side = 'student' | 'staff';

/** How many messages one side has not read. */
export function unreadOf(attempt: Attempt, side: Side): number {
  return (side === 'student' ? attempt.talk?.unreadByStudent : attempt.talk?.unreadByStaff) ?? 0;
}

/** Tells the server that what is shown was read, while the page itself is seen. */
export function useSeen(attempt: Attempt, side: Side, shown: number, onChanged: (attempt: Attempt) => void): void {
  const unread = unreadOf(attempt, side);
  const { id } = attempt;
  useEffect(() => {
    if (unread === 0 || shown === 0) return undefined;
    let sent = false;
    const tell = () => {
      if (sent || document.visibilityState !== 'visible') return;
      sent = true;
      // What could not be told now is told with the next message.
      void api.seen(id, shown).then(onChanged, () => undefined);
    };
    tell();
    document.addEventListener('visibilitychange', tell);
    return () => document.removeEventListener('visibilitychange', tell);
  }, [id, unread, shown, onChanged]);
}
