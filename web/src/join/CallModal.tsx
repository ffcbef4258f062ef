import { Radio, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { callReasons, type Attempt, type CallReason } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';
import { useAttemptAction } from './useAttemptAction';

interface CallModalProps {
  attempt: Attempt;
  opened: boolean;
  onClose: () => void;
}

/** Raising a hand says why, so that the proctor knows what to come with. */
export function CallModal({ attempt, opened, onClose }: CallModalProps) {
  const { t } = useTranslation(['join', 'talk']);
  const [reason, setReason] = useState<CallReason>('question');
  const [text, setText] = useState('');
  const call = useAttemptAction(() => api.callForHelp(attempt.id, reason, text.trim()));
  return (
    <ConfirmModal
      opened={opened}
      title={t('help.callTitle')}
      text={t('help.callText')}
      confirmLabel={t('help.callConfirm')}
      pending={call.isPending}
      error={call.error}
      onConfirm={() =>
        call.mutate(undefined, {
          onSuccess: () => {
            setText('');
            onClose();
          },
        })
      }
      onClose={onClose}
      testId="call-proctor"
    >
      <Radio.Group label={t('help.reason')} value={reason} onChange={(value) => setReason(value)}>
        <Stack gap="xs" mt="xs">
          {callReasons.map((code) => (
            <Radio key={code} value={code} label={t(`talk:call.${code}`)} data-testid={`call-${code}`} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label={t('help.words')}
        autosize
        minRows={2}
        maxRows={4}
        maxLength={300}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-testid="call-words"
      />
    </ConfirmModal>
  );
}
