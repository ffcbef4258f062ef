import { useHotkeys } from '@mantine/hooks';
import { useKeysOn } from './keysOn';

/**
 * Single keys of the proctor's page, by their place on the keyboard: the same with a Russian
 * layout. Not while something is typed or a dialog is open.
 */
export function useKeys(keys: Partial<Record<string, () => void>>): void {
  const { on } = useKeysOn();
  useHotkeys(
    Object.entries(keys).flatMap(([key, act]) => {
      if (act === undefined || !on) return [];
      return [[key, () => document.querySelector('[role="dialog"]') === null && act(), { usePhysicalKeys: true }] as const];
    }) as unknown as Parameters<typeof useHotkeys>[0],
  );
}
