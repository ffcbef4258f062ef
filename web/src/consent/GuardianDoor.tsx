import { Alert, Button, Card, Container, Divider, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconInfoCircle, IconUserCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { api, guardianSignInURL, signInURL } from '../api/client';
import { sessionKey } from '../api/session';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';

const key = ['guardian-invitation'] as const;

const knownProblems = ['account_not_confirmed', 'of_age', 'guardian_code_used', 'guardian_code_expired', 'guardian_code_unknown'] as const;

/** How a parent comes in: by the link of a letter or a code, then through Gosuslugi; or, not known there, by papers. */
export function GuardianDoor({ code }: { code: string }) {
  const { t } = useTranslation('consent');
  const format = useFormat();
  const client = useQueryClient();
  const [search] = useSearchParams();
  const [typed, setTyped] = useState('');
  const open = useMutation({ mutationFn: (of: string) => api.openInvitation(of), onSuccess: (answer) => client.setQueryData(key, answer) });
  // Not asked while a link's code is opened: the answer to a question from before could come after, and hide that it was.
  const invitation = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api.guardianInvitation(signal),
    enabled: code === '' || open.isError,
  });
  const claim = useMutation({
    mutationFn: () => api.claimGuardian(),
    onSuccess: async (home) => {
      client.setQueryData(['guardian'], home);
      await client.invalidateQueries({ queryKey: sessionKey });
    },
  });
  const opened = useRef('');
  const { mutate } = open;
  useEffect(() => {
    if (code === '' || opened.current === code) return;
    opened.current = code;
    mutate(code);
  }, [code, mutate]);
  if (invitation.isPending || (code !== '' && open.isPending)) return <LoadingView />;
  const problem = knownProblems.find((known) => known === search.get('problem'));
  const { data } = invitation;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (typed.trim() !== '') open.mutate(typed);
  };
  return (
    <Container size="sm" py="xl" data-testid="guardian-door">
      <PageTitle title={t('door.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('door.title')}</Title>
          <Text c="dimmed">
            {data?.organisation === undefined ? t('door.text') : t('door.asks', { organisation: data.organisation.name })}
          </Text>
        </Stack>
        {problem !== undefined && !open.isSuccess && (
          <Alert color="orange" icon={<IconInfoCircle aria-hidden />} data-testid="guardian-problem" data-code={problem}>
            <Text size="md">{t(`door.problem.${problem}`)}</Text>
          </Alert>
        )}
        {open.isError && <ProblemAlert error={open.error} />}
        {data?.opened === true && data.claimant !== undefined && (
          <Card padding="lg" data-testid="guardian-claimant">
            <Stack gap="md" align="flex-start">
              <Text fw={600}>{t('door.notParentTitle')}</Text>
              <Text size="md">{t('door.notParentText', { name: data.claimant })}</Text>
              {claim.isError && <ProblemAlert error={claim.error} />}
              <Button size="md" loading={claim.isPending} onClick={() => claim.mutate()} data-testid="guardian-claim">
                {t('door.claim')}
              </Button>
              <Button component="a" href={guardianSignInURL()} variant="subtle" size="sm" px={0}>
                {t('door.anotherAccount')}
              </Button>
            </Stack>
          </Card>
        )}
        {data?.opened === true && data.claimant === undefined && (
          <Card padding="lg">
            <Stack gap="md">
              <Text size="md">{t('door.how')}</Text>
              <Button component="a" href={guardianSignInURL()} size="xl" leftSection={<IconUserCheck aria-hidden />} data-testid="sign-in">
                {t('door.signIn')}
              </Button>
              {data.expiresAt !== undefined && (
                <Text size="sm" c="dimmed">
                  {t('door.until', { at: format.dateTime(data.expiresAt) })}
                </Text>
              )}
            </Stack>
          </Card>
        )}
        {data?.opened !== true && (
          <Card padding="lg">
            <form onSubmit={submit}>
              <Stack gap="md">
                <TextInput
                  size="md"
                  label={t('door.code')}
                  description={t('door.codeHint')}
                  value={typed}
                  onChange={(event) => setTyped(event.currentTarget.value)}
                  maxLength={100}
                  autoComplete="off"
                  data-testid="guardian-code"
                />
                <Button type="submit" size="lg" loading={open.isPending} data-testid="guardian-open">
                  {t('door.open')}
                </Button>
              </Stack>
            </form>
            <Divider my="lg" label={t('door.or')} />
            <Button component="a" href={signInURL('/guardian')} variant="default" size="md" data-testid="guardian-return">
              {t('door.again')}
            </Button>
          </Card>
        )}
      </Stack>
    </Container>
  );
}
