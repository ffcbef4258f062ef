import { Badge, EmptyState, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { IconCalendarCheck } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Expiry } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Retention.module.css';
import { RunLine } from './RunLine';

const spans = ['30', '90', '365'] as const;

/** What expires within some days, what is overdue first. */
export function CalendarPanel() {
  const { t } = useTranslation('retention');
  const [days, setDays] = useState<string>('30');
  const calendar = useQuery({
    queryKey: ['calendar', days],
    queryFn: ({ signal }) => api.expiries(Number(days), signal),
    placeholderData: keepPreviousData,
  });
  const list = (calendar.data?.expiries ?? []).toSorted((a, b) => a.at.localeCompare(b.at));
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="md">
        <RunLine />
        <SegmentedControl
          aria-label={t('calendar.span')}
          value={days}
          onChange={setDays}
          data={spans.map((value) => ({ value, label: t(`calendar.days${value}`) }))}
          data-testid="calendar-span"
        />
      </Group>
      {calendar.isPending && <LoadingView />}
      {calendar.isError && <ProblemAlert error={calendar.error} onRetry={() => void calendar.refetch()} />}
      {calendar.isSuccess && list.length === 0 && (
        <EmptyState size="lg" icon={<IconCalendarCheck aria-hidden />} title={t('calendar.emptyTitle')} description={t('calendar.emptyText')} />
      )}
      {list.length > 0 && (
        <div className={classes.frame}>
          <Table verticalSpacing={10} horizontalSpacing="md" fz="sm" className={classes.table} data-testid="calendar-table">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t('calendar.when')}</Table.Th>
                <Table.Th scope="col">{t('class')}</Table.Th>
                <Table.Th scope="col">{t('exam')}</Table.Th>
                <Table.Th scope="col">{t('calendar.what')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.map((expiry) => (
                <ExpiryRow key={`${expiry.class} ${expiry.examId ?? ''} ${expiry.at}`} expiry={expiry} />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </Stack>
  );
}

function ExpiryRow({ expiry }: { expiry: Expiry }) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  return (
    <Table.Tr data-class={expiry.class} data-held={expiry.held}>
      <Table.Td>{format.date(expiry.at)}</Table.Td>
      <Table.Td>{t(`classes.${expiry.class}`)}</Table.Td>
      <Table.Td>{expiry.examTitle ?? '—'}</Table.Td>
      <Table.Td>
        <Group gap="xs">
          <Text size="sm">{t(`count.${expiry.class}`, { count: expiry.count })}</Text>
          {expiry.held > 0 && (
            <Badge color="orange" variant="light">
              {t('calendar.held', { count: expiry.held })}
            </Badge>
          )}
          {expiry.withdrawn > 0 && (
            <Badge color="gray" variant="light">
              {t('calendar.withdrawn', { count: expiry.withdrawn })}
            </Badge>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
