import { Badge, Card, Container, EmptyState, Group, Stack, Text, Title } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ChildCard } from './ChildCard';

/** A parent's children, each with the consent, and what waits for the organisation. */
export function GuardianHomeView() {
  const { t } = useTranslation('consent');
  const format = useFormat();
  const home = useQuery({ queryKey: ['guardian'], queryFn: ({ signal }) => api.guardianHome(signal) });
  if (home.isPending) return <LoadingView />;
  if (home.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={home.error} onRetry={() => void home.refetch()} />
      </Container>
    );
  }
  const { children, claims } = home.data;
  const waiting = claims.filter((claim) => claim.state !== 'confirmed');
  return (
    <Container size="sm" py="xl" data-testid="guardian-home">
      <PageTitle title={t('guardian.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('guardian.title')}</Title>
          <Text c="dimmed">{t('guardian.text')}</Text>
        </Stack>
        {children.length === 0 && waiting.length === 0 && (
          <EmptyState size="lg" icon={<IconUsersGroup aria-hidden />} title={t('guardian.emptyTitle')} description={t('guardian.emptyText')} />
        )}
        {children.map((child) => (
          <ChildCard key={child.id} child={child} home={home.data} />
        ))}
        {waiting.map((claim) => (
          <Card key={claim.id} padding="lg" data-testid={`claim-${claim.id}`} data-state={claim.state}>
            <Stack gap="xs">
              <Group gap="sm">
                <Text fw={600}>{claim.student}</Text>
                <Badge variant="light" color={claim.state === 'open' ? 'blue' : 'red'}>
                  {t(`claim.${claim.state}`)}
                </Badge>
              </Group>
              <Text size="md">{claim.state === 'open' ? t('guardian.papersOpen') : t('guardian.papersRefused')}</Text>
              <Text size="sm" c="dimmed">
                {format.dateTime(claim.filedAt)}
              </Text>
            </Stack>
          </Card>
        ))}
      </Stack>
    </Container>
  );
}
