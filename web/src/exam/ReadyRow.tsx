import { Group, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCircleDashed } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './Exam.module.css';

export type ReadyState = 'done' | 'missing' | 'failed' | 'unknown';

const signs = {
  done: { color: 'teal', icon: <IconCheck size={18} aria-hidden /> },
  missing: { color: 'orange', icon: <IconAlertTriangle size={18} aria-hidden /> },
  failed: { color: 'red', icon: <IconAlertTriangle size={18} aria-hidden /> },
  unknown: { color: 'gray', icon: <IconCircleDashed size={18} aria-hidden /> },
};

interface ReadyRowProps {
  name: string;
  state: ReadyState;
  title: string;
  text: string;
  children?: ReactNode;
}

/** One part of being ready: a sign, what it is, what to do about it. */
export function ReadyRow({ name, state, title, text, children }: ReadyRowProps) {
  return (
    <li className={classes.readyRow} data-testid={`ready-${name}`} data-state={state}>
      <Group gap="md" wrap="nowrap" align="flex-start">
        <ThemeIcon color={signs[state].color} variant="light" radius="xl" size={34}>
          {signs[state].icon}
        </ThemeIcon>
        <div className={classes.readyBody}>
          <Text fw={600} size="md">
            {title}
          </Text>
          <Text size="sm" c="dimmed">
            {text}
          </Text>
          {children !== undefined && children !== false && <div className={classes.readyWay}>{children}</div>}
        </div>
      </Group>
    </li>
  );
}
