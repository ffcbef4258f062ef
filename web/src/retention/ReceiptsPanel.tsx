import { Button, EmptyState, Group, Stack, Table, Text } from '@mantine/core';
import { IconReceipt } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Retention.module.css';

const classNames = ['recordings', 'log', 'consents', 'requests'] as const;
const reasons = ['retention', 'consent_withdrawn'] as const;

/** What was deleted and why, as the log sealed it. */
export function ReceiptsPanel() {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const receipts = useInfiniteQuery({
    queryKey: ['receipts'],
    queryFn: ({ pageParam, signal }) => api.receipts(pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
  });
  if (receipts.isPending) return <LoadingView />;
  if (receipts.isError) return <ProblemAlert error={receipts.error} onRetry={() => void receipts.refetch()} />;
  const list = receipts.data.pages.flatMap((page) => page.receipts);
  if (list.length === 0) {
    return <EmptyState size="lg" icon={<IconReceipt aria-hidden />} title={t('receipts.emptyTitle')} description={t('receipts.emptyText')} />;
  }
  return (
    <Stack gap="md">
      <Text c="dimmed" maw={760}>
        {t('receipts.text')}
      </Text>
      <div className={classes.frame}>
        <Table verticalSpacing={10} horizontalSpacing="md" fz="sm" className={classes.table} data-testid="receipts-table">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t('receipts.at')}</Table.Th>
              <Table.Th scope="col">{t('class')}</Table.Th>
              <Table.Th scope="col">{t('exam')}</Table.Th>
              <Table.Th scope="col">{t('receipts.count')}</Table.Th>
              <Table.Th scope="col">{t('receipts.reason')}</Table.Th>
              <Table.Th scope="col">{t('receipts.leaf')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {list.map((receipt) => {
              const kind = classNames.find((known) => known === receipt.class);
              const reason = reasons.find((known) => known === receipt.reason);
              return (
                <Table.Tr key={receipt.record} data-testid={`receipt-${receipt.record}`} data-class={receipt.class}>
                  <Table.Td>{format.stamp(receipt.at)}</Table.Td>
                  <Table.Td>{kind === undefined ? receipt.class : t(`classes.${kind}`)}</Table.Td>
                  <Table.Td>{receipt.examTitle ?? '—'}</Table.Td>
                  <Table.Td>{receipt.count}</Table.Td>
                  <Table.Td>{reason === undefined ? receipt.reason : t(`receipts.why.${reason}`)}</Table.Td>
                  <Table.Td>{receipt.index ?? t('receipts.unsealed')}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
      {receipts.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={receipts.isFetchingNextPage} onClick={() => void receipts.fetchNextPage()}>
            {t('receipts.more')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
