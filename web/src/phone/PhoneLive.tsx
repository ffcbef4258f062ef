import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconCameraRotate, IconWifiOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { StreamVideo } from '../media/StreamVideo';
import type { PhoneState } from '../rtc/phone';
import classes from './Phone.module.css';

interface PhoneLiveProps {
  stream: MediaStream;
  phase: PhoneState['phase'];
  opening: boolean;
  onTurn: () => void;
}

/** What the proctor sees, large, and how it stands. */
export function PhoneLive({ stream, phase, opening, onTurn }: PhoneLiveProps) {
  const { t } = useTranslation('phone');
  const live = phase === 'live';
  return (
    <Stack gap="md">
      <figure className={classes.figure}>
        <StreamVideo stream={stream} className={classes.picture} aria-label={t('seen')} data-testid="phone-view" />
        <figcaption className={classes.caption} role="status" data-live={live}>
          <span className={classes.dot} data-live={live} aria-hidden /> {live ? t('seen') : t('connecting')}
        </figcaption>
      </figure>
      {phase === 'lost' && (
        <Alert color="gray" icon={<IconWifiOff aria-hidden />} role="status" data-testid="phone-lost">
          <Text size="md">{t('lost')}</Text>
        </Alert>
      )}
      <Text size="lg" fw={600}>
        {t('check')}
      </Text>
      <Text size="md">{t('keep')}</Text>
      <Button variant="default" leftSection={<IconCameraRotate aria-hidden />} loading={opening} onClick={onTurn} data-testid="phone-turn">
        {t('turn')}
      </Button>
    </Stack>
  );
}
