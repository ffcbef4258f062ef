import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconWifiOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../rtc/useStore';
import { CheckRow } from './CheckRow';
import { ContactLine } from './ContactLine';
import classes from './Join.module.css';
import { useLive } from './live';
import { LiveNotice } from './LiveNotice';
import { StepFrame } from './StepFrame';
import { useAfter } from './useAfter';

const patienceMs = 15_000;

/** Waits until the server has picture and sound; passes by itself. */
export function ConnectionStep({ contact }: { contact: string }) {
  const { t } = useTranslation('join');
  const { publisher, devices } = useLive();
  const { socket, media } = useStore(publisher.state);
  const { stream } = useStore(devices.state);
  const slow = useAfter(patienceMs, stream);
  const open = socket.phase === 'open';
  const live = open && media === 'live';
  return (
    <StepFrame title={t('connection.title')} lead={t('connection.text')} station="connection" testId="connection">
      <LiveNotice />
      <Stack className={classes.panel} gap="lg">
        <CheckRow
          label={t('connection.server')}
          state={open ? 'ok' : 'wait'}
          text={open ? t('connection.done') : t('connection.wait')}
          testId="server-check"
        />
        <CheckRow
          label={t('connection.media')}
          state={live ? 'ok' : 'wait'}
          text={live ? t('connection.done') : t('connection.wait')}
          testId="media-check"
        />
      </Stack>
      {slow && !live && (
        <Alert color="orange" icon={<IconWifiOff aria-hidden />} title={t('connection.slowTitle')} role="alert">
          <Stack gap="sm" align="flex-start">
            <Text size="md">{t('connection.slow')}</Text>
            <Button size="md" onClick={() => publisher.restart()} data-testid="reconnect">
              {t('connection.again')}
            </Button>
          </Stack>
        </Alert>
      )}
      <ContactLine contact={contact} />
    </StepFrame>
  );
}
