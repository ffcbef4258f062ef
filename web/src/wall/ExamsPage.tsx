import { Container, EmptyState, Stack, Title } from '@mantine/core';
import { IconCalendarOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { ExamSummary } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ExamRow } from './ExamRow';

type When = 'now' | 'next' | 'past';

function whenOf(exam: ExamSummary, now: number): When {
  if (now < Date.parse(exam.startsAt)) return 'next';
  return now <= Date.parse(exam.endsAt) ? 'now' : 'past';
}

function inOrder(exams: ExamSummary[], when: When): ExamSummary[] {
  const direction = when === 'past' ? -1 : 1;
  return [...exams].sort((a, b) => direction * (Date.parse(a.startsAt) - Date.parse(b.startsAt)));
}

/** The exams that the signed-in person watches: now, soon, over. */
export default function ExamsPage() {
  const { t } = useTranslation('wall');
  const exams = useQuery({
    queryKey: ['exams'],
    queryFn: ({ signal }) => api.exams(signal),
    refetchInterval: 15_000,
  });
  if (exams.isPending) return <LoadingView />;
  const now = exams.dataUpdatedAt;
  const groups = (['now', 'next', 'past'] as const).map((when) => ({
    when,
    list: inOrder((exams.data?.exams ?? []).filter((exam) => whenOf(exam, now) === when), when),
  }));
  return (
    <Container size="lg" py="lg">
      <PageTitle title={t('exams.title')} />
      <Stack gap="xl">
        <Title order={1}>{t('exams.title')}</Title>
        {exams.isError && <ProblemAlert error={exams.error} onRetry={() => void exams.refetch()} />}
        {exams.data?.exams.length === 0 && (
          <EmptyState
            size="lg"
            icon={<IconCalendarOff aria-hidden />}
            title={t('exams.emptyTitle')}
            description={t('exams.emptyText')}
          />
        )}
        {groups
          .filter(({ list }) => list.length > 0)
          .map(({ when, list }) => (
            <Stack key={when} gap="sm">
              <Title order={2} size="h3">
                {t(`exams.${when}`)}
              </Title>
              {list.map((exam) => (
                <ExamRow key={exam.id} exam={exam} live={when === 'now'} />
              ))}
            </Stack>
          ))}
      </Stack>
    </Container>
  );
}
