import { Radio, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { warningReasons, type Attempt, type WarningReason } from '../api/types';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';
import { offerUndo } from './undo';

interface WarnModalProps {
  attempt: Attempt;
  viewer: Viewer;
  opened: boolean;
  onClose: () => void;
}

/** A warning names its reason; the student sees it at once, and it can be taken back. */
export function WarnModal({ attempt, viewer, opened, onClose }: WarnModalProps) {
  const { t } = useTranslation(['wall', 'talk', 'common']);
  const [reason, setReason] = useState<WarningReason>('looks_away');
  const [text, setText] = useState('');
  const withdraw = useMutation({
    mutationFn: (warningId: string) => api.withdrawWarning(attempt.id, warningId),
    onSuccess: (changed) => viewer.applyAttempt(changed),
  });
  const warn = useMutation({
    mutationFn: () => api.warn(attempt.id, reason, text.trim()),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      setText('');
      onClose();
      const given = changed.warnings?.at(-1);
      if (given === undefined) return;
      offerUndo({
        id: `warned-${given.id}`,
        text: t('warn.done', { name: attempt.student.displayName }),
        label: t('warn.withdraw'),
        closeLabel: t('common:close'),
        onUndo: () => withdraw.mutate(given.id),
      });
    },
  });
  return (
    <ConfirmModal
      opened={opened}
      title={t('warn.title')}
      text={t('warn.text', { name: attempt.student.displayName })}
      confirmLabel={t('warn.confirm')}
      pending={warn.isPending}
      error={warn.error}
      onConfirm={() => warn.mutate()}
      onClose={onClose}
      testId="warn"
    >
      <Radio.Group label={t('warn.reason')} value={reason} onChange={(value) => setReason(value)}>
        <Stack gap="xs" mt="xs">
          {warningReasons.map((code) => (
            <Radio key={code} value={code} label={code === 'other' ? t('warn.other') : t(`talk:warning.${code}`)} data-testid={`warning-${code}`} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label={reason === 'other' ? t('warn.words') : t('warn.wordsOptional')}
        autosize
        minRows={2}
        maxRows={5}
        maxLength={1000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-testid="warning-text"
      />
    </ConfirmModal>
  );
}
