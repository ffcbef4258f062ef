import { useEffect, useRef } from 'react';
import type { Attempt } from '../api/types';
import { beep } from '../media/beep';
import { unreadOf } from '../talk/useSeen';

const quiet: Attempt['state'][] = ['ready', 'identifying', 'manual_identification']; // a tone would be in the voice sample

/** A tone when somebody writes to the student, warns her or gives her time; never while her voice is taken. */
export function useHeard(attempt: Attempt): void {
  const news = [
    unreadOf(attempt, 'student'),
    attempt.warnings?.length ?? 0,
    attempt.extra?.length ?? 0,
    attempt.call?.acknowledgedAt === undefined ? 0 : 1,
  ];
  const total = news.reduce((sum, one) => sum + one, 0);
  const known = useRef(total);
  const silent = quiet.includes(attempt.state) || attempt.again?.demandedAt !== undefined;
  useEffect(() => {
    if (total > known.current && !silent) beep();
    known.current = total;
  }, [total, silent]);
}
