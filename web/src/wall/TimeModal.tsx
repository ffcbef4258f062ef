import { Chip, Group, NumberInput, Select, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt, ExtraReason } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';
import { offerUndo } from './undo';

interface TimeModalProps {
  attempt: Attempt;
  viewer: Viewer;
  opened: boolean;
  onClose: () => void;
}

const usual = [5, 10, 15, 30];
const reasons = ['technical', 'interruption', 'accommodation', 'other'] as const satisfies ExtraReason[];

/** More time for one student: how much and why; it moves her end alone. */
export function TimeModal({ attempt, viewer, opened, onClose }: TimeModalProps) {
  const { t } = useTranslation(['wall', 'common']);
  const { time } = useFormat();
  const [minutes, setMinutes] = useState(10);
  const [reason, setReason] = useState<(typeof reasons)[number]>('technical');
  const onSuccess = (changed: Attempt) => viewer.applyAttempt(changed);
  const takeBack = useMutation({ mutationFn: (given: number) => api.giveTime(attempt.id, -given, 'mistake'), onSuccess });
  const give = useMutation({
    mutationFn: () => api.giveTime(attempt.id, minutes, reason),
    onSuccess: (changed) => {
      onSuccess(changed);
      onClose();
      offerUndo({
        id: `time-${attempt.id}`,
        text: t('time.done', { name: attempt.student.displayName, count: minutes }),
        label: t('undo'),
        closeLabel: t('common:close'),
        onUndo: () => takeBack.mutate(minutes),
      });
    },
  });
  const until = new Date(Date.parse(attempt.endsAt) + minutes * 60_000).toISOString();
  return (
    <ConfirmModal
      opened={opened}
      title={t('time.title')}
      text={t('time.text', { name: attempt.student.displayName, at: time(attempt.endsAt), until: time(until) })}
      confirmLabel={t('time.confirm', { count: minutes })}
      pending={give.isPending}
      error={give.error}
      onConfirm={() => give.mutate()}
      onClose={onClose}
      testId="extra-time"
    >
      <Stack gap="sm">
        <Chip.Group value={String(minutes)} onChange={(value) => setMinutes(Number(value))}>
          <Group gap="xs">
            {usual.map((count) => (
              <Chip key={count} value={String(count)} data-testid={`minutes-${count}`}>
                {t('time.minutes', { count })}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        <NumberInput
          label={t('time.other')}
          value={minutes}
          onChange={(value) => typeof value === 'number' && value > 0 && setMinutes(value)}
          min={1}
          max={1440}
          allowDecimal={false}
          allowNegative={false}
          data-testid="minutes"
        />
        <Select
          label={t('time.reason')}
          data={reasons.map((value) => ({ value, label: t(`time.reasons.${value}`) }))}
          value={reason}
          onChange={(value) => value !== null && setReason(value)}
          allowDeselect={false}
          data-testid="extra-reason"
        />
      </Stack>
    </ConfirmModal>
  );
}
