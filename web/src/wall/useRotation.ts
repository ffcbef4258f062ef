import { useReducedMotion } from '@mantine/hooks';
import { useEffect, useEffectEvent, useState } from 'react';

export const rotationSeconds = [10, 20, 30, 60] as const;

interface Rotation {
  /** Seconds a page; 0: pages stay. */
  every: number;
  setEvery: (seconds: number) => void;
  pinned: boolean;
  setPinned: (pinned: boolean) => void;
}

/**
 * Turns the pages of the wall by itself, every so many seconds. It holds while it is pinned,
 * while the cursor or the focus is among the tiles, and while nobody looks at the page.
 */
export function useRotation(pages: number, held: boolean, onTurn: () => void): Rotation {
  const calm = useReducedMotion();
  const [every, setEvery] = useState(0);
  const [pinned, setPinned] = useState(false);
  const turn = useEffectEvent(onTurn);
  const stopped = every === 0 || pinned || held || pages < 2 || calm;
  useEffect(() => {
    if (stopped) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') turn();
    }, every * 1000);
    return () => clearInterval(timer);
  }, [stopped, every]);
  return { every, setEvery, pinned, setPinned };
}
