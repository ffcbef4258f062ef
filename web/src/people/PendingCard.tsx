import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { AccountPage } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import { useAccountChange } from './useAccountChange';

interface PendingCardProps {
  name: string;
  pending: NonNullable<AccountPage['pending']>;
}

/** Whose Gosuslugi account it is and to whom it would be linked; nothing is linked before she says so. */
export function PendingCard({ name, pending }: PendingCardProps) {
  const { t } = useTranslation('people');
  const format = useFormat();
  const confirm = useAccountChange(() => api.confirmLink());
  const cancel = useAccountChange(() => api.cancelLink());
  const details = [t('account.bornIn', { year: pending.birthYear }), pending.snils === '' ? '' : t('account.snils', { snils: pending.snils })];
  return (
    <Card data-testid="pending-link" data-problem={pending.problem ?? ''}>
      <Stack gap="md">
        <Title order={2} size="h3">
          {t('account.pendingTitle')}
        </Title>
        <div>
          <Text size="sm" c="dimmed">
            {t('account.pendingWho')}
          </Text>
          <Text fw={600}>{pending.name}</Text>
          <Text size="sm" c="dimmed">
            {[...details, t('account.number', { account: pending.account })].filter((part) => part !== '').join(' · ')}
          </Text>
        </div>
        <div>
          <Text size="sm" c="dimmed">
            {t('account.pendingTo')}
          </Text>
          <Text fw={600}>{name}</Text>
        </div>
        {pending.message !== undefined && (
          <Alert color="red" icon={<IconAlertTriangle aria-hidden />} role="alert">
            <Text size="md">{format.pick(pending.message)}</Text>
          </Alert>
        )}
        {confirm.isError && <ProblemAlert error={confirm.error} />}
        <Group gap="sm">
          {pending.problem === undefined && (
            <Button loading={confirm.isPending} onClick={() => confirm.mutate()} data-testid="link-confirm">
              {t('account.confirm')}
            </Button>
          )}
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()} data-testid="link-cancel">
            {t('account.cancel')}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}
