import { Alert, Loader, Stack, Text } from '@mantine/core';
import { IconCheck, IconUserQuestion, IconHourglass } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { QueueLine } from './QueueLine';
import type { IdentificationView } from './identificationView';

interface IdentificationResultProps {
  view: Extract<IdentificationView, { kind: 'failed' | 'waiting' | 'matched' }>;
  attempt: Attempt;
}

const look = {
  matched: { color: 'teal', icon: <IconCheck aria-hidden /> },
  failed: { color: 'orange', icon: <IconUserQuestion aria-hidden /> },
  waiting: { color: 'blue', icon: <IconHourglass aria-hidden /> },
};

/** How the identification ended: the reason in words, the score, and what remains possible. */
export function IdentificationResult({ view, attempt }: IdentificationResultProps) {
  const { t } = useTranslation('join');
  const { pick, score: scoreText } = useFormat();
  const box = useRef<HTMLDivElement>(null);
  const { identification } = view;
  useEffect(() => box.current?.focus({ preventScroll: true }), [view.kind, identification?.id]);
  const titles = {
    matched: t('identification.matched'),
    failed: t('identification.failed'),
    waiting: t('identification.waiting'),
  };
  return (
    <Alert
      ref={box}
      tabIndex={-1}
      color={look[view.kind].color}
      icon={look[view.kind].icon}
      title={titles[view.kind]}
      role="status"
      data-testid="identification-result"
      data-outcome={identification?.outcome ?? ''}
      data-reason={identification?.reason ?? ''}
    >
      <Stack gap={6}>
        {view.kind === 'matched' && attempt.queue === undefined && <Text size="md">{t('identification.matchedText')}</Text>}
        {view.kind === 'matched' && attempt.queue !== undefined && (
          <>
            <Text size="md">{t('identification.gateText')}</Text>
            <QueueLine attempt={attempt} />
          </>
        )}
        {identification !== undefined && view.kind !== 'matched' && (
          <Text size="md">{pick(identification.message)}</Text>
        )}
        {identification?.score !== undefined && (
          <Text size="sm" c="dimmed">
            {t('identification.score', {
              score: scoreText(identification.score.overall),
              threshold: scoreText(identification.threshold),
            })}
          </Text>
        )}
        {view.kind === 'failed' && (
          <Text size="md" fw={600} data-testid="tries-left" data-tries={attempt.triesLeft}>
            {t('identification.tries', { count: attempt.triesLeft })}
          </Text>
        )}
        {view.kind === 'waiting' && (
          <>
            <Text size="md" data-testid="waiting-proctor">
              {t('identification.waitingText')}
            </Text>
            <QueueLine attempt={attempt} />
            <Loader size="sm" type="dots" aria-hidden />
          </>
        )}
      </Stack>
    </Alert>
  );
}
