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
import { BeginManualModal } from './BeginManualModal';
import { HandOverModal } from './HandOverModal';
import { TerminateModal } from './TerminateModal';
import { TimeModal } from './TimeModal';
import { useKeys } from './useKeys';
import { WarnModal } from './WarnModal';

interface StudentActionsProps {
  attempt: Attempt;
  connected: boolean;
  viewer: Viewer;
}

type DialogName = 'end' | 'terminate' | 'manual' | 'warn' | 'time' | 'handOver';

const over = ['finished', 'reviewed', 'declined', 'terminated', 'expired'];

/** What the proctor can do for or against one student in her state. */
export function StudentActions({ attempt, connected, viewer }: StudentActionsProps) {
  const { t } = useTranslation(['wall', 'common']);
  // Of the dialogs only the one that was asked for last is made; it stays while it closes.
  const [dialog, setDialog] = useState<{ which: DialogName; opened: boolean }>();
  const ask = (which: DialogName) => setDialog({ which, opened: true });
  const close = () => setDialog((last) => last && { ...last, opened: false });
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
      close();
    },
  });
  const again = useMutation({
    mutationFn: () => api.identifyAgain(attempt.id),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      notifications.show({
        message: t('actions.checking', { name: attempt.student.displayName }),
        closeButtonProps: { 'aria-label': t('common:close') },
      });
    },
  });
  const hold = useMutation({
    mutationFn: () => (attempt.state === 'paused' ? api.resume(attempt.id) : api.pause(attempt.id)),
    onSuccess: (changed) => viewer.applyAttempt(changed),
  });
  const closed = over.includes(attempt.state);
  const canHold = attempt.state === 'in_progress' || attempt.state === 'paused';
  const canWarn = !closed && attempt.state !== 'registered';
  const canGrant = attempt.state === 'ready' && attempt.lastIdentification !== undefined;
  const canEnd = ['admitted', 'in_progress', 'paused'].includes(attempt.state);
  useKeys(
    closed
      ? {}
      : {
          P: canHold ? () => hold.mutate() : undefined,
          I: canEnd && connected ? () => again.mutate() : undefined,
          W: canWarn ? () => ask('warn') : undefined,
          T: () => ask('time'),
          H: () => ask('handOver'),
          X: () => ask('terminate'),
        },
  );
  if (closed) return null;
  return (
    <>
      {again.isError && <ProblemAlert error={again.error} />}
      {hold.isError && <ProblemAlert error={hold.error} />}
      {grant.isError && <ProblemAlert error={grant.error} onRetry={() => grant.mutate()} />}
      <Group gap="xs">
        {canGrant && (
          <Button size="sm" loading={grant.isPending} onClick={() => grant.mutate()} data-testid="grant-try">
            {t('actions.grant')}
          </Button>
        )}
        {attempt.state === 'ready' && (
          <Button size="sm" variant="default" onClick={() => ask('manual')} data-testid="begin-manual">
            {t('actions.manual')}
          </Button>
        )}
        {canEnd && (
          <Button
            size="sm"
            variant="default"
            disabled={!connected}
            loading={again.isPending}
            onClick={() => again.mutate()}
            data-testid="identify-again-now"
          >
            {t('actions.check')}
          </Button>
        )}
        {canHold && (
          <Button size="sm" variant="default" loading={hold.isPending} onClick={() => hold.mutate()} data-testid="hold">
            {attempt.state === 'paused' ? t('actions.resume') : t('actions.pause')}
          </Button>
        )}
        {canWarn && (
          <Button size="sm" variant="default" onClick={() => ask('warn')} data-testid="warn">
            {t('actions.warn')}
          </Button>
        )}
        <Button size="sm" variant="default" onClick={() => ask('time')} data-testid="extra-time">
          {t('actions.time')}
        </Button>
        <Button size="sm" variant="default" onClick={() => ask('handOver')} data-testid="hand-over">
          {t('actions.handOver')}
        </Button>
        {canEnd && (
          <Button size="sm" variant="default" onClick={() => ask('end')} data-testid="end-attempt">
            {t('actions.end')}
          </Button>
        )}
        <Button size="sm" variant="light" color="red" onClick={() => ask('terminate')} data-testid="terminate">
          {t('actions.terminate')}
        </Button>
      </Group>
      {dialog?.which === 'end' && (
        <ConfirmModal
          opened={dialog.opened}
          title={t('actions.endTitle')}
          text={t('actions.endText', { name: attempt.student.displayName })}
          confirmLabel={t('actions.end')}
          pending={end.isPending}
          error={end.error}
          onConfirm={() => end.mutate()}
          onClose={close}
          testId="end-attempt"
        />
      )}
      {dialog?.which === 'manual' && <BeginManualModal attempt={attempt} viewer={viewer} opened={dialog.opened} onClose={close} />}
      {dialog?.which === 'warn' && <WarnModal attempt={attempt} viewer={viewer} opened={dialog.opened} onClose={close} />}
      {dialog?.which === 'time' && <TimeModal attempt={attempt} viewer={viewer} opened={dialog.opened} onClose={close} />}
      {dialog?.which === 'handOver' && (
        <HandOverModal
          examId={attempt.examId}
          attempts={[{ id: attempt.id, name: attempt.student.displayName }]}
          opened={dialog.opened}
          onClose={close}
        />
      )}
      {dialog?.which === 'terminate' && <TerminateModal attempt={attempt} viewer={viewer} opened={dialog.opened} onClose={close} />}
    </>
  );
}
