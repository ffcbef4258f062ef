import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconUserQuestion } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client';
import { ApiError, codeOf } from '../api/problem';
import type { ExamCard, Person } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import { useSignOut } from '../shell/useSignOut';
import { rememberAttempt } from './attempt';
import { ContactLine } from './ContactLine';

interface JoinBoxProps {
  card: ExamCard;
  person: Person;
}

/** Who is signed in, and the step into the exam's roster. */
export function JoinBox({ card, person }: JoinBoxProps) {
  const { t } = useTranslation(['join', 'common']);
  const { pick } = useFormat();
  const client = useQueryClient();
  const join = useMutation({
    mutationFn: () => api.join(card.code),
    onSuccess: (attempt) => {
      rememberAttempt(client, attempt);
      client.setQueryData<ExamCard>(['exam-card', card.code, person.id], { ...card, attemptId: attempt.id });
    },
  });
  const signOut = useSignOut(`/e/${encodeURIComponent(card.code)}`);
  const stranger = join.error instanceof ApiError && join.error.code === 'not_in_roster' ? join.error : undefined;
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="xs">
        <div>
          <Text size="sm" c="dimmed">
            {t('card.signedInAs')}
          </Text>
          <Text fw={600} data-testid="signed-in-name">
            {person.displayName}
          </Text>
        </div>
        <Anchor component="button" type="button" onClick={() => signOut.mutate()} data-testid="not-me">
          {t('card.notMe')}
        </Anchor>
      </Group>
      {stranger !== undefined && (
        <Alert
          color="orange"
          icon={<IconUserQuestion aria-hidden />}
          title={t('card.notInRoster')}
          role="alert"
          data-testid="problem"
          data-code={stranger.code}
        >
          <Stack gap="xs">
            {stranger.problem !== undefined && <Text size="md">{pick(stranger.problem.message)}</Text>}
            <Text size="md">{t('card.notInRosterHow')}</Text>
            <ContactLine contact={card.contact} />
          </Stack>
        </Alert>
      )}
      {join.isError && stranger === undefined && (
        <ProblemAlert error={join.error}>
          {codeOf(join.error) === 'another_role' && (
            <Button component={Link} to={`/choose?return=${encodeURIComponent(`/e/${card.code}`)}`} size="sm" data-testid="change-role">
              {t('common:header.changeRole')}
            </Button>
          )}
          {codeOf(join.error) === 'esia_account_needed' && (
            <Button component={Link} to="/account" size="md" data-testid="to-account">
              {t('card.toAccount')}
            </Button>
          )}
          <ContactLine contact={card.contact} />
        </ProblemAlert>
      )}
      <Button size="xl" loading={join.isPending} onClick={() => join.mutate()} data-testid="join">
        {t('card.join')}
      </Button>
      <Anchor component={Link} to={`/ready/${encodeURIComponent(card.code)}`} ta="center" data-testid="to-ready">
        {t('card.toReady')}
      </Anchor>
    </Stack>
  );
}
