import { Radio, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt, TerminateReason } from '../api/types';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';

interface TerminateModalProps {
  attempt: Attempt;
  viewer: Viewer;
  opened: boolean;
  onClose: () => void;
}

const reasons: TerminateReason[] = ['rules', 'stranger', 'request', 'technical'];

/** Terminating names its reason: the student sees it and may contest it. */
export function TerminateModal({ attempt, viewer, opened, onClose }: TerminateModalProps) {
  const { t } = useTranslation('wall');
  const [reason, setReason] = useState<TerminateReason>('rules');
  const [note, setNote] = useState('');
  const terminate = useMutation({
    mutationFn: () => api.terminate(attempt.id, reason, note.trim()),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      onClose();
    },
  });
  return (
    <ConfirmModal
      opened={opened}
      danger
      title={t('terminate.title')}
      text={t('terminate.text', { name: attempt.student.displayName })}
      confirmLabel={t('terminate.confirm')}
      pending={terminate.isPending}
      error={terminate.error}
      onConfirm={() => terminate.mutate()}
      onClose={onClose}
      testId="terminate"
    >
      <Radio.Group
        label={t('terminate.reason')}
        value={reason}
        onChange={(value) => setReason(value)}
      >
        <Stack gap="xs" mt="xs">
          {reasons.map((code) => (
            <Radio key={code} value={code} label={t(`terminate.${code}`)} data-testid={`reason-${code}`} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label={t('terminate.note')}
        description={t('terminate.noteHint')}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        data-testid="terminate-note"
      />
    </ConfirmModal>
  );
}
