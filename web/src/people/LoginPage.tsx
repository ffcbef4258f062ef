import { Anchor, Button, Container, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { api } from '../api/client';
import { ApiError, codeOf } from '../api/problem';
import { localPath } from '../arrival/localPath';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { NewPassword } from './NewPassword';

/** The way in for those without a Gosuslugi account; an issued password is changed on the way. */
export default function LoginPage() {
  const { t } = useTranslation('people');
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [fresh, setFresh] = useState('');
  const returnTo = search.get('return');
  const signIn = useMutation({
    mutationFn: () => api.signInWithLogin(login, password, fresh),
    onSuccess: async () => {
      queryClient.clear();
      await navigate(returnTo === null ? '/account' : localPath(returnTo));
    },
  });
  const code = signIn.isError ? codeOf(signIn.error) : '';
  const [changing, setChanging] = useState(false);
  if (code === 'password_change_needed' && !changing) setChanging(true);
  const wait = signIn.error instanceof ApiError ? signIn.error.problem?.retryAfter : undefined;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <Container size="xs" py={{ base: 'xl', sm: 64 }}>
      <PageTitle title={t('login.title')} />
      <form onSubmit={submit}>
        <Stack gap="lg">
          <Title order={1} size="h2">
            {changing ? t('login.changeTitle') : t('login.title')}
          </Title>
          <Text c="dimmed">{changing ? t('login.changeLead') : t('login.lead')}</Text>
          {signIn.isError && code !== 'password_change_needed' && (
            <ProblemAlert error={signIn.error}>
              {wait !== undefined && <Text size="sm">{t('login.wait', { count: wait })}</Text>}
            </ProblemAlert>
          )}
          {!changing && (
            <>
              <TextInput
                label={t('login.login')}
                size="md"
                value={login}
                onChange={(event) => setLogin(event.currentTarget.value)}
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
                data-testid="login-name"
              />
              <PasswordInput
                label={t('login.password')}
                size="md"
                value={password}
                onChange={(event) => setPassword(event.currentTarget.value)}
                autoComplete="current-password"
                required
                data-testid="login-password"
              />
            </>
          )}
          {changing && <NewPassword onChange={setFresh} />}
          <Button type="submit" size="lg" loading={signIn.isPending} disabled={changing && fresh === ''} data-testid="login-submit">
            {changing ? t('password.save') : t('login.submit')}
          </Button>
          <Anchor component={Link} to="/sign-in">
            {t('login.esia')}
          </Anchor>
        </Stack>
      </form>
    </Container>
  );
}
