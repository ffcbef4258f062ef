import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconShieldX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { Viewer } from '../rtc/viewer';
import { ProblemAlert } from '../shell/ProblemAlert';

/** An identification during the exam failed: what is known, and the proctor's word that all is well. */
export function IdentityAlarm({ attempt, viewer }: { attempt: Attempt; viewer: Viewer }) {
  return attempt.again?.alarmAt === undefined ? null : <Alarm attempt={attempt} again={attempt.again} at={attempt.again.alarmAt} viewer={viewer} />;
}

function Alarm({ attempt, again, at, viewer }: { attempt: Attempt; again: NonNullable<Attempt['again']>; at: string; viewer: Viewer }) {
  const { t } = useTranslation('wall');
  const format = useFormat();
  const settle = useMutation({
    mutationFn: () => api.settleIdentity(attempt.id),
    onSuccess: (changed) => viewer.applyAttempt(changed),
  });
  return (
    <Alert color="red" icon={<IconShieldX aria-hidden />} title={t('alarm.title')} role="alert" data-testid="identity-alarm">
      <Stack gap="xs">
        <Text size="sm">{t('alarm.text', { at: format.time(at) })}</Text>
        <Text size="sm">{again.triesLeft > 0 ? t('alarm.asked', { count: again.triesLeft }) : t('alarm.noTries')}</Text>
        {settle.isError && <ProblemAlert error={settle.error} />}
        <Group gap="xs">
          <Button size="sm" variant="default" loading={settle.isPending} onClick={() => settle.mutate()} data-testid="settle-identity">
            {t('alarm.settle')}
          </Button>
          <Button size="sm" variant="subtle" component={Link} to={`/proctor/attempts/${attempt.id}`}>
            {t('alarm.look')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
