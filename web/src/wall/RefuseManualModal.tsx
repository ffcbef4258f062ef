import { Radio, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt, ManualRefusal } from '../api/types';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';

interface RefuseManualModalProps {
  attempt: Attempt;
  viewer: Viewer;
  opened: boolean;
  onClose: () => void;
}

const reasons: ManualRefusal[] = ['no_document', 'unreadable', 'face_differs', 'data_differs', 'invalid_document', 'technical'];

/** Staff do not identify by the document: one is enough, and says why. */
export function RefuseManualModal({ attempt, viewer, opened, onClose }: RefuseManualModalProps) {
  const { t } = useTranslation('wall');
  const [reason, setReason] = useState<ManualRefusal>('no_document');
  const [note, setNote] = useState('');
  const refuse = useMutation({
    mutationFn: () => api.refuseManual(attempt.id, reason, note.trim()),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      onClose();
    },
  });
  return (
    <ConfirmModal
      opened={opened}
      title={t('manual.refuseTitle')}
      text={t('manual.refuseText', { name: attempt.student.displayName })}
      confirmLabel={t('manual.refuse')}
      pending={refuse.isPending}
      error={refuse.error}
      onConfirm={() => refuse.mutate()}
      onClose={onClose}
      testId="manual-refuse"
    >
      <Radio.Group label={t('terminate.reason')} value={reason} onChange={(value) => setReason(value)}>
        <Stack gap="xs" mt="xs">
          {reasons.map((code) => (
            <Radio key={code} value={code} label={t(`manual.refusal.${code}`)} data-testid={`refusal-${code}`} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label={t('terminate.note')}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={1000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </ConfirmModal>
  );
}
