import { Button, Card, Container, EmptyState, Group, Stack, Text, Title } from '@mantine/core';
import { IconCalendarOff, IconPlus, IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';

/** The exams with their rosters, the latest first. */
export default function RosterExamsPage() {
  const { t } = useTranslation('exam');
  const format = useFormat();
  const exams = useQuery({ queryKey: ['exams'], queryFn: ({ signal }) => api.exams(signal) });
  if (exams.isPending) return <LoadingView />;
  return (
    <Container size="lg" py="lg">
      <PageTitle title={t('rosters.title')} />
      <Stack gap="lg">
        <Group justify="space-between" align="flex-end" gap="md">
          <Stack gap={4}>
            <Title order={1}>{t('rosters.title')}</Title>
            <Text c="dimmed">{t('rosters.text')}</Text>
          </Stack>
          <Button component={Link} to="/exams/new" leftSection={<IconPlus size={18} aria-hidden />} data-testid="exam-new">
            {t('rosters.new')}
          </Button>
        </Group>
        {exams.isError && <ProblemAlert error={exams.error} onRetry={() => void exams.refetch()} />}
        {exams.data?.exams.length === 0 && (
          <EmptyState size="lg" icon={<IconCalendarOff aria-hidden />} title={t('rosters.emptyTitle')} description={t('rosters.emptyText')} />
        )}
        {exams.data?.exams.map((exam) => (
          <Card key={exam.id} padding="md" data-testid={`roster-exam-${exam.id}`} data-code={exam.code}>
            <Group justify="space-between" gap="md">
              <Stack gap={4} flex="1 1 260px" miw={0}>
                <Text fw={600}>{exam.title}</Text>
                <Text size="sm" c="dimmed">
                  {format.period(exam.startsAt, exam.endsAt)} · {exam.code}
                </Text>
                <Text size="sm">{t('rosters.students', { count: exam.counts.roster })}</Text>
              </Stack>
              <Button component={Link} to={`/exams/${exam.id}`} variant="subtle" data-testid={`exam-edit-${exam.id}`}>
                {t('form.edit')}
              </Button>
              <Button component={Link} to={`/rosters/${exam.id}`} variant="default" data-testid={`roster-open-${exam.id}`}>
                {t('roster.open')}
              </Button>
              <Button
                component={Link}
                to={`/rosters/${exam.id}/upload`}
                variant="light"
                leftSection={<IconUpload size={18} aria-hidden />}
                data-testid={`roster-upload-${exam.id}`}
              >
                {t('rosters.upload')}
              </Button>
            </Group>
          </Card>
        ))}
      </Stack>
    </Container>
  );
}
