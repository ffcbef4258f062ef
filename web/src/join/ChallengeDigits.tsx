import { Text, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Challenge } from '../rtc/wire';
import classes from './Join.module.css';

/** The digit to read aloud now, large, and how many have come; the server shows each at a moment of its own. */
export function ChallengeDigits({ challenge }: { challenge: Challenge }) {
  const { t } = useTranslation('join');
  const { length, shown, digit } = challenge;
  return (
    <div className={classes.digits} data-testid="challenge-digits" data-shown={shown} data-digit={digit}>
      <div className={classes.digit} data-waiting={shown === 0 || undefined} key={shown} aria-hidden>
        {shown === 0 ? '…' : digit}
      </div>
      <div className={classes.digitMarks} aria-hidden>
        {Array.from({ length }, (_, index) => (
          <span key={index} className={classes.digitMark} data-passed={index < shown || undefined} />
        ))}
      </div>
      <Text size="md" c="dimmed" ta="center">
        {shown === 0 ? t('identification.soon', { count: length }) : t('identification.digitOf', { shown, length })}
      </Text>
      <VisuallyHidden role="alert">{shown === 0 ? '' : t('identification.digit', { digit })}</VisuallyHidden>
    </div>
  );
}
