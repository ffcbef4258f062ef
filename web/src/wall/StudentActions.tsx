import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';
import { ProblemAlert } from '../shell/ProblemAlert';
import { TerminateModal } from './TerminateModal';

interface StudentActionsProps {
  attempt: Attempt;
  viewer: Viewer;
}

const over = ['finished', 'reviewed', 'declined', 'terminated', 'expired'];

/** What the proctor can do for or against one student in her state. */
export function StudentActions({ attempt, viewer }: StudentActionsProps) {
  const { t } = useTranslation(['wall', 'common']);
  const [asked, setAsked] = useState<'end' | 'terminate'>();
  const grant = useMutation({
    mutationFn: () => api.grantTry(attempt.id),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      notifications.show({
        color: 'teal',
        message: t('actions.granted', { name: attempt.student.displayName }),
        closeButtonProps: { 'aria-label': t('common:close') },
      });
    },
  });
  const end = useMutation({
    mutationFn: () => api.finish(attempt.id),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      setAsked(undefined);
    },
  });
  if (over.includes(attempt.state)) return null;
  const canGrant = attempt.state === 'ready' && attempt.lastIdentification !== undefined;
  const canEnd = ['admitted', 'in_progress', 'paused'].includes(attempt.state);
  return (
    <>
      {grant.isError && <ProblemAlert error={grant.error} onRetry={() => grant.mutate()} />}
      <Group gap="xs">
        {canGrant && (
          <Button size="sm" loading={grant.isPending} onClick={() => grant.mutate()} data-testid="grant-try">
            {t('actions.grant')}
          </Button>
        )}
        {canEnd && (
          <Button size="sm" variant="default" onClick={() => setAsked('end')} data-testid="end-attempt">
            {t('actions.end')}
          </Button>
        )}
        <Button size="sm" variant="light" color="red" onClick={() => setAsked('terminate')} data-testid="terminate">
          {t('actions.terminate')}
        </Button>
      </Group>
      <ConfirmModal
        opened={asked === 'end'}
        title={t('actions.endTitle')}
        text={t('actions.endText', { name: attempt.student.displayName })}
        confirmLabel={t('actions.end')}
        pending={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate()}
        onClose={() => setAsked(undefined)}
        testId="end-attempt"
      />
      <TerminateModal
        attempt={attempt}
        viewer={viewer}
        opened={asked === 'terminate'}
        onClose={() => setAsked(undefined)}
      />
    </>
  );
}
