import { useLocalStorage } from '@mantine/hooks';
import { createContext, use, useMemo, type ReactNode } from 'react';

interface Keys {
  on: boolean;
  set: (on: boolean) => void;
}

const KeysContext = createContext<Keys>({ on: true, set: () => undefined });

/** Remembers for all of the room whether single keys act: each place that read the browser's storage by itself would make the others read it again. */
export function KeysProvider({ children }: { children: ReactNode }) {
  const [on, set] = useLocalStorage<boolean>({ key: 'ochno.keys', defaultValue: true, getInitialValueInEffect: false });
  const keys = useMemo(() => ({ on, set }), [on, set]);
  return <KeysContext value={keys}>{children}</KeysContext>;
}

/** Whether single keys act; whoever speaks to the machine may turn them off. */
export function useKeysOn(): Keys {
  return use(KeysContext);
}
