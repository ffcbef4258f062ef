import { Container, EmptyState, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { IconCalendarOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { byDay, dayOf, daysOf, whenOf, type Span } from './calendar';
import { ExamCalendar } from './ExamCalendar';
import { ExamRow } from './ExamRow';
import classes from './Wall.module.css';

const spans: Span[] = ['day', 'week', 'month'];

/** The proctor's calendar: what goes on now, and the exams of a day, a week or a month. */
export default function ExamsPage() {
  const { t } = useTranslation('wall');
  const format = useFormat();
  const [whose, setWhose] = useState<'mine' | 'all'>();
  const [span, setSpan] = useState<Span>('week');
  const [day, setDay] = useState(() => dayOf(new Date()));
  const exams = useQuery({
    queryKey: ['exams'],
    queryFn: ({ signal }) => api.exams(signal),
    refetchInterval: 15_000,
  });
  if (exams.isPending) return <LoadingView />;
  const now = exams.dataUpdatedAt;
  const every = exams.data?.exams ?? [];
  const hasMine = every.some((exam) => exam.mine === true);
  const shown = whose ?? (hasMine ? 'mine' : 'all');
  const list = shown === 'mine' ? every.filter((exam) => exam.mine === true) : every;
  const live = list.filter((exam) => whenOf(exam, now) === 'now').sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt));
  const days = byDay(list);
  const chosen = daysOf(day, span).filter((one) => days.has(one));
  return (
    <Container size="lg" py="lg">
      <PageTitle title={t('exams.title')} />
      <Stack gap="xl">
        <Group justify="space-between">
          <Title order={1}>{t('exams.title')}</Title>
          {hasMine && (
            <SegmentedControl
              aria-label={t('calendar.whose')}
              value={shown}
              onChange={setWhose}
              data={[
                { value: 'mine', label: t('calendar.mine') },
                { value: 'all', label: t('calendar.all') },
              ]}
              data-testid="exams-whose"
            />
          )}
        </Group>
        {exams.isError && <ProblemAlert error={exams.error} onRetry={() => void exams.refetch()} />}
        {every.length === 0 && !exams.isError && (
          <EmptyState size="lg" icon={<IconCalendarOff aria-hidden />} title={t('exams.emptyTitle')} description={t('exams.emptyText')} />
        )}
        {live.length > 0 && (
          <Stack gap="sm">
            <Title order={2} size="h3">
              {t('exams.now')}
            </Title>
            {live.map((exam) => (
              <ExamRow key={exam.id} exam={exam} when="now" />
            ))}
          </Stack>
        )}
        {every.length > 0 && (
          <div className={classes.calendarGrid}>
            <Stack gap="sm">
              <SegmentedControl
                fullWidth
                aria-label={t('calendar.span')}
                value={span}
                onChange={setSpan}
                data={spans.map((value) => ({ value, label: t(`calendar.spans.${value}`) }))}
                data-testid="calendar-span"
              />
              <ExamCalendar days={days} day={day} span={span} onDay={setDay} />
            </Stack>
            <Stack gap="lg" data-testid="calendar-list">
              {chosen.map((one) => (
                <Stack key={one} gap="sm">
                  <Title order={2} size="h4">
                    {one === dayOf(new Date(now)) ? t('calendar.today', { date: format.date(`${one}T12:00:00`) }) : format.date(`${one}T12:00:00`)}
                  </Title>
                  {(days.get(one) ?? [])
                    .filter((exam) => !live.includes(exam))
                    .map((exam) => (
                      <ExamRow key={exam.id} exam={exam} when={whenOf(exam, now)} />
                    ))}
                  {days.get(one)?.every((exam) => live.includes(exam)) === true && (
                    <Text size="sm" c="dimmed">
                      {t('calendar.above')}
                    </Text>
                  )}
                </Stack>
              ))}
              {chosen.length === 0 && (
                <Text c="dimmed" data-testid="calendar-empty">
                  {t(`calendar.nothing.${span}`)}
                </Text>
              )}
            </Stack>
          </div>
        )}
      </Stack>
    </Container>
  );
}
