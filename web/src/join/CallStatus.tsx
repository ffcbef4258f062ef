import { Button, Group, Text } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt, HelpCall } from '../api/types';
import classes from './Join.module.css';
import { useAttemptAction } from './useAttemptAction';

/** The raised hand: whether the proctor has seen it, and the way to lower it. */
export function CallStatus({ attempt, call }: { attempt: Attempt; call: HelpCall }) {
  const { t } = useTranslation('join');
  const lower = useAttemptAction(() => api.closeCall(attempt.id));
  const seen = call.acknowledgedAt !== undefined;
  return (
    <div className={classes.dockNote} role="status" data-testid="call-status" data-seen={seen}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <IconHandStop size={22} aria-hidden />
        <Text size="md">{seen ? t('help.seen', { name: call.acknowledgedBy }) : t('help.raised')}</Text>
      </Group>
      <Group justify="flex-end">
        <Button size="sm" variant="subtle" loading={lower.isPending} onClick={() => lower.mutate()} data-testid="lower-hand">
          {t('help.lower')}
        </Button>
      </Group>
    </div>
  );
}
