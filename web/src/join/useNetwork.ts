import { useEffect, useState } from 'react';
import { api } from '../api/client';
import { useLive } from './live';
import { measure, type NetworkReport } from './network';

export type NetworkState = { phase: 'measuring' } | { phase: 'failed' } | { phase: 'done'; report: NetworkReport };

/** Measures the connection once it lives, and again when asked; the server keeps what was found. */
export function useNetwork(attemptId: string, live: boolean): { state: NetworkState; again: () => void } {
  const { publisher } = useLive();
  const [turn, setTurn] = useState(0);
  const [done, setDone] = useState<{ turn: number; state: NetworkState }>();
  useEffect(() => {
    if (!live) return undefined;
    const end = new AbortController();
    const parts = {
      upload: async (bytes: number, signal: AbortSignal) => {
        // Random, lest anything on the way compresses it.
        const filled = new Uint8Array(bytes);
        for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(filled.subarray(at, at + 65_536));
        await api.probe(attemptId, new Blob([filled]), signal);
      },
      read: () => publisher.path(),
      now: () => performance.now(),
      wait: (ms: number) => new Promise<void>((resolve) => { setTimeout(resolve, ms); }),
    };
    const limit = AbortSignal.any([end.signal, AbortSignal.timeout(15_000)]);
    measure(parts, limit).then(
      (report) => {
        if (end.signal.aborted) return;
        setDone({ turn, state: { phase: 'done', report } });
        void api.noteNetwork(attemptId, report).catch(() => undefined);
      },
      () => {
        if (!end.signal.aborted) setDone({ turn, state: { phase: 'failed' } });
      },
    );
    return () => end.abort();
  }, [attemptId, live, publisher, turn]);
  return { state: done?.turn === turn ? done.state : { phase: 'measuring' }, again: () => setTurn(turn + 1) };
}
