import { Alert, Text } from '@mantine/core';
import { IconClockExclamation } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useClockOffset } from './attempt';

const worthTelling = 3 * 60_000;

/** Tells of a device's clock that is wrong, lest somebody thinks she is late, or has time. */
export function ClockNotice() {
  const { t } = useTranslation('way');
  const offset = useClockOffset();
  if (Math.abs(offset) < worthTelling) return null;
  const minutes = Math.round(Math.abs(offset) / 60_000);
  return (
    <Alert color="orange" icon={<IconClockExclamation aria-hidden />} title={t('clock.title')} role="status" data-testid="wrong-clock">
      <Text size="md">{offset < 0 ? t('clock.ahead', { minutes }) : t('clock.behind', { minutes })}</Text>
    </Alert>
  );
}
