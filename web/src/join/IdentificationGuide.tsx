import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { ChallengeDigits } from './ChallengeDigits';
import type { IdentificationView } from './identificationView';
import { IdentificationResult } from './IdentificationResult';
import classes from './Join.module.css';
import { PhaseBar } from './PhaseBar';
import { VerifierWaiting } from './VerifierWaiting';

interface IdentificationGuideProps {
  view: IdentificationView;
  attempt: Attempt;
}

/** The one thing to do now, or how it ended. Read out by screen readers as it changes. */
export function IdentificationGuide({ view, attempt }: IdentificationGuideProps) {
  const { t } = useTranslation('join');
  if (view.kind === 'failed' || view.kind === 'waiting' || view.kind === 'matched') {
    return <IdentificationResult view={view} attempt={attempt} />;
  }
  if (view.kind === 'outage') return <VerifierWaiting view={view} />;
  if (view.kind === 'intro') {
    return (
      <div>
        <Text>{attempt.verifier === 'session' ? t('identification.introPage') : attempt.voice ? t('identification.intro') : t('identification.introFace')}</Text>
        <Text c="dimmed" size="md">
          {t('identification.introTips')}
        </Text>
      </div>
    );
  }
  return (
    <div>
      <PhaseBar phase={view.kind} way={attempt.verifier === 'session' ? 'session' : attempt.voice ? 'push' : 'face'} />
      <div className={classes.instruction} aria-live="assertive" role="status" data-testid="instruction">
        {view.kind === 'looking' && (
          <Text size="xl" fw={600} data-testid="hint" data-code={view.hint ?? ''}>
            {view.hint === undefined ? t('identification.looking') : t(`hint.${view.hint}`)}
          </Text>
        )}
        {view.kind === 'challenge' && (
          <Text size="xl" fw={600}>
            {t('identification.read')}
          </Text>
        )}
        {view.kind === 'away' && (
          <>
            <Text size="xl" fw={600}>
              {t('identification.away')}
            </Text>
            <Text size="md" c="dimmed">
              {t('identification.awayHint')}
            </Text>
          </>
        )}
        {view.kind === 'verifying' && (
          <>
            <Text size="xl" fw={600}>
              {t('identification.verifying')}
            </Text>
            <Text size="md" c="dimmed">
              {t('identification.verifyingHint')}
            </Text>
          </>
        )}
      </div>
      {view.kind === 'challenge' && <ChallengeDigits challenge={view.challenge} />}
    </div>
  );
}
