import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconWifiOff } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useStore } from '../rtc/useStore';
import { CheckRow } from './CheckRow';
import { ContactLine } from './ContactLine';
import classes from './Join.module.css';
import { useLive } from './live';
import { LiveNotice } from './LiveNotice';
import { NetworkAdvice } from './NetworkAdvice';
import { NetworkFigures } from './NetworkFigures';
import { StepFrame } from './StepFrame';
import { useAfter } from './useAfter';
import { useNetwork } from './useNetwork';

interface ConnectionStepProps {
  attempt: Attempt;
  /** It was measured in this tab already: after a reload only the connection is awaited. */
  measured: boolean;
  onMeasured: () => void;
}

const patienceMs = 15_000;
const readingMs = 1_200;

/** Waits until the server has picture and sound, and measures the way there; passes by itself when it is good. */
export function ConnectionStep({ attempt, measured, onMeasured }: ConnectionStepProps) {
  const { t } = useTranslation(['join', 'way']);
  const { publisher, devices } = useLive();
  const { socket, media } = useStore(publisher.state);
  const { stream } = useStore(devices.state);
  const slow = useAfter(patienceMs, stream);
  const open = socket.phase === 'open';
  const live = open && media === 'live';
  const { state, again } = useNetwork(attempt.id, live && !measured);
  const report = state.phase === 'done' ? state.report : undefined;
  const good = useAfter(readingMs, report?.good === true ? report : undefined);
  useEffect(() => {
    if (good) onMeasured();
  }, [good, onMeasured]);
  const weak = state.phase === 'failed' || report?.good === false;
  const found = report?.good === true ? t('way:network.good') : weak ? t('way:network.weak') : t('way:network.measuring');
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
        {live && !measured && (
          <CheckRow label={t('way:network.row')} state={report?.good === true ? 'ok' : weak ? 'warn' : 'wait'} text={found} testId="network-check" />
        )}
        {report !== undefined && <NetworkFigures report={report} />}
      </Stack>
      {live && weak && <NetworkAdvice report={report} onAgain={again} onAnyway={onMeasured} />}
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
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
