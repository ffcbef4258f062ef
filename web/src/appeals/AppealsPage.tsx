import { Card, Container, EmptyState, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { IconGavel } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Appeals.module.css';
import { StateBadge } from './StateBadge';
import { TermsCard } from './TermsCard';

/** The organisation's queue of appeals: those that wait, or those that were decided. */
export default function AppealsPage() {
  const { t } = useTranslation('appeals');
  const format = useFormat();
  const [search, setSearch] = useSearchParams();
  const state = search.get('state') === 'decided' ? 'decided' : 'open';
  const appeals = useQuery({
    queryKey: ['appeals', state],
    queryFn: ({ signal }) => api.appeals(state, signal),
    refetchInterval: 20_000,
  });
  return (
    <Container size="lg" py="lg" data-testid="appeals">
      <PageTitle title={t('title')} />
      <Stack gap="lg">
        <Group justify="space-between" align="flex-end" gap="md">
          <Stack gap={4}>
            <Title order={1}>{t('title')}</Title>
            <Text c="dimmed">{t('text')}</Text>
          </Stack>
          <SegmentedControl
            value={state}
            onChange={(value) => setSearch(value === 'decided' ? { state: 'decided' } : {})}
            data={[
              { value: 'open', label: t('open') },
              { value: 'decided', label: t('decided') },
            ]}
            data-testid="appeals-state"
          />
        </Group>
        {appeals.isPending && <LoadingView />}
        {appeals.isError && <ProblemAlert error={appeals.error} onRetry={() => void appeals.refetch()} />}
        {appeals.data?.appeals.length === 0 && (
          <EmptyState size="lg" icon={<IconGavel aria-hidden />} title={t('emptyTitle')} description={t('emptyText')} />
        )}
        {appeals.data?.appeals.map((appeal) => (
          <Card
            key={appeal.id}
            component={Link}
            to={`/appeals/${appeal.id}`}
            padding="md"
            className={classes.row}
            data-testid={`appeal-${appeal.id}`}
            data-state={appeal.state}
          >
            <Stack gap={2} flex="1 1 260px" miw={0}>
              <Text fw={600}>{appeal.student}</Text>
              <Text size="sm" c="dimmed">
                {[appeal.exam, appeal.group].filter((part) => part !== '').join(', ')}
              </Text>
            </Stack>
            <Stack gap={2}>
              <StateBadge state={appeal.state} />
              <Text size="sm" c="dimmed">
                {t('number', { number: appeal.number })} · {format.dateTime(appeal.filedAt)}
              </Text>
            </Stack>
          </Card>
        ))}
        <TermsCard />
      </Stack>
    </Container>
  );
}
