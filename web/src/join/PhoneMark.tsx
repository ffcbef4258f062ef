import { Text } from '@mantine/core';
import { IconDeviceMobile, IconDeviceMobileOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';

/** Whether the second camera is seen, in the exam's bar; nothing where the exam does not ask for it. */
export function PhoneMark({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('phone');
  if (attempt.phone === undefined) return null;
  const live = attempt.phone === 'live';
  return (
    <Text span inherit aria-live="polite" data-testid="phone-state" data-live={live}>
      {live ? <IconDeviceMobile size={18} aria-hidden /> : <IconDeviceMobileOff size={18} aria-hidden />} {live ? t('bar.live') : t('bar.lost')}
    </Text>
  );
}
