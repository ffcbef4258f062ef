import { useSyncExternalStore } from 'react';
import type { Store } from './store';

/** Reads a store from a component. */
export function useStore<T extends object>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** Reads one part of a store: the component is not made anew when another part changes. */
export function usePart<T extends object, K extends keyof T>(store: Store<T>, part: K): T[K] {
  return useSyncExternalStore(store.subscribe, () => store.get()[part]);
}
