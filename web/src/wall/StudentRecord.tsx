import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { Viewer } from '../rtc/viewer';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Wall.module.css';

/** What was decided about the student while she sits: warnings and time given. */
export function StudentRecord({ attempt, viewer }: { attempt: Attempt; viewer: Viewer }) {
  const { t } = useTranslation(['wall', 'talk']);
  const { time } = useFormat();
  const withdraw = useMutation({
    mutationFn: (id: string) => api.withdrawWarning(attempt.id, id),
    onSuccess: (changed) => viewer.applyAttempt(changed),
  });
  const warnings = attempt.warnings ?? [];
  const extra = attempt.extra ?? [];
  if (warnings.length + extra.length === 0) return null;
  return (
    <Stack gap={6} data-testid="student-record">
      {withdraw.isError && <ProblemAlert error={withdraw.error} />}
      {warnings.map((warning) => (
        <Group key={warning.id} justify="space-between" wrap="nowrap" className={classes.note} data-testid="given-warning">
          <div>
            <Text size="sm" td={warning.withdrawnAt === undefined ? undefined : 'line-through'}>
              {t('record.warning', { text: warning.text === undefined || warning.text === '' ? t(`talk:warning.${warning.reason}`) : warning.text })}
            </Text>
            <Text size="xs" c="dimmed">
              {warning.by}, {time(warning.at)}
            </Text>
          </div>
          {warning.withdrawnAt === undefined && (
            <Button size="compact-sm" variant="subtle" flex="none" loading={withdraw.isPending} onClick={() => withdraw.mutate(warning.id)} data-testid="withdraw-warning">
              {t('warn.withdraw')}
            </Button>
          )}
        </Group>
      ))}
      {extra.map((one) => (
        <div key={one.at} className={classes.note} data-testid="given-time">
          <Text size="sm">
            {one.minutes > 0
              ? t('record.time', { count: one.minutes, reason: one.reason === 'mistake' ? '' : t(`time.reasons.${one.reason}`) })
              : t('record.timeBack', { count: -one.minutes })}
          </Text>
          <Text size="xs" c="dimmed">
            {one.by}, {time(one.at)}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
