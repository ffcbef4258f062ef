import { Anchor, Button, Container, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { api, signInURL } from '../api/client';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { localPath } from './localPath';
import { NotConfirmed } from './NotConfirmed';
import { problemOf } from './problemOf';
import { SignInProblem } from './SignInProblem';
import { Unknown } from './Unknown';

/** Where the sign-in ends when it did not work: why, and what to do. */
export default function SignInPage() {
  const { t } = useTranslation(['arrival', 'common']);
  const [search] = useSearchParams();
  const problem = problemOf(search.get('problem'));
  const returnTo = localPath(search.get('return'));
  // How it ended in this browser: the server knows more than it writes into an address.
  const arrival = useQuery({
    queryKey: ['arrival'],
    queryFn: ({ signal }) => api.arrival(signal),
    enabled: problem !== undefined,
    retry: false,
    staleTime: 0,
  });
  if (arrival.isLoading) return <LoadingView />;
  const told = arrival.data?.problem === problem ? arrival.data : undefined;
  const again = signInURL(returnTo);
  return (
    <Container size="xs" py={{ base: 'xl', sm: 64 }}>
      <PageTitle title={t('signIn.title')} />
      <Stack gap="lg">
        <Title order={1}>{t('signIn.title')}</Title>
        {problem === undefined ? <Text>{t('signIn.text')}</Text> : <SignInProblem problem={problem} arrival={told} />}
        {problem === 'account_not_confirmed' && <NotConfirmed level={told?.level} />}
        {problem === 'person_unknown' && <Unknown arrival={told} />}
        <Button
          component="a"
          href={again}
          size="xl"
          variant={problem === 'person_unknown' ? 'default' : 'filled'}
          data-testid="sign-in"
        >
          {problem === undefined ? t('signIn.signIn') : t('signIn.again')}
        </Button>
        <Anchor component={Link} to={`/login?return=${encodeURIComponent(returnTo)}`} data-testid="by-login">
          {t('signIn.byLogin')}
        </Anchor>
        <Anchor component={Link} to="/">
          {t('common:toStart')}
        </Anchor>
      </Stack>
    </Container>
  );
}
