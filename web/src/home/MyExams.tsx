import { Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client';
import type { MyExam } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';

const done = ['finished', 'reviewed', 'terminated', 'declined', 'expired'];

function ExamOfMine({ exam, now }: { exam: MyExam; now: number }) {
  const { t } = useTranslation('home');
  const format = useFormat();
  const over = now > Date.parse(exam.endsAt) || done.includes(exam.state);
  const running = !over && now >= Date.parse(exam.startsAt);
  return (
    <Card data-testid="my-exam" data-code={exam.code} data-state={exam.state}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={3} size="h4">
            {exam.title}
          </Title>
          <Badge size="lg" variant="light" color={running ? 'teal' : 'gray'}>
            {over ? t('mine.over') : running ? t('mine.running') : t('mine.ahead')}
          </Badge>
        </Group>
        <Text size="md" c="dimmed">
          {format.period(exam.startsAt, exam.endsAt)} ({format.timeZone()})
        </Text>
        <Group gap="sm">
          <Button component={Link} to={`/e/${encodeURIComponent(exam.code)}`} size="md" variant={running ? 'filled' : 'light'} data-testid="my-exam-open">
            {over ? t('mine.look') : t('mine.open')}
          </Button>
          {!over && !running && (
            <Button component={Link} to={`/ready/${encodeURIComponent(exam.code)}`} size="md" variant="default" data-testid="my-exam-ready">
              {t('mine.ready')}
            </Button>
          )}
        </Group>
      </Stack>
    </Card>
  );
}

/** The student's exams, the next one first. */
export function MyExams() {
  const { t } = useTranslation('home');
  const exams = useQuery({ queryKey: ['my-exams'], queryFn: ({ signal }) => api.myExams(signal), refetchInterval: 60_000 });
  return (
    <Stack component="section" gap="sm" aria-label={t('mine.title')}>
      <Title order={2} size="h3">
        {t('mine.title')}
      </Title>
      {exams.isError && <ProblemAlert error={exams.error} onRetry={() => void exams.refetch()} />}
      {exams.data?.exams.map((exam) => <ExamOfMine key={exam.code} exam={exam} now={Date.parse(exams.data.serverTime)} />)}
      {exams.data?.exams.length === 0 && <Text c="dimmed">{t('mine.none')}</Text>}
    </Stack>
  );
}
