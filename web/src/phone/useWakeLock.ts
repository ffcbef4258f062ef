import { useEffect } from 'react';

/** Keeps the screen awake while `on`, where the browser can; a page that comes back to the front asks again. */
export function useWakeLock(on: boolean): void {
  useEffect(() => {
    const { wakeLock } = navigator as { wakeLock?: WakeLock };
    if (!on || wakeLock === undefined) return undefined;
    let lock: WakeLockSentinel | undefined;
    let over = false;
    const ask = () => {
      if (document.hidden) return;
      wakeLock.request('screen').then(
        (got) => {
          if (over) void got.release();
          else lock = got;
        },
        () => undefined, // a low battery forbids it
      );
    };
    ask();
    document.addEventListener('visibilitychange', ask);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', ask);
      void lock?.release();
    };
  }, [on]);
}
