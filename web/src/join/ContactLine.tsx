import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** Whom to turn to: shown on every screen where one may be stuck. */
export function ContactLine({ contact }: { contact: string }) {
  const { t } = useTranslation('join');
  if (contact === '') return null;
  return (
    <Text size="md" c="dimmed" data-testid="contact">
      {t('contact', { contact })}
    </Text>
  );
}
