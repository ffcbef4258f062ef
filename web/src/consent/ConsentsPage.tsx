import { Alert, Container, EmptyState, Stack, Text, Title } from '@mantine/core';
import { IconFileOff, IconInfoCircle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { sessionKey } from '../api/session';
import type { Withdrawn } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { RequireRole } from '../shell/RequireRole';
import { ConsentCard } from './ConsentCard';
import { WithdrawButton, WithdrawnNotice } from './WithdrawButton';

/** «Мои согласия»: what the student agreed to, and the way to take it back. */
export default function ConsentsPage() {
  return (
    <RequireRole roles={['student']}>
      <Consents />
    </RequireRole>
  );
}

function Consents() {
  const { t } = useTranslation('consent');
  const client = useQueryClient();
  const mine = useQuery({ queryKey: ['consents'], queryFn: ({ signal }) => api.myConsents(signal) });
  const [withdrawn, setWithdrawn] = useState<Withdrawn>();
  if (mine.isPending) return <LoadingView />;
  if (mine.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={mine.error} onRetry={() => void mine.refetch()} />
      </Container>
    );
  }
  const { consents, standing, minor, eraseDays } = mine.data;
  const withdrawable = consents.some((item) => item.withdrawnAt === undefined);
  return (
    <Container size="sm" py="xl" data-testid="consents">
      <PageTitle title={t('mine.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('mine.title')}</Title>
          <Text c="dimmed">{t('mine.text')}</Text>
        </Stack>
        {withdrawn !== undefined && <WithdrawnNotice withdrawn={withdrawn} />}
        {consents.length === 0 && (
          <EmptyState size="lg" icon={<IconFileOff aria-hidden />} title={t('mine.emptyTitle')} description={t('mine.emptyText')} />
        )}
        {consents.map((item) => (
          <ConsentCard key={item.id} item={item} standing={item.id === standing} eraseDays={eraseDays} />
        ))}
        {minor && withdrawable && (
          <Alert icon={<IconInfoCircle aria-hidden />} color="blue">
            <Text size="md">{t('mine.minor')}</Text>
          </Alert>
        )}
        {!minor && withdrawable && (
          <div>
            <WithdrawButton
              eraseDays={eraseDays}
              withdraw={() => api.withdrawConsent()}
              onDone={(done) => {
                setWithdrawn(done);
                void client.invalidateQueries({ queryKey: ['consents'] });
                void client.invalidateQueries({ queryKey: sessionKey });
              }}
            />
          </div>
        )}
      </Stack>
    </Container>
  );
}
