import { Card, MultiSelect, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { ProctorList } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';

/** Which proctors are appointed to an exam; a choice is kept at once. */
export function ProctorsCard({ examId }: { examId: string }) {
  const { t } = useTranslation('exam');
  const client = useQueryClient();
  const key = ['proctors', examId];
  const list = useQuery({ queryKey: key, queryFn: ({ signal }) => api.proctors(examId, signal) });
  const all = list.data?.proctors ?? [];
  const appointed = all.filter(({ onDuty }) => onDuty).map(({ id }) => id);
  const set = useMutation({
    mutationFn: async (chosen: string[]) => {
      let last: ProctorList | undefined;
      for (const id of chosen.filter((one) => !appointed.includes(one))) last = await api.setDuty(examId, id, true);
      for (const id of appointed.filter((one) => !chosen.includes(one))) last = await api.setDuty(examId, id, false);
      return last;
    },
    onSuccess: (after) => after !== undefined && client.setQueryData(key, after),
    onError: () => client.invalidateQueries({ queryKey: key }),
  });
  return (
    <Card padding="lg" data-testid="exam-proctors" data-appointed={appointed.length}>
      <Stack gap="sm">
        <Title order={2} size="h3">
          {t('proctors.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('proctors.text')}
        </Text>
        {(list.error ?? set.error) !== null && <ProblemAlert error={list.error ?? set.error} />}
        {list.isSuccess && all.length === 0 ? (
          <Text size="sm">{t('proctors.empty')}</Text>
        ) : (
          <MultiSelect
            label={t('proctors.label')}
            placeholder={appointed.length === 0 ? t('proctors.none') : undefined}
            data={all.map(({ id, name }) => ({ value: id, label: name }))}
            value={appointed}
            onChange={(chosen) => set.mutate(chosen)}
            disabled={!list.isSuccess || set.isPending}
            searchable
            hidePickedOptions
            data-testid="exam-proctors-choice"
          />
        )}
      </Stack>
    </Card>
  );
}
