import { Badge, Text, ThemeIcon, UnstyledButton } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { IdentificationPhase } from '../rtc/wire';
import { useStatus } from './useStatus';
import classes from './Wall.module.css';

interface AttentionRowProps {
  entry: RoomAttempt;
  phase: IdentificationPhase | undefined;
  selected: boolean;
  onSelect: (attemptId: string) => void;
}

/** One student of the list: a sign, the name, the state, the score. */
export const AttentionRow = memo(function AttentionRow({ entry, phase, selected, onSelect }: AttentionRowProps) {
  const { score: scoreText } = useFormat();
  const { t } = useTranslation('wall');
  const unread = entry.attempt.talk?.unreadByStaff ?? 0;
  const status = useStatus()(entry, phase);
  const { attempt } = entry;
  const score = attempt.lastIdentification?.score?.overall;
  return (
    <UnstyledButton
      className={classes.row}
      data-testid={`room-row-${attempt.id}`}
      data-level={status.level}
      data-state={attempt.state}
      data-connected={entry.connected}
      data-outcome={attempt.lastIdentification?.outcome ?? ''}
      aria-current={selected}
      onClick={() => onSelect(attempt.id)}
    >
      <ThemeIcon size={26} variant="light" color={status.color} radius="xl">
        {status.icon}
      </ThemeIcon>
      <div>
        <Text size="sm" fw={550} truncate title={attempt.student.displayName}>
          {attempt.student.displayName}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {attempt.student.group === '' ? status.text : `${attempt.student.group} · ${status.text}`}
        </Text>
      </div>
      {unread > 0 && (
        <Badge circle size="lg" color="red.9" aria-label={t('status.unread', { count: unread })} data-testid={`unread-${attempt.id}`}>
          {unread}
        </Badge>
      )}
      {unread === 0 && score !== undefined && (
        <Text size="sm" fw={600} ff="text">
          {scoreText(score)}
        </Text>
      )}
    </UnstyledButton>
  );
});
