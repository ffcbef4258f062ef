import { Alert, Badge, Button, Card, Container, CopyButton, Divider, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconInfoCircle, IconMail, IconTicket } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { sessionKey } from '../api/session';
import { looksLikeEmail } from '../arrival/looksLikeEmail';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './ConsentText.module.css';

const key = ['guardian-consent'] as const;

/** «Для входа нужно согласие одного из родителей»: where a student under 18 asks a parent, and waits. */
export function ParentNeeded() {
  const { t } = useTranslation('consent');
  const format = useFormat();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [tried, setTried] = useState(false);
  const state = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const answer = await api.guardianConsent(signal);
      // The parent has consented: the door opens by itself.
      if (!answer.needed) await client.invalidateQueries({ queryKey: sessionKey });
      return answer;
    },
    refetchInterval: 4_000,
  });
  const invite = useMutation({
    mutationFn: (to: string) => api.inviteGuardian(to),
    onSuccess: (answer, to) => {
      client.setQueryData(key, answer);
      if (to !== '') {
        setEmail('');
        setTried(false);
      }
    },
  });
  if (state.isPending) return <LoadingView />;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (looksLikeEmail(email)) invite.mutate(email.trim());
  };
  const made = invite.data?.made;
  return (
    <Container size="sm" py="xl" data-testid="parent-needed">
      <PageTitle title={t('minor.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('minor.title')}</Title>
          <Text c="dimmed">{t('minor.text')}</Text>
        </Stack>
        {state.isError && <ProblemAlert error={state.error} onRetry={() => void state.refetch()} />}
        {state.data?.refusedAt !== undefined && (
          <Alert color="orange" icon={<IconInfoCircle aria-hidden />} title={t('minor.refusedTitle')} data-testid="parent-refused">
            <Text size="md">{t('minor.refusedText', { at: format.dateTime(state.data.refusedAt) })}</Text>
          </Alert>
        )}
        <Card padding="lg">
          <form onSubmit={submit} noValidate>
            <Stack gap="md">
              <TextInput
                size="md"
                type="email"
                label={t('minor.email')}
                description={t('minor.emailHint')}
                value={email}
                onChange={(event) => setEmail(event.currentTarget.value)}
                error={tried && !looksLikeEmail(email) ? t('emailBad') : undefined}
                maxLength={254}
                autoComplete="off"
                data-testid="parent-email"
              />
              <Button type="submit" size="lg" loading={invite.isPending} leftSection={<IconMail size={20} aria-hidden />} data-testid="parent-invite">
                {t('minor.send')}
              </Button>
            </Stack>
          </form>
          <Divider my="lg" label={t('minor.or')} />
          <Stack gap="sm" align="flex-start">
            <Text size="md">{t('minor.codeText')}</Text>
            {made === undefined ? (
              <Button variant="default" size="md" disabled={invite.isPending} leftSection={<IconTicket size={20} aria-hidden />} onClick={() => invite.mutate('')} data-testid="parent-code">
                {t('minor.code')}
              </Button>
            ) : (
              <Stack gap="xs" data-testid="parent-code-made">
                <Text className={classes.code}>{made.code}</Text>
                <Text size="md">{t('minor.codeWhere', { url: made.url })}</Text>
                <CopyButton value={`${made.url}#${made.code}`}>
                  {({ copied, copy }) => (
                    <Button variant="light" size="sm" onClick={copy}>
                      {copied ? t('minor.copied') : t('minor.copy')}
                    </Button>
                  )}
                </CopyButton>
              </Stack>
            )}
          </Stack>
        </Card>
        {invite.isError && <ProblemAlert error={invite.error} />}
        {state.data !== undefined && state.data.invitations.length > 0 && (
          <Stack gap="xs" data-testid="parent-invitations">
            <Title order={2} size="h4">
              {t('minor.sent')}
            </Title>
            {state.data.invitations.map((invitation) => (
              <Group key={invitation.id} gap="sm" data-state={invitation.state}>
                <Badge variant="light" color={invitation.state === 'open' ? 'blue' : 'gray'}>
                  {t(`invitation.${invitation.state}`)}
                </Badge>
                <Text size="md">{invitation.email === '' ? t('minor.byCode') : invitation.email}</Text>
                <Text size="sm" c="dimmed">
                  {t('minor.until', { at: format.dateTime(invitation.expiresAt) })}
                </Text>
              </Group>
            ))}
            <Text size="sm" c="dimmed" role="status">
              {t('minor.waiting')}
            </Text>
          </Stack>
        )}
        <Text size="sm" c="dimmed">
          {t('minor.otherForm')}
        </Text>
      </Stack>
    </Container>
  );
}
