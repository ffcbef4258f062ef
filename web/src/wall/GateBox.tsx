import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconDoor } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import type { Viewer } from '../rtc/viewer';
import { ProblemAlert } from '../shell/ProblemAlert';
import { useAdmission } from './useAdmission';
import { useKeys } from './useKeys';

/** Somebody who is identified waits to be let in. */
export function GateBox({ attempt, viewer }: { attempt: Attempt; viewer: Viewer }) {
  const { t } = useTranslation('wall');
  const { admit, undo } = useAdmission(attempt, viewer);
  const refuse = useMutation({
    mutationFn: () => api.refuseAdmission(attempt.id, ''),
    onSuccess: (changed) => viewer.applyAttempt(changed),
  });
  const waiting = attempt.state === 'identified';
  useKeys(waiting ? { A: () => admit.mutate() } : {});
  const error = admit.error ?? refuse.error ?? undo.error;
  if (!waiting) return error === null ? null : <ProblemAlert error={error} />;
  return (
    <Alert color="teal" icon={<IconDoor aria-hidden />} title={t('gate.title')} data-testid="gate">
      <Stack gap="xs">
        <Text size="sm">{t('gate.text')}</Text>
        {error !== null && <ProblemAlert error={error} />}
        <Group gap="xs">
          <Button size="sm" loading={admit.isPending} onClick={() => admit.mutate()} data-testid="admit">
            {t('gate.admit')}
          </Button>
          <Button size="sm" variant="default" loading={refuse.isPending} onClick={() => refuse.mutate()} data-testid="refuse-admission">
            {t('gate.refuse')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
