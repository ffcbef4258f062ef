import { NumberInput, Select, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { RetentionTerm } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';
import { retentionKey } from './useRetention';

/** A term is changed with a reason; an exam's own may be taken back by 0 days. */
export function TermModal({ term, onClose }: { term: Partial<RetentionTerm>; onClose: () => void }) {
  const { t } = useTranslation('retention');
  const client = useQueryClient();
  const kind = term.class ?? 'recordings';
  const choosing = term.days === undefined;
  const ofExam = choosing || term.examId !== undefined;
  const [exam, setExam] = useState<string | null>(term.examId ?? null);
  const [days, setDays] = useState<number | string>(term.days ?? 180);
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const exams = useQuery({ queryKey: ['exams'], queryFn: ({ signal }) => api.exams(signal), enabled: choosing });
  const least = ofExam && !choosing ? 0 : 1;
  const badDays = typeof days !== 'number' || days < least || days > 36500;
  const badReason = reason.trim().length < 3;
  const badExam = ofExam && exam === null;
  const save = useMutation({
    mutationFn: () =>
      api.setTerm({ class: kind, days: Number(days), reason: reason.trim(), ...(ofExam && exam !== null ? { examId: exam } : {}) }),
    onSuccess: async (changed) => {
      client.setQueryData(retentionKey, changed);
      await client.invalidateQueries({ queryKey: ['calendar'] });
      onClose();
    },
  });
  return (
    <ConfirmModal
      opened
      title={term.examTitle ?? (choosing ? t('terms.newExam') : t(`classes.${kind}`))}
      text={<Text size="sm">{t(`from.${kind}`)}</Text>}
      confirmLabel={t('terms.save')}
      pending={save.isPending}
      error={save.error}
      onConfirm={() => {
        setTried(true);
        if (!badDays && !badReason && !badExam) save.mutate();
      }}
      onClose={onClose}
      testId="term-save"
    >
      <Stack gap="md">
        {choosing && (
          <Select
            label={t('exam')}
            data={(exams.data?.exams ?? []).map(({ id, title, code }) => ({ value: id, label: `${title} · ${code}` }))}
            value={exam}
            onChange={setExam}
            searchable
            required
            error={tried && badExam ? t('needed') : undefined}
            data-testid="term-exam"
          />
        )}
        <NumberInput
          label={t('terms.daysLabel')}
          description={least === 0 ? t('terms.zero') : t('terms.shorter')}
          value={days}
          onChange={setDays}
          min={least}
          max={36500}
          allowDecimal={false}
          required
          error={tried && badDays ? t('terms.badDays') : undefined}
          data-testid="term-days"
        />
        <Textarea
          label={t('terms.reason')}
          description={t('terms.reasonHint')}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={2000}
          required
          error={tried && badReason ? t('needed') : undefined}
          data-testid="term-reason"
        />
      </Stack>
    </ConfirmModal>
  );
}
