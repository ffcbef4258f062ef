import { Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RetentionTerm } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Retention.module.css';
import { TermModal } from './TermModal';
import { useRetention } from './useRetention';

/** The organisation's terms and those of exams, each with its reason. */
export function TermsPanel() {
  const { t } = useTranslation('retention');
  const retention = useRetention();
  const [changing, setChanging] = useState<Partial<RetentionTerm>>();
  if (retention.isPending) return <LoadingView />;
  if (retention.isError) return <ProblemAlert error={retention.error} onRetry={() => void retention.refetch()} />;
  const ofExams = retention.data.terms.filter((term) => term.examId !== undefined);
  return (
    <Stack gap="md">
      {retention.data.terms
        .filter((term) => term.examId === undefined)
        .map((term) => (
          <TermCard key={term.class} term={term} onChange={() => setChanging(term)} />
        ))}
      <Group justify="space-between" mt="md">
        <Title order={2} size="h3">
          {t('terms.exams')}
        </Title>
        <Button variant="light" onClick={() => setChanging({ class: 'recordings' })} data-testid="term-new">
          {t('terms.newExam')}
        </Button>
      </Group>
      {ofExams.length === 0 && <Text c="dimmed">{t('terms.noExams')}</Text>}
      {ofExams.map((term) => (
        <TermCard key={term.examId} term={term} onChange={() => setChanging(term)} />
      ))}
      <Text size="sm" c="dimmed">
        {retention.data.objectLock ? t('terms.locked') : t('terms.unlocked')}
      </Text>
      {changing !== undefined && <TermModal term={changing} onClose={() => setChanging(undefined)} />}
    </Stack>
  );
}

function TermCard({ term, onChange }: { term: RetentionTerm; onChange: () => void }) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const name = term.examTitle ?? t(`classes.${term.class}`);
  return (
    <Card padding="md" data-testid={`term-${term.examCode ?? term.class}`} data-days={term.days}>
      <Group justify="space-between" gap="md" align="flex-start">
        <Stack gap={4} flex="1 1 280px" miw={0}>
          <Text fw={600}>{name}</Text>
          <Text>{t('terms.days', { count: term.days })}</Text>
          <Text size="sm" c="dimmed">
            {t(`from.${term.class}`)}
          </Text>
          <Text size="sm" className={classes.reason}>
            {term.default ? t('terms.default') : term.reason}
          </Text>
          {term.changedAt !== undefined && (
            <Text size="sm" c="dimmed">
              {t('terms.changed', { at: format.dateTime(term.changedAt), by: term.changedBy ?? t('commandLine') })}
            </Text>
          )}
        </Stack>
        <Button
          variant="default"
          onClick={onChange}
          aria-label={t('terms.changeOf', { name })}
          data-testid={`term-change-${term.examCode ?? term.class}`}
        >
          {t('terms.change')}
        </Button>
      </Group>
    </Card>
  );
}
