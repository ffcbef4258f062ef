import { Group, Loader, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface CheckRowProps {
  label: string;
  state: 'wait' | 'ok' | 'warn';
  text: string;
  children?: ReactNode;
  testId: string;
}

/** One check: its name, a sign with a word, and what belongs to it. */
export function CheckRow({ label, state, text, children, testId }: CheckRowProps) {
  return (
    <div data-testid={testId} data-state={state}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        {state === 'ok' && (
          <ThemeIcon color="teal" radius="xl" size={26} mt={2}>
            <IconCheck size={17} aria-hidden />
          </ThemeIcon>
        )}
        {state === 'warn' && (
          <ThemeIcon color="orange" variant="light" radius="xl" size={26} mt={2}>
            <IconAlertTriangle size={17} aria-hidden />
          </ThemeIcon>
        )}
        {state === 'wait' && <Loader size={26} mt={2} aria-hidden />}
        <div>
          <Text fw={600} size="md">
            {label}
          </Text>
          <Text size="md" c="dimmed" aria-live="polite">
            {text}
          </Text>
        </div>
      </Group>
      {children}
    </div>
  );
}
