import { Text } from '@mantine/core';
import { memo } from 'react';
import classes from './Wall.module.css';

interface CounterProps {
  value: number;
  label: string;
  /** A colour for a number above zero that wants attention. */
  color?: string;
}

/** A number and what it counts. */
export const Counter = memo(function Counter({ value, label, color }: CounterProps) {
  const alarmed = color !== undefined && value > 0;
  return (
    <span className={classes.counter}>
      <Text
        span
        fw={700}
        {...(alarmed ? { c: `light-dark(var(--mantine-color-${color}-9), var(--mantine-color-${color}-4))` } : {})}
      >
        {value}
      </Text>
      <Text span size="sm" c="dimmed">
        {label}
      </Text>
    </span>
  );
});
