import { NumberInput, Stack, Switch, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { ReadinessRow } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';

interface AccommodationModalProps {
  examId: string;
  row: ReadinessRow;
  onClose: () => void;
}

const mostMinutes = 720;

/** What is done differently for one student; why is asked of nobody and kept nowhere. */
export function AccommodationModal({ examId, row, onClose }: AccommodationModalProps) {
  const { t } = useTranslation('exam');
  const queryClient = useQueryClient();
  const [noVoice, setNoVoice] = useState(row.accommodation?.noVoice ?? false);
  const [minutes, setMinutes] = useState<number | string>(row.accommodation?.moreMinutes ?? 0);
  const moreMinutes = typeof minutes === 'number' ? minutes : 0;
  const save = useMutation({
    mutationFn: () => api.accommodate(examId, { personId: row.personId, noVoice, moreMinutes }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['roster', examId] });
      onClose();
    },
  });
  return (
    <ConfirmModal
      opened
      title={t('accommodation.title', { name: row.displayName })}
      text={t('accommodation.text')}
      confirmLabel={t('accommodation.save')}
      pending={save.isPending}
      error={save.error}
      onConfirm={() => save.mutate()}
      onClose={onClose}
      testId="accommodation"
    >
      <Stack gap="md">
        <Switch
          label={t('accommodation.noVoice')}
          description={t('accommodation.noVoiceHint')}
          checked={noVoice}
          onChange={(event) => setNoVoice(event.currentTarget.checked)}
          data-testid="accommodation-no-voice"
        />
        <NumberInput
          label={t('accommodation.more')}
          description={t('accommodation.moreHint')}
          value={minutes}
          onChange={setMinutes}
          min={0}
          max={mostMinutes}
          step={5}
          clampBehavior="strict"
          allowDecimal={false}
          allowNegative={false}
          suffix={` ${t('accommodation.minutes')}`}
          data-testid="accommodation-more"
        />
        <Text size="sm" c="dimmed">
          {t('accommodation.why')}
        </Text>
      </Stack>
    </ConfirmModal>
  );
}
