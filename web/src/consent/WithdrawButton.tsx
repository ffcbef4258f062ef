import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Withdrawn } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ConfirmModal } from '../shell/ConfirmModal';

interface WithdrawButtonProps {
  /** How long recordings are still there afterwards. */
  eraseDays: number;
  withdraw: () => Promise<Withdrawn>;
  onDone: (withdrawn: Withdrawn) => void;
}

/** Takes a consent back, after saying what ends at once and what is deleted when. */
export function WithdrawButton({ eraseDays, withdraw, onDone }: WithdrawButtonProps) {
  const { t } = useTranslation('consent');
  const [asking, setAsking] = useState(false);
  const act = useMutation({
    mutationFn: withdraw,
    onSuccess: (withdrawn) => {
      setAsking(false);
      onDone(withdrawn);
    },
  });
  return (
    <>
      <Button size="md" variant="light" color="red" onClick={() => setAsking(true)} data-testid="withdraw">
        {t('withdraw.button')}
      </Button>
      <ConfirmModal
        opened={asking}
        title={t('withdraw.title')}
        text={
          <Stack gap="xs">
            <Text>{t('withdraw.stops')}</Text>
            <Text>{t('withdraw.erased', { count: eraseDays })}</Text>
            <Text c="dimmed">{t('withdraw.free')}</Text>
          </Stack>
        }
        confirmLabel={t('withdraw.confirm')}
        danger
        pending={act.isPending}
        error={act.error}
        onConfirm={() => act.mutate()}
        onClose={() => setAsking(false)}
        testId="withdraw"
      />
    </>
  );
}

/** What has followed from a withdrawal. */
export function WithdrawnNotice({ withdrawn }: { withdrawn: Withdrawn }) {
  const { t } = useTranslation('consent');
  const format = useFormat();
  return (
    <Alert color="teal" icon={<IconCircleCheck aria-hidden />} title={t('withdraw.done')} role="status" data-testid="withdrawn" data-stopped={withdrawn.stopped}>
      <Stack gap={4}>
        <Text size="md">{t('withdraw.doneText')}</Text>
        <Text size="md">{t('withdraw.erasedBy', { date: format.date(withdrawn.eraseBy) })}</Text>
      </Stack>
    </Alert>
  );
}
