import { Alert, Anchor, Button, Container, Group, Stack, Text, Title } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { signInURL } from '../api/client';
import { PageTitle } from '../shell/PageTitle';

const problems = [
  'esia_denied',
  'esia_unavailable',
  'esia_rejected',
  'state_invalid',
  'account_not_confirmed',
  'person_unknown',
] as const;

/** A path of ours and nothing else: an address of another site is not followed. */
function localPath(value: string | null): string {
  return value !== null && /^\/(?![/\\])/.test(value) ? value : '/';
}

/** Where the sign-in ends when it did not work: why, and what to do. */
export default function SignInPage() {
  const { t } = useTranslation(['home', 'common']);
  const [search] = useSearchParams();
  const given = search.get('problem');
  const problem = problems.find((known) => known === given);
  const title = problem === undefined ? t('signInPage.title') : t(`signInPage.${problem}.title`);
  return (
    <Container size="xs" py={{ base: 'xl', sm: 64 }}>
      <PageTitle title={t('signInPage.title')} />
      <Stack gap="lg">
        <Title order={1}>{t('signInPage.title')}</Title>
        {problem !== undefined && (
          <Alert
            color="orange"
            icon={<IconAlertCircle aria-hidden />}
            title={title}
            role="alert"
            data-testid="sign-in-problem"
            data-code={problem}
          >
            <Stack gap="xs">
              <Text size="md">{t(`signInPage.${problem}.text`)}</Text>
              <Text size="sm" c="dimmed">
                {t('common:error.code', { code: problem })}
              </Text>
            </Stack>
          </Alert>
        )}
        {problem === undefined && <Text>{t('signInPage.text')}</Text>}
        <Button component="a" href={signInURL(localPath(search.get('return')))} size="xl" data-testid="sign-in">
          {problem === undefined ? t('signIn') : t('signInPage.again')}
        </Button>
        <Group justify="space-between">
          <Anchor component={Link} to="/">
            {t('common:toStart')}
          </Anchor>
        </Group>
      </Stack>
    </Container>
  );
}
