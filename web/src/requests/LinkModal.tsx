import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { RequestCandidate, RequestDetail } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';

const compared = ['name', 'birthDate', 'snils', 'document'] as const;

interface LinkModalProps {
  request: RequestDetail;
  candidate: RequestCandidate;
  onClose: () => void;
}

/** Linking is a decision in the log: what differs is said once more. */
export function LinkModal({ request, candidate, onClose }: LinkModalProps) {
  const { t } = useTranslation('requests');
  const client = useQueryClient();
  const link = useMutation({
    mutationFn: () => api.linkRequest(request.id, candidate.personId),
    onSuccess: async (changed) => {
      client.setQueryData(['request', request.id, ''], changed);
      await client.invalidateQueries({ queryKey: ['requests'] });
      onClose();
    },
  });
  const differing = compared.filter((field) => candidate.same[field] === 'differs');
  return (
    <ConfirmModal
      opened
      title={t('linkTitle')}
      text={t('linkText', { claimant: request.claims.name, person: candidate.name })}
      confirmLabel={t('link')}
      pending={link.isPending}
      error={link.error}
      onConfirm={() => link.mutate()}
      onClose={onClose}
      testId="link"
    >
      {differing.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />}>
          {t('linkWarning', { fields: differing.map((field) => t(`field.${field}`)).join(', ') })}
        </Alert>
      )}
    </ConfirmModal>
  );
}
