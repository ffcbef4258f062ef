import { Badge, Card, Container, EmptyState, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { IconInboxOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Requests.module.css';
import { StateBadge } from './StateBadge';

/** The organisation's queue of requests: those that wait, or those that were decided. */
export default function RequestsPage() {
  const { t } = useTranslation('requests');
  const format = useFormat();
  const [search, setSearch] = useSearchParams();
  const state = search.get('state') === 'decided' ? 'decided' : 'open';
  const requests = useQuery({
    queryKey: ['requests', state],
    queryFn: ({ signal }) => api.requests(state, signal),
    refetchInterval: 20_000,
  });
  return (
    <Container size="lg" py="lg">
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
            data-testid="requests-state"
          />
        </Group>
        {requests.isPending && <LoadingView />}
        {requests.isError && <ProblemAlert error={requests.error} onRetry={() => void requests.refetch()} />}
        {requests.data?.requests.length === 0 && (
          <EmptyState size="lg" icon={<IconInboxOff aria-hidden />} title={t('emptyTitle')} description={t('emptyText')} />
        )}
        {requests.data?.requests.map((request) => (
          <Card
            key={request.id}
            component={Link}
            to={`/requests/${request.id}`}
            padding="md"
            className={classes.row}
            data-testid={`request-${request.id}`}
            data-number={request.number}
            data-state={request.state}
          >
            <Stack gap={2} flex="1 1 260px" miw={0}>
              <Text fw={600}>{request.name}</Text>
              <Text size="sm" c="dimmed">
                {[request.faculty, request.group].filter((part) => part !== '').join(', ') || '—'}
              </Text>
            </Stack>
            <div className={classes.side}>
              <Group gap="xs">
                {request.kind === 'organisation' && (
                  <Badge variant="light" color="gray">
                    {t('kind.organisation')}
                  </Badge>
                )}
                <StateBadge state={request.state} />
              </Group>
              <Text size="sm" c="dimmed">
                {t('number', { number: request.number })} · {format.dateTime(request.updatedAt)}
              </Text>
            </div>
          </Card>
        ))}
      </Stack>
    </Container>
  );
}
