import { useEffect, useState } from 'react';

/** Becomes true so many milliseconds after `since` became what it is; never while it is undefined. */
export function useAfter(ms: number, since: object | undefined): boolean {
  const [passed, setPassed] = useState<object>();
  useEffect(() => {
    if (since === undefined) return undefined;
    const timer = setTimeout(() => setPassed(since), ms);
    return () => clearTimeout(timer);
  }, [ms, since]);
  return since !== undefined && passed === since;
}
