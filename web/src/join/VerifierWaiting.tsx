import { Alert, Loader, Stack, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/useFormat';
import type { IdentificationView } from './identificationView';

/** The verifier does not answer: what that means, what happens by itself, and what comes if it stays away. */
export function VerifierWaiting({ view }: { view: Extract<IdentificationView, { kind: 'outage' }> }) {
  const { t } = useTranslation('join');
  const format = useFormat();
  return (
    <Alert
      color="blue"
      icon={<IconPlugConnectedX aria-hidden />}
      title={t('outage.title')}
      role="status"
      data-testid="verifier-waiting"
    >
      <Stack gap="xs">
        <Text size="md">{t('outage.text')}</Text>
        <Text size="md" fw={600}>
          {t('outage.stay')}
        </Text>
        {view.then === 'manual' && (
          <Text size="sm" c="dimmed">
            {t('outage.manual', { at: format.time(view.until) })}
          </Text>
        )}
        <Loader size="sm" type="dots" aria-hidden />
      </Stack>
    </Alert>
  );
}
