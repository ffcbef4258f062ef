import { Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Hold } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';
import { holdsKey } from './useRetention';

/** Lifting a hold lets the next daily run erase what is due. */
export function LiftModal({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const { t } = useTranslation('retention');
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const bad = reason.trim().length < 3;
  const lift = useMutation({
    mutationFn: () => api.liftHold(hold.id, reason.trim()),
    onSuccess: async (changed) => {
      client.setQueryData(holdsKey, changed);
      await client.invalidateQueries({ queryKey: ['calendar'] });
      onClose();
    },
  });
  return (
    <ConfirmModal
      opened
      danger
      title={t('holds.liftTitle')}
      text={t('holds.liftText')}
      confirmLabel={t('holds.lift')}
      pending={lift.isPending}
      error={lift.error}
      onConfirm={() => {
        setTried(true);
        if (!bad) lift.mutate();
      }}
      onClose={onClose}
      testId="hold-lift"
    >
      <Textarea
        label={t('holds.liftReason')}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={2000}
        required
        error={tried && bad ? t('needed') : undefined}
        data-testid="lift-reason"
      />
    </ConfirmModal>
  );
}
