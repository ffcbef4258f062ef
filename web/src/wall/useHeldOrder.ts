import { useState } from 'react';
import { holdOrder } from './attention';

/** Keeps an order from jumping while it is held, for example under the cursor. */
export function useHeldOrder(wanted: string[], held: boolean): string[] {
  const [shown, setShown] = useState<string[]>(wanted);
  const next = holdOrder(shown, wanted, held);
  const same = next.length === shown.length && next.every((id, index) => id === shown[index]);
  if (!same) setShown(next);
  return same ? shown : next;
}
