import { Button, Container, EmptyState, Group, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { api } from '../api/client';
import { auditKinds, type AuditKind } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { useRecordWords } from '../log/useRecordWords';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './System.module.css';
import { useAuditWhat } from './useAuditWhat';

/** Who did what, from the log itself; the filter lives in the address. */
export default function AuditPage() {
  const { t } = useTranslation('system');
  const format = useFormat();
  const words = useRecordWords();
  const what = useAuditWhat();
  const [search, setSearch] = useSearchParams();
  const kind: AuditKind = auditKinds.find((one) => one === search.get('kind')) ?? 'staff';
  const from = search.get('from') ?? '';
  const audit = useInfiniteQuery({
    queryKey: ['audit', kind, from],
    queryFn: ({ pageParam, signal }) => api.audit(kind, from, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
  });
  const entries = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  const set = (next: { kind?: string; from?: string }) => setSearch({ kind, ...(from === '' ? {} : { from }), ...next }, { replace: true });
  return (
    <Container size="xl" py="lg" data-testid="audit">
      <PageTitle title={t('audit.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('audit.title')}</Title>
          <Text c="dimmed">{t('audit.text')}</Text>
        </Stack>
        <Group align="flex-end">
          <Select
            label={t('audit.kind')}
            data={auditKinds.map((value) => ({ value, label: t(`audit.kinds.${value}`) }))}
            value={kind}
            onChange={(value) => value !== null && set({ kind: value })}
            allowDeselect={false}
            w={{ base: '100%', xs: 320 }}
            data-testid="audit-kind"
          />
          <TextInput type="date" label={t('audit.from')} value={from} onChange={(event) => set({ from: event.currentTarget.value })} data-testid="audit-from" />
        </Group>
        {audit.isError && <ProblemAlert error={audit.error} onRetry={() => void audit.refetch()} />}
        {audit.isPending && <LoadingView />}
        {audit.isSuccess && entries.length === 0 && (
          <EmptyState className={classes.frame} py={64} icon={<IconHistory aria-hidden />} title={t('audit.none')} description={t('audit.noneText')} />
        )}
        {entries.length > 0 && (
          <div className={classes.frame} role="region" aria-label={t('audit.title')} tabIndex={0}>
            <Table className={classes.rooms} verticalSpacing={8} horizontalSpacing="md" fz="sm" data-testid="audit-table">
              <Table.Thead>
                <Table.Tr>
                  {(['at', 'actor', 'outcome', 'what', 'person', 'exam'] as const).map((name) => (
                    <Table.Th key={name} scope="col">
                      {t(`audit.column.${name}`)}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {entries.map((entry) => (
                  <Table.Tr key={entry.id}>
                    <Table.Td className={classes.number}>{format.stamp(entry.at)}</Table.Td>
                    <Table.Td>{entry.actor === '' ? t('audit.service') : entry.actor}</Table.Td>
                    <Table.Td>{words.outcome(entry.outcome)}</Table.Td>
                    <Table.Td>{what(entry)}</Table.Td>
                    <Table.Td>{entry.person}</Table.Td>
                    <Table.Td>{entry.exam}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
        {audit.hasNextPage && (
          <Group justify="center">
            <Button variant="default" loading={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
              {t('audit.more')}
            </Button>
          </Group>
        )}
      </Stack>
    </Container>
  );
}
