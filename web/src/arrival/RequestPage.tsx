import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { api, signInURL } from '../api/client';
import type { RequestReceipt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { RequestFiled } from './RequestFiled';
import { RequestForm } from './RequestForm';

/** A request to the organisation of somebody whom Gosuslugi have named and nobody here knows. */
export default function RequestPage() {
  const { t } = useTranslation('arrival');
  const format = useFormat();
  const [search] = useSearchParams();
  const missing = search.get('kind') === 'organisation';
  const [sent, setSent] = useState<{ receipt: RequestReceipt; email: string }>();
  const arrival = useQuery({ queryKey: ['arrival'], queryFn: ({ signal }) => api.arrival(signal), staleTime: 0 });
  if (arrival.isPending) return <LoadingView />;
  const title = missing ? t('request.missingTitle') : t('request.title');
  const named = arrival.data?.name !== undefined && arrival.data.name !== '';
  const waiting = arrival.data?.requests?.[0];
  return (
    <Container size="sm" py={{ base: 'lg', sm: 48 }}>
      <PageTitle title={title} />
      {sent !== undefined ? (
        <RequestFiled receipt={sent.receipt} email={sent.email} />
      ) : (
        <Stack gap="lg">
          <Title order={1}>{title}</Title>
          {arrival.isError && <ProblemAlert error={arrival.error} onRetry={() => void arrival.refetch()} />}
          {arrival.isSuccess && !named && (
            <Stack align="flex-start" data-testid="request-needs-sign-in">
              <Text fw={600}>{t('request.signInTitle')}</Text>
              <Text>{t('request.signInText')}</Text>
              <Button component="a" href={signInURL(missing ? '/request?kind=organisation' : '/request')} data-testid="sign-in">
                {t('signIn.signIn')}
              </Button>
            </Stack>
          )}
          {arrival.isSuccess && named && (
            <>
              <Text c="dimmed">{missing ? t('request.missingText') : t('request.text')}</Text>
              {waiting !== undefined && (
                <Text size="md">{t('request.waiting', { number: waiting.number, date: format.date(waiting.filedAt) })}</Text>
              )}
              <RequestForm arrival={arrival.data} missing={missing} onSent={(receipt, email) => setSent({ receipt, email })} />
            </>
          )}
        </Stack>
      )}
    </Container>
  );
}
