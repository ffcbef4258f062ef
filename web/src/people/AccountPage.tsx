import { Alert, Container, Stack, Text, Title } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { api } from '../api/client';
import { roles } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { RequireRole } from '../shell/RequireRole';
import { LinkCard } from './LinkCard';
import { LoginCard } from './LoginCard';
import { PendingCard } from './PendingCard';

const problems = ['esia_denied', 'esia_unavailable', 'esia_rejected', 'state_invalid', 'groups_unavailable'] as const;

function Account() {
  const { t } = useTranslation('people');
  const [search] = useSearchParams();
  const given = search.get('problem');
  const problem = given === null ? undefined : (problems.find((known) => known === given) ?? 'other');
  const account = useQuery({ queryKey: ['account'], queryFn: ({ signal }) => api.account(signal), staleTime: 0 });
  if (account.isPending) return <LoadingView />;
  return (
    <Container size="sm" py="xl" data-testid="account-page">
      <PageTitle title={t('account.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('account.title')}</Title>
          <Text c="dimmed">{account.data?.displayName}</Text>
        </Stack>
        {problem !== undefined && (
          <Alert color="orange" icon={<IconAlertCircle aria-hidden />} role="alert" data-testid="account-problem" data-code={given}>
            <Text size="md">{t(`account.problem.${problem}`)}</Text>
          </Alert>
        )}
        {account.isError && <ProblemAlert error={account.error} onRetry={() => void account.refetch()} />}
        {account.data?.pending !== undefined && <PendingCard name={account.data.displayName} pending={account.data.pending} />}
        {account.data !== undefined && account.data.pending === undefined && (
          <LinkCard linked={account.data.linked} hasLogin={account.data.login !== undefined} />
        )}
        {account.data !== undefined && <LoginCard login={account.data.login} />}
      </Stack>
    </Container>
  );
}

/** How the signed-in person signs in: the Gosuslugi account and the university's login. */
export default function AccountPage() {
  return (
    <RequireRole roles={[...roles]}>
      <Account />
    </RequireRole>
  );
}
