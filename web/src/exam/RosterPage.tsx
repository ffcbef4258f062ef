import { Alert, Anchor, Badge, Button, Container, Group, Stack, Table, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconMail, IconUpload } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { api } from '../api/client';
import type { ReadinessFilter, ReadinessRow, RosterReadiness } from '../api/types';
import { useAccommodationWords } from '../i18n/useAccommodationWords';
import { useFormat } from '../i18n/useFormat';
import { ConfirmModal } from '../shell/ConfirmModal';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { AccommodationModal } from './AccommodationModal';
import classes from './Exam.module.css';

const colors = { done: 'teal', missing: 'orange', failed: 'red', unknown: 'gray' } as const;
const checkNames = ['account', 'consent', 'enrolment', 'devices'] as const;
const atOnce = 100;

function countsOf(counts: RosterReadiness['counts']): [ReadinessFilter, number][] {
  return [
    ['all', counts.roster],
    ['ready', counts.ready],
    ['not_ready', counts.roster - counts.ready - counts.declined],
    ['account', counts.account],
    ['consent', counts.consent],
    ['enrolment', counts.enrolment + counts.unknown],
    ['devices', counts.devices],
    ['declined', counts.declined],
  ];
}

/** Who of an exam's roster is ready, what each still lacks, and a reminder by e-mail. */
export default function RosterPage() {
  const { t } = useTranslation('exam');
  const format = useFormat();
  const { id = '' } = useParams();
  const queryClient = useQueryClient();
  const [show, setShow] = useState<ReadinessFilter>('all');
  const [text, setText] = useState('');
  const [offset, setOffset] = useState(0);
  const [asking, setAsking] = useState(false);
  const [accommodating, setAccommodating] = useState<ReadinessRow>();
  const accommodationWords = useAccommodationWords();
  const [sought] = useDebouncedValue(text, 250);
  const roster = useQuery({
    queryKey: ['roster', id, show, sought, offset],
    queryFn: ({ signal }) => api.rosterReadiness(id, show, sought, offset, signal),
    placeholderData: keepPreviousData,
  });
  const remind = useMutation({
    mutationFn: () => api.remind(id),
    onSuccess: () => {
      setAsking(false);
      void queryClient.invalidateQueries({ queryKey: ['roster', id] });
    },
  });
  if (roster.isPending) return <LoadingView />;
  if (roster.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={roster.error} onRetry={() => void roster.refetch()} />
      </Container>
    );
  }
  const { exam, counts, rows, total } = roster.data;
  const accommodation = (row: ReadinessRow) => accommodationWords(row.accommodation).join(', ') || t('accommodation.set');
  const choose = (next: ReadinessFilter) => {
    setShow(next);
    setOffset(0);
  };
  return (
    <Container size="xl" py="lg" data-testid="roster-page">
      <PageTitle title={t('roster.title')} />
      <Stack gap="lg">
        <Group justify="space-between" align="flex-end" gap="md">
          <Stack gap={4}>
            <Anchor component={Link} to="/rosters" size="sm">
              {t('upload.toRosters')}
            </Anchor>
            <Title order={1}>{t('roster.title')}</Title>
            <Text c="dimmed">
              {exam.title} · {format.period(exam.startsAt, exam.endsAt)}
            </Text>
          </Stack>
          <Group gap="sm">
            <Button component={Link} to={`/rosters/${id}/upload`} variant="default" leftSection={<IconUpload size={18} aria-hidden />}>
              {t('rosters.upload')}
            </Button>
            <Button leftSection={<IconMail size={18} aria-hidden />} onClick={() => setAsking(true)} data-testid="remind">
              {t('roster.remind')}
            </Button>
          </Group>
        </Group>
        {remind.isSuccess && (
          <Alert color="teal" role="status" data-testid="reminded" data-sent={remind.data.sent}>
            <Text size="md">
              {t('roster.reminded', { sent: remind.data.sent, soon: remind.data.tooSoon, without: remind.data.withoutEmail })}
            </Text>
          </Alert>
        )}
        <div className={classes.filters} role="group" aria-label={t('roster.filter')}>
          {countsOf(counts).map(([name, count]) => (
            <UnstyledButton
              key={name}
              className={classes.filter}
              aria-pressed={show === name}
              onClick={() => choose(name)}
              data-testid={`roster-show-${name}`}
              data-count={count}
            >
              <Text fz={24} fw={650} lh={1.1} className={classes.number} span>
                {count}
              </Text>
              <Text size="sm" c="dimmed" span>
                {t(`roster.show.${name}`)}
              </Text>
            </UnstyledButton>
          ))}
        </div>
        <TextInput
          label={t('roster.search')}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setOffset(0);
          }}
          maw={360}
        />
        {rows.length === 0 ? (
          <Text c="dimmed">{t('roster.none')}</Text>
        ) : (
          <div className={classes.frame} role="region" aria-label={t('roster.title')} tabIndex={0}>
            <Table verticalSpacing={9} horizontalSpacing="md" fz="sm" className={classes.wide} data-testid="roster-table">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t('roster.student')}</Table.Th>
                  {checkNames.map((name) => (
                    <Table.Th key={name} scope="col">
                      {t(`roster.column.${name}`)}
                    </Table.Th>
                  ))}
                  <Table.Th scope="col">{t('accommodation.column')}</Table.Th>
                  <Table.Th scope="col">{t('roster.mail')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => (
                  <Table.Tr key={row.personId} data-testid={`roster-row-${row.personId}`} data-ready={row.ready} data-declined={row.declined}>
                    <Table.Td>
                      <Text fw={600} size="sm">
                        {row.displayName}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {[row.group, row.faculty, row.minor ? t('roster.minor') : ''].filter((part) => part !== '').join(' · ')}
                      </Text>
                    </Table.Td>
                    {row.declined ? (
                      <Table.Td colSpan={4}>
                        <Badge variant="light" color="blue">
                          {t('roster.declined')}
                        </Badge>
                      </Table.Td>
                    ) : (
                      checkNames.map((name) => (
                        <Table.Td key={name}>
                          <Badge variant="light" color={colors[row.checks[name]]}>
                            {t(`roster.state.${row.checks[name]}`)}
                          </Badge>
                        </Table.Td>
                      ))
                    )}
                    <Table.Td>
                      <Anchor
                        component="button"
                        type="button"
                        size="sm"
                        ta="left"
                        aria-label={t('accommodation.setFor', { what: accommodation(row), name: row.displayName })}
                        onClick={() => setAccommodating(row)}
                        data-testid={`accommodate-${row.personId}`}
                      >
                        {accommodation(row)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>
                      <Text size="xs" c="dimmed">
                        {row.remindedAt !== undefined && t('roster.remindedAt', { date: format.dateTime(row.remindedAt) })}
                        {row.remindedAt === undefined && (row.email ? t('roster.hasEmail') : t('roster.noEmail'))}
                      </Text>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
        {total > atOnce && (
          <Group gap="md" justify="center">
            <Button variant="default" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - atOnce))}>
              {t('roster.before')}
            </Button>
            <Text size="sm" c="dimmed" className={classes.number}>
              {t('roster.page', { from: offset + 1, to: offset + rows.length, total })}
            </Text>
            <Button variant="default" disabled={offset + atOnce >= total} onClick={() => setOffset(offset + atOnce)}>
              {t('roster.after')}
            </Button>
          </Group>
        )}
      </Stack>
      {accommodating !== undefined && (
        <AccommodationModal examId={id} row={accommodating} onClose={() => setAccommodating(undefined)} />
      )}
      <ConfirmModal
        opened={asking}
        title={t('roster.remindTitle')}
        text={t('roster.remindText')}
        confirmLabel={t('roster.remind')}
        pending={remind.isPending}
        error={remind.error}
        onConfirm={() => remind.mutate()}
        onClose={() => setAsking(false)}
        testId="remind"
      />
    </Container>
  );
}
