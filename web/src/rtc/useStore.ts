import { useSyncExternalStore } from 'react';
import type { Store } from './store';

/** Reads a store from a component. */
export function useStore<T extends object>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
