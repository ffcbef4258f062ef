import { Progress, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '../i18n/clock';
import type { Challenge } from '../rtc/wire';
import classes from './Join.module.css';
import { useServerClock } from './useServerClock';

/** The digits to read aloud, large, and the time that is left for it. */
export function ChallengeDigits({ challenge }: { challenge: Challenge }) {
  const { t } = useTranslation('join');
  const now = useServerClock(200);
  const [shownAt] = useState(now);
  const end = Date.parse(challenge.expiresAt);
  const left = Math.max(0, end - now);
  const share = end > shownAt ? (100 * left) / (end - shownAt) : 0;
  return (
    <Stack gap="sm">
      <div className={classes.digits} data-testid="challenge-digits" data-digits={challenge.digits} aria-hidden>
        {challenge.digits.split('').map((digit, index) => (
          <span key={index} className={classes.digit}>
            {digit}
          </span>
        ))}
      </div>
      <VisuallyHidden role="alert">{t('identification.digits', { digits: challenge.digits.split('').join(' ') })}</VisuallyHidden>
      <Progress value={Math.min(100, share)} size={6} aria-hidden />
      <Text size="sm" c="dimmed" ta="center">
        {t('exam.timeLeft', { time: clock(left) })}
      </Text>
    </Stack>
  );
}
