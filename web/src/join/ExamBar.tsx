import { Badge, Text } from '@mantine/core';
import { IconWifi, IconWifiOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { clock } from '../i18n/clock';
import { useStore } from '../rtc/useStore';
import classes from './Join.module.css';
import { useLive } from './live';
import { PhoneMark } from './PhoneMark';
import { ScreenMark } from './ScreenMark';
import { useServerClock } from './useServerClock';

/** Recording, connection, time: what a student glances at, and nothing that moves. */
export function ExamBar({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { publisher } = useLive();
  const { socket, media } = useStore(publisher.state);
  const now = useServerClock();
  const live = socket.phase === 'open' && media === 'live';
  const left = Date.parse(attempt.endsAt) - now;
  return (
    <div className={classes.bar} role="region" aria-label={t('exam.bar')} data-testid="exam-bar">
      <div className={classes.barInner}>
        <Text span inherit fw={600} data-testid="recording-state" data-live={live}>
          <span className={classes.recDot} data-off={!live} aria-hidden />{' '}
          {live ? t('exam.recording') : t('exam.recordingLost')}
        </Text>
        <Text span inherit aria-live="polite" data-testid="connection-state">
          {live ? <IconWifi size={18} aria-hidden /> : <IconWifiOff size={18} aria-hidden />}{' '}
          {live ? t('exam.connected') : t('exam.connecting')}
        </Text>
        <ScreenMark />
        <PhoneMark attempt={attempt} />
        {attempt.extraMinutes > 0 && (
          <Badge ml="auto" size="lg" variant="light" color="teal" title={t('exam.extraLabel')} data-testid="extra-time" data-minutes={attempt.extraMinutes}>
            {t('exam.extra', { count: attempt.extraMinutes })}
          </Badge>
        )}
        <Text span inherit ml={attempt.extraMinutes > 0 ? 0 : 'auto'} data-testid="time-left">
          {left > 0 ? t('exam.timeLeft', { time: clock(left) }) : t('exam.timeOver')}
        </Text>
      </div>
    </div>
  );
}
