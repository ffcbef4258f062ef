import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';
import { useAttemptAction } from './useAttemptAction';

interface DeclineModalProps {
  attempt: Attempt;
  opened: boolean;
  onClose: () => void;
}

/** Says what another form of the exam means before it is chosen. */
export function DeclineModal({ attempt, opened, onClose }: DeclineModalProps) {
  const { t } = useTranslation('join');
  const decline = useAttemptAction(() => api.decline(attempt.id));
  return (
    <ConfirmModal
      opened={opened}
      title={t('consent.declineTitle')}
      text={t('consent.declineText')}
      confirmLabel={t('consent.declineConfirm')}
      pending={decline.isPending}
      error={decline.error}
      onConfirm={() => decline.mutate()}
      onClose={onClose}
      testId="decline"
    >
      <Text size="md">{t('consent.declineUndo')}</Text>
    </ConfirmModal>
  );
}
