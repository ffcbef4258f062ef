import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { Viewer } from '../rtc/viewer';
import { ProblemAlert } from '../shell/ProblemAlert';
import { useKeys } from './useKeys';

/** The student's raised hand: what for, and the two answers. */
export function CallBox({ attempt, viewer }: { attempt: Attempt; viewer: Viewer }) {
  return attempt.call === undefined ? null : <Call attempt={attempt} call={attempt.call} viewer={viewer} />;
}

function Call({ attempt, call, viewer }: { attempt: Attempt; call: NonNullable<Attempt['call']>; viewer: Viewer }) {
  const { t } = useTranslation(['wall', 'talk']);
  const { time } = useFormat();
  const onSuccess = (changed: Attempt) => viewer.applyAttempt(changed);
  const acknowledge = useMutation({ mutationFn: () => api.acknowledgeCall(attempt.id), onSuccess });
  const close = useMutation({ mutationFn: () => api.closeCall(attempt.id), onSuccess });
  useKeys({ C: call.acknowledgedAt === undefined ? () => acknowledge.mutate() : () => close.mutate() });
  const error = acknowledge.error ?? close.error;
  return (
    <Alert color="orange" icon={<IconHandStop aria-hidden />} title={t('call.title', { at: time(call.at) })} role="alert" data-testid="help-call">
      <Stack gap="xs">
        <Text size="sm" fw={600}>
          {t(`talk:call.${call.reason}`)}
        </Text>
        {call.text !== undefined && call.text !== '' && <Text size="sm">{call.text}</Text>}
        {call.acknowledgedAt !== undefined && <Text size="sm">{t('call.taken', { name: call.acknowledgedBy, at: time(call.acknowledgedAt) })}</Text>}
        {error !== null && <ProblemAlert error={error} />}
        <Group gap="xs">
          {call.acknowledgedAt === undefined && (
            <Button size="sm" loading={acknowledge.isPending} onClick={() => acknowledge.mutate()} data-testid="acknowledge-call">
              {t('call.acknowledge')}
            </Button>
          )}
          <Button size="sm" variant="default" loading={close.isPending} onClick={() => close.mutate()} data-testid="close-call">
            {t('call.close')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
