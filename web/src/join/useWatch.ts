import { useEffect } from 'react';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { watchPage } from './watcher';

/** Watches the page while she sits the exam, where its rules say so. What cannot be told is let go: it is a hint. */
export function useWatch(attempt: Attempt): void {
  const { id, state } = attempt;
  const { tabs, focus, fullScreen } = attempt.exam.page;
  useEffect(() => {
    if (state !== 'in_progress') return undefined;
    return watchPage({ tabs, focus, fullScreen }, (note) => void api.noteBehaviour(id, note).catch(() => undefined));
  }, [id, state, tabs, focus, fullScreen]);
}
