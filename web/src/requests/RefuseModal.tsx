import { Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { RequestDetail } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';

/** Refusing names its reason: the claimant gets it by e-mail. */
export function RefuseModal({ request, onClose }: { request: RequestDetail; onClose: () => void }) {
  const { t } = useTranslation(['requests', 'arrival']);
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const refuse = useMutation({
    mutationFn: () => api.refuseRequest(request.id, reason.trim()),
    onSuccess: async (changed) => {
      client.setQueryData(['request', request.id, ''], changed);
      await client.invalidateQueries({ queryKey: ['requests'] });
      onClose();
    },
  });
  const empty = reason.trim() === '';
  return (
    <ConfirmModal
      opened
      danger
      title={t('refuseTitle')}
      text={t('refuseText')}
      confirmLabel={t('refuse')}
      pending={refuse.isPending}
      error={refuse.error}
      onConfirm={() => {
        setTried(true);
        if (!empty) refuse.mutate();
      }}
      onClose={onClose}
      testId="refuse"
    >
      <Textarea
        label={t('reason')}
        description={t('reasonHint')}
        autosize
        minRows={3}
        maxRows={8}
        maxLength={1000}
        required
        error={tried && empty ? t('arrival:request.required') : undefined}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-testid="refuse-reason"
      />
    </ConfirmModal>
  );
}
