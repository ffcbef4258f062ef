import { Anchor, Button, Container, Group, Stack, Text, Title } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { serverURL } from '../api/base';
import type { LogFilter, LogRecord } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { CheckpointLine } from './CheckpointLine';
import { DownloadBar } from './DownloadBar';
import { ExportsPanel } from './ExportsPanel';
import { filterOf, searchOf } from './filter';
import { LogFilters } from './LogFilters';
import { LogTable } from './LogTable';
import { RecordDrawer } from './RecordDrawer';
import { useLog } from './useLog';

/** The identification log: filters that live in the address, the records, the downloads. */
export default function LogPage() {
  const { t } = useTranslation('log');
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => filterOf(search), [search]);
  const log = useLog(filter);
  const [opened, setOpened] = useState<LogRecord>();
  const records = useMemo(() => log.data?.pages.flatMap((page) => page.records) ?? [], [log.data]);
  const change = (next: LogFilter) => setSearch(searchOf(next), { replace: true });
  return (
    <Container size={1560} py="md">
      <PageTitle title={t('title')} />
      <Stack gap="md">
        <Group justify="space-between" align="flex-end" gap="md">
          <Stack gap={2}>
            <Title order={1} size="h2">
              {t('title')}
            </Title>
            <Group gap="md">
              <CheckpointLine />
              <Anchor href={serverURL('verify')} target="_blank" size="sm" data-testid="verify-package">
                {t('verify')}
              </Anchor>
              <Anchor component={Link} to="/consent-register" size="sm" data-testid="to-register">
                {t('consents')}
              </Anchor>
            </Group>
          </Stack>
          <DownloadBar filter={filter} />
        </Group>
        <ExportsPanel />
        <LogFilters filter={filter} onChange={change} />
        {log.isError && <ProblemAlert error={log.error} onRetry={() => void log.refetch()} />}
        {log.isPending && <LoadingView />}
        {log.data !== undefined && (
          <>
            <LogTable
              records={records}
              filtered={Object.keys(filter).length > 0}
              onOpen={setOpened}
              onClear={() => change({})}
            />
            <Group justify="center" gap="md">
              {records.length > 0 && (
                <Text size="sm" c="dimmed" aria-live="polite" data-testid="log-shown">
                  {t('shown', { count: records.length })}
                </Text>
              )}
              {log.hasNextPage && (
                <Button
                  variant="default"
                  loading={log.isFetchingNextPage}
                  onClick={() => void log.fetchNextPage()}
                  data-testid="log-more"
                >
                  {t('more')}
                </Button>
              )}
            </Group>
          </>
        )}
      </Stack>
      <RecordDrawer record={opened} onClose={() => setOpened(undefined)} />
    </Container>
  );
}
