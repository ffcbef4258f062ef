import { Button, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Arrival } from '../api/types';

/** The way on for somebody whom nobody knows: a request to the organisation, or what became of it. */
export function Unknown({ arrival }: { arrival: Arrival | undefined }) {
  const { t } = useTranslation('arrival');
  const waiting = arrival?.requests?.[0];
  return (
    <Stack gap="sm">
      {waiting !== undefined && (
        <Text size="md" data-testid="request-waiting" data-number={waiting.number}>
          {t('signIn.waiting', { number: waiting.number })}
        </Text>
      )}
      <Button component={Link} to="/request" size="xl" data-testid="contact-organisation">
        {waiting === undefined ? t('signIn.contact') : t('signIn.addMore')}
      </Button>
    </Stack>
  );
}
