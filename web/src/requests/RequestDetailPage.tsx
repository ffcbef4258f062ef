import { Alert, Anchor, Button, Container, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowLeft, IconCircleCheck, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { api } from '../api/client';
import type { RequestCandidate } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { CandidateCard } from './CandidateCard';
import { FormsCard } from './FormsCard';
import { LinkModal } from './LinkModal';
import { RefuseModal } from './RefuseModal';
import classes from './Requests.module.css';
import { StateBadge } from './StateBadge';

/** One request: what Gosuslugi say and what was written, beside whom the organisation may mean; link on the spot, or refuse. */
export default function RequestDetailPage() {
  const { t } = useTranslation('requests');
  const format = useFormat();
  const { id = '' } = useParams();
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 300);
  const [linking, setLinking] = useState<RequestCandidate>();
  const [refusing, setRefusing] = useState(false);
  const request = useQuery({
    queryKey: ['request', id, search],
    queryFn: ({ signal }) => api.request(id, search, signal),
    placeholderData: keepPreviousData,
  });
  if (request.isPending) return <LoadingView />;
  if (request.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={request.error} onRetry={() => void request.refetch()} />
      </Container>
    );
  }
  const { data } = request;
  const open = data.state === 'open';
  return (
    <Container size="lg" py="lg" data-testid="request" data-state={data.state} data-number={data.number}>
      <PageTitle title={t('number', { number: data.number })} />
      <Stack gap="lg">
        <Anchor component={Link} to="/requests" size="sm">
          <Group gap={6} component="span">
            <IconArrowLeft size={16} aria-hidden />
            {t('back')}
          </Group>
        </Anchor>
        <Group justify="space-between" gap="md">
          <Stack gap={4}>
            <Group gap="sm">
              <Title order={1}>{data.name}</Title>
              <StateBadge state={data.state} />
            </Group>
            <Text c="dimmed">
              {t('number', { number: data.number })} · {t(`kind.${data.kind}`)} · {format.dateTime(data.createdAt)}
            </Text>
          </Stack>
          {open && (
            <Button variant="default" onClick={() => setRefusing(true)} data-testid="refuse">
              {t('refuse')}
            </Button>
          )}
        </Group>
        {!open && (
          <Alert color={data.state === 'linked' ? 'teal' : 'gray'} icon={<IconCircleCheck aria-hidden />} role="status" data-testid="request-decided">
            <Stack gap={4}>
              <Text>{data.state === 'linked' ? t('linkedDone', { person: data.linkedTo ?? '' }) : t('refusedDone')}</Text>
              {data.reason !== undefined && (
                <Text className={classes.message}>
                  {t('refusedBecause')}: {data.reason}
                </Text>
              )}
              {data.decidedAt !== undefined && (
                <Text size="sm" c="dimmed">
                  {t('decidedAt', { at: format.dateTime(data.decidedAt) })}
                </Text>
              )}
            </Stack>
          </Alert>
        )}
        <div className={open ? classes.columns : undefined}>
          <FormsCard request={data} />
          {open && (
            <Stack gap="md">
              <Stack gap={4}>
                <Title order={2} size="h3">
                  {t('compare')}
                </Title>
                <Text size="sm" c="dimmed">
                  {t('compareText')}
                </Text>
              </Stack>
              <TextInput
                label={t('search')}
                leftSection={<IconSearch size={18} aria-hidden />}
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
                maxLength={100}
                data-testid="request-search"
              />
              {data.candidates.length === 0 && <Text data-testid="nobody">{t('nobody')}</Text>}
              {data.candidates.map((candidate) => (
                <CandidateCard key={candidate.personId} request={data} candidate={candidate} onLink={() => setLinking(candidate)} />
              ))}
            </Stack>
          )}
        </div>
      </Stack>
      {linking !== undefined && <LinkModal request={data} candidate={linking} onClose={() => setLinking(undefined)} />}
      {refusing && <RefuseModal request={data} onClose={() => setRefusing(false)} />}
    </Container>
  );
}
