import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconCoffee } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { clock } from '../i18n/clock';
import { ConfirmModal } from '../shell/ConfirmModal';
import { ProblemAlert } from '../shell/ProblemAlert';
import { useAttemptAction } from './useAttemptAction';
import { useServerClock } from './useServerClock';

/** The breaks that the exam's rules allow: taking one, and coming back. */
export function BreakBox({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const [asked, setAsked] = useState(false);
  const now = useServerClock();
  const take = useAttemptAction(() => api.takeBreak(attempt.id));
  const end = useAttemptAction(() => api.endBreak(attempt.id));
  const { breaks } = attempt;
  if (breaks === undefined) return null;
  if (breaks.since !== undefined) {
    const left = Date.parse(breaks.since) + breaks.minutes * 60_000 - now;
    return (
      <Alert color={left > 0 ? undefined : 'orange'} icon={<IconCoffee aria-hidden />} role="status" data-testid="on-break" data-over={left <= 0}>
        <Stack gap="xs">
          <Text size="md">{left > 0 ? t('break.left', { time: clock(left) }) : t('break.over')}</Text>
          {end.isError && <ProblemAlert error={end.error} />}
          <Group>
            <Button loading={end.isPending} onClick={() => end.mutate()} data-testid="end-break">
              {t('break.end')}
            </Button>
          </Group>
        </Stack>
      </Alert>
    );
  }
  const rest = breaks.allowed - breaks.taken;
  if (attempt.state !== 'in_progress' || rest <= 0) return null;
  return (
    <>
      <Group>
        <Button size="md" variant="default" leftSection={<IconCoffee size={20} aria-hidden />} onClick={() => setAsked(true)} data-testid="take-break">
          {t('break.take', { count: rest })}
        </Button>
      </Group>
      <ConfirmModal
        opened={asked}
        title={t('break.title')}
        text={t('break.text', { count: breaks.minutes })}
        confirmLabel={t('break.confirm')}
        pending={take.isPending}
        error={take.error}
        onConfirm={() => take.mutate(undefined, { onSuccess: () => setAsked(false) })}
        onClose={() => setAsked(false)}
        testId="take-break"
      />
    </>
  );
}
