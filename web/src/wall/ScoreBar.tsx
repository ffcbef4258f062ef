import { Group, Progress, Text } from '@mantine/core';
import { useFormat } from '../i18n/useFormat';
import classes from './Wall.module.css';

interface ScoreBarProps {
  label: string;
  /** From 0 to 1. */
  value: number;
  /** Drawn as a mark; decides the colour. */
  threshold?: number;
}

/** A likeness as a bar, with the threshold where one holds. */
export function ScoreBar({ label, value, threshold }: ScoreBarProps) {
  const { score: scoreText } = useFormat();
  const color = threshold === undefined ? 'gray.6' : value >= threshold ? 'teal' : 'red';
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{label}</Text>
        <Text size="sm" fw={600}>
          {scoreText(value)}
        </Text>
      </Group>
      <div className={classes.scoreTrack}>
        <Progress value={value * 100} color={color} size={8} aria-label={label} />
        {threshold !== undefined && (
          <span className={classes.threshold} style={{ left: `${threshold * 100}%` }} aria-hidden />
        )}
      </div>
    </div>
  );
}
