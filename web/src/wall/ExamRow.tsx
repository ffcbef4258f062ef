import { Badge, Card, Group, Stack, Text } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { ExamSummary } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { When } from './calendar';
import { Counter } from './Counter';
import classes from './Wall.module.css';

interface ExamRowProps {
  exam: ExamSummary;
  when: When;
}

/** One exam of the list, with what is going on in it. */
export function ExamRow({ exam, when }: ExamRowProps) {
  const { t } = useTranslation('wall');
  const format = useFormat();
  const { counts } = exam;
  const live = when === 'now';
  return (
    <Card
      component={Link}
      to={`/proctor/exams/${exam.id}`}
      className={classes.examCard}
      padding="md"
      data-testid={`exam-${exam.id}`}
      data-code={exam.code}
    >
      <Group wrap="nowrap" gap="lg">
        <Stack gap={6} flex={1} miw={0}>
          <Group gap="sm">
            <Text fw={600}>{exam.title}</Text>
            <Badge color={live ? 'teal' : when === 'next' ? 'ochno' : 'gray'} variant="light" data-testid="exam-when" data-when={when}>
              {t(`exams.state.${when}`)}
            </Badge>
            {exam.mine === true && <Badge variant="outline">{t('calendar.duty')}</Badge>}
          </Group>
          <Text size="sm" c="dimmed">
            {format.period(exam.startsAt, exam.endsAt)} · {exam.code}
          </Text>
          <Group gap="md">
            <Counter value={counts.roster} label={t('count.roster')} />
            {live && <Counter value={counts.connected} label={t('count.connected')} />}
            {live && <Counter value={counts.waiting} label={t('count.waiting')} color="orange" />}
            {live && <Counter value={counts.inProgress} label={t('count.inProgress')} />}
            <Counter value={counts.finished} label={t('count.finished')} />
          </Group>
        </Stack>
        <IconChevronRight aria-hidden />
      </Group>
    </Card>
  );
}
