import { SegmentedControl, Select, Stack, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Hold } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';
import { holdsKey } from './useRetention';

const kinds: Hold['kind'][] = ['appeal', 'order'];

/** A hold on one student's attempt or on a whole exam, with its reason. */
export function HoldModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('retention');
  const client = useQueryClient();
  const [exam, setExam] = useState<string | null>(null);
  const [attempt, setAttempt] = useState<string | null>(null);
  const [kind, setKind] = useState<Hold['kind']>('appeal');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const exams = useQuery({ queryKey: ['exams'], queryFn: ({ signal }) => api.exams(signal) });
  const room = useQuery({
    queryKey: ['room', exam],
    queryFn: ({ signal }) => api.room(exam ?? '', signal),
    enabled: exam !== null,
  });
  const badReason = reason.trim().length < 3;
  const place = useMutation({
    mutationFn: (of: string) =>
      api.placeHold({ examId: of, kind, reason: reason.trim(), ...(attempt === null ? {} : { attemptId: attempt }) }),
    onSuccess: async (changed) => {
      client.setQueryData(holdsKey, changed);
      await client.invalidateQueries({ queryKey: ['calendar'] });
      onClose();
    },
  });
  return (
    <ConfirmModal
      opened
      title={t('holds.placeTitle')}
      text={t('holds.placeText')}
      confirmLabel={t('holds.place')}
      pending={place.isPending}
      error={place.error}
      onConfirm={() => {
        setTried(true);
        if (exam !== null && !badReason) place.mutate(exam);
      }}
      onClose={onClose}
      testId="hold-place"
    >
      <Stack gap="md">
        <SegmentedControl
          aria-label={t('holds.kindLabel')}
          fullWidth
          value={kind}
          onChange={setKind}
          data={kinds.map((value) => ({ value, label: t(`holds.kind.${value}`) }))}
        />
        <Select
          label={t('exam')}
          data={(exams.data?.exams ?? []).map(({ id, title, code }) => ({ value: id, label: `${title} · ${code}` }))}
          value={exam}
          onChange={(value) => {
            setExam(value);
            setAttempt(null);
          }}
          searchable
          required
          error={tried && exam === null ? t('needed') : undefined}
          data-testid="hold-exam"
        />
        <Select
          label={t('holds.student')}
          placeholder={t('holds.wholeExam')}
          data={(room.data?.attempts ?? []).map((of) => ({ value: of.attempt.id, label: of.attempt.student.displayName }))}
          value={attempt}
          onChange={setAttempt}
          searchable
          clearable
          disabled={exam === null}
          data-testid="hold-student"
        />
        <Textarea
          label={t('holds.reason')}
          description={t('holds.reasonHint')}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={2000}
          required
          error={tried && badReason ? t('needed') : undefined}
          data-testid="hold-reason"
        />
      </Stack>
    </ConfirmModal>
  );
}
