import { Radio, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt, ManualWhy } from '../api/types';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';

interface BeginManualModalProps {
  attempt: Attempt;
  viewer: Viewer;
  opened: boolean;
  onClose: () => void;
}

const reasons: ManualWhy[] = ['verifier_unavailable', 'identification_failed', 'not_enrolled', 'no_sample', 'other'];

/** Why the log will say that this attempt was given to staff; the likeliest comes first. */
function likely(attempt: Attempt): ManualWhy {
  if (attempt.waiting !== undefined) return 'verifier_unavailable';
  switch (attempt.lastIdentification?.outcome) {
    case 'verifier_unavailable':
      return 'verifier_unavailable';
    case 'not_enrolled':
      return 'not_enrolled';
    case 'no_match':
    case 'liveness':
      return 'identification_failed';
    default:
      return 'other';
  }
}

/** Taking a student over from the verifier is a decision with a reason, and needs a colleague. */
export function BeginManualModal({ attempt, viewer, opened, onClose }: BeginManualModalProps) {
  const { t } = useTranslation('wall');
  const [why, setWhy] = useState<ManualWhy>();
  const begin = useMutation({
    mutationFn: () => api.beginManual(attempt.id, why ?? likely(attempt), ''),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      onClose();
    },
  });
  return (
    <ConfirmModal
      opened={opened}
      title={t('manual.beginTitle')}
      text={t('manual.beginText', { name: attempt.student.displayName })}
      confirmLabel={t('manual.begin')}
      pending={begin.isPending}
      error={begin.error}
      onConfirm={() => begin.mutate()}
      onClose={onClose}
      testId="begin-manual"
    >
      <Radio.Group label={t('terminate.reason')} value={why ?? likely(attempt)} onChange={(value) => setWhy(value)}>
        <Stack gap="xs" mt="xs">
          {reasons.map((code) => (
            <Radio key={code} value={code} label={t(`manual.why.${code}`)} data-testid={`why-${code}`} />
          ))}
        </Stack>
      </Radio.Group>
    </ConfirmModal>
  );
}
