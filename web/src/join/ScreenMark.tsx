import { Text } from '@mantine/core';
import { IconScreenShare, IconScreenShareOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../rtc/useStore';
import { useLive } from './live';

/** Whether the screen is shared, in the exam's bar; nothing where the exam does not ask for it. */
export function ScreenMark() {
  const { t } = useTranslation('screen');
  const { screen } = useLive();
  const { wanted, phase } = useStore(screen.state);
  if (!wanted) return null;
  const shared = phase === 'shared';
  return (
    <Text span inherit aria-live="polite" data-testid="screen-state" data-shared={shared}>
      {shared ? <IconScreenShare size={18} aria-hidden /> : <IconScreenShareOff size={18} aria-hidden />} {shared ? t('bar.shared') : t('bar.lost')}
    </Text>
  );
}
