import { useEffect, useState } from 'react';
import { useClockOffset } from './attempt';

/** The server's time in milliseconds, renewed every `everyMs`. */
export function useServerClock(everyMs = 1_000): number {
  const offset = useClockOffset();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now + offset;
}
