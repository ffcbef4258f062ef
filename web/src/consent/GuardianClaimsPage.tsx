import { Button, Card, Container, EmptyState, Group, Stack, Text, Textarea, Title } from '@mantine/core';
import { IconInboxOff } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { GuardianClaim } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';

const key = ['guardian-claims'] as const;

/** The organisation's queue: parents whose papers are to be looked at. */
export default function GuardianClaimsPage() {
  const { t } = useTranslation('consent');
  const claims = useQuery({ queryKey: key, queryFn: ({ signal }) => api.guardianClaims(signal), refetchInterval: 20_000 });
  return (
    <Container size="md" py="lg" data-testid="guardian-claims">
      <PageTitle title={t('claims.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('claims.title')}</Title>
          <Text c="dimmed">{t('claims.text')}</Text>
        </Stack>
        {claims.isPending && <LoadingView />}
        {claims.isError && <ProblemAlert error={claims.error} onRetry={() => void claims.refetch()} />}
        {claims.data?.claims.length === 0 && (
          <EmptyState size="lg" icon={<IconInboxOff aria-hidden />} title={t('claims.emptyTitle')} description={t('claims.emptyText')} />
        )}
        {claims.data?.claims.map((claim) => (
          <ClaimCard key={claim.id} claim={claim} />
        ))}
      </Stack>
    </Container>
  );
}

function ClaimCard({ claim }: { claim: GuardianClaim }) {
  const { t } = useTranslation('consent');
  const format = useFormat();
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const [tried, setTried] = useState(false);
  const short = note.trim().length < 3;
  const decide = useMutation({
    mutationFn: (confirm: boolean) => api.decideGuardianClaim(claim.id, confirm, note.trim()),
    onSuccess: (list) => client.setQueryData(key, list),
  });
  const answer = (confirm: boolean) => {
    setTried(true);
    if (!short) decide.mutate(confirm);
  };
  return (
    <Card padding="lg" data-testid={`claim-${claim.id}`}>
      <Stack gap="md">
        <Group gap="xl" align="flex-start">
          <Stack gap={2}>
            <Text size="sm" c="dimmed">
              {t('claims.guardian')}
            </Text>
            <Text fw={600}>{claim.guardian}</Text>
          </Stack>
          <Stack gap={2}>
            <Text size="sm" c="dimmed">
              {t('claims.student')}
            </Text>
            <Text fw={600}>{claim.student}</Text>
            <Text size="sm">{t('claims.born', { date: format.date(claim.birthDate) })}</Text>
          </Stack>
          <Text size="sm" c="dimmed">
            {t('claims.filed', { at: format.dateTime(claim.filedAt) })}
          </Text>
        </Group>
        <Textarea
          label={t('claims.note')}
          description={t('claims.noteHint')}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          error={tried && short ? t('claims.noteNeeded') : undefined}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={500}
          data-testid="claim-note"
        />
        {decide.isError && <ProblemAlert error={decide.error} />}
        <Group gap="sm">
          <Button size="md" loading={decide.isPending} onClick={() => answer(true)} data-testid="claim-confirm">
            {t('claims.confirm')}
          </Button>
          <Button size="md" variant="default" disabled={decide.isPending} onClick={() => answer(false)} data-testid="claim-refuse">
            {t('claims.refuse')}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}
