import { Alert, Button, Card, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { AccountPage } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { Dialog } from '../shell/Dialog';
import { ProblemAlert } from '../shell/ProblemAlert';
import { NewPassword } from './NewPassword';
import { useAccountChange } from './useAccountChange';

/** The university's login, with a way to change its password. */
export function LoginCard({ login }: { login: AccountPage['login'] }) {
  const { t } = useTranslation('people');
  const format = useFormat();
  const [opened, setOpened] = useState(false);
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const change = useAccountChange(() => api.changePassword(old, fresh));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate(undefined, { onSuccess: () => setOpened(false) });
  };
  return (
    <Card data-testid="login-card">
      <Stack gap="md" align="flex-start">
        <Title order={2} size="h3">
          {t('account.loginTitle')}
        </Title>
        {login === undefined ? (
          <Text size="md" c="dimmed">
            {t('account.noLogin')}
          </Text>
        ) : (
          <>
            <div>
              <Text fw={600}>{t('account.loginName', { name: login.name })}</Text>
              <Text size="md" c="dimmed">
                {t('account.loginSince', { date: format.dateTime(login.changedAt) })}
              </Text>
            </div>
            {change.isSuccess && (
              <Alert color="teal" role="status" data-testid="password-saved">
                {t('password.saved')}
              </Alert>
            )}
            <Button variant="default" onClick={() => setOpened(true)} data-testid="change-password">
              {t('account.changePassword')}
            </Button>
          </>
        )}
      </Stack>
      <Dialog opened={opened} onClose={() => setOpened(false)} title={t('account.changePassword')}>
        <form onSubmit={submit}>
          <Stack>
            {change.isError && <ProblemAlert error={change.error} />}
            <PasswordInput
              label={t('password.old')}
              size="md"
              value={old}
              onChange={(event) => setOld(event.currentTarget.value)}
              autoComplete="current-password"
              required
              data-testid="old-password"
            />
            <NewPassword onChange={setFresh} />
            <Button type="submit" size="md" loading={change.isPending} disabled={fresh === ''} data-testid="password-save">
              {t('password.save')}
            </Button>
          </Stack>
        </form>
      </Dialog>
    </Card>
  );
}
