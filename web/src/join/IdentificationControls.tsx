import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { IdentificationView } from './identificationView';

interface IdentificationControlsProps {
  view: IdentificationView;
  triesLeft: number;
  /** The server has picture and sound, and no call is on its way. */
  ready: boolean;
  onStart: () => void;
  onSpoken: (challengeId: string) => void;
}

/** The one button of the moment: begin, «I have read them», try again; none while the server works. */
export function IdentificationControls({ view, triesLeft, ready, onStart, onSpoken }: IdentificationControlsProps) {
  const { t } = useTranslation('join');
  const [sent, setSent] = useState<string>();
  switch (view.kind) {
    case 'intro':
      return (
        <Button size="xl" disabled={!ready} onClick={onStart} data-testid="identify-start" data-tries={triesLeft}>
          {ready ? t('identification.start') : t('exam.connecting')}
        </Button>
      );
    case 'failed':
      return (
        <Button size="xl" disabled={!ready} onClick={onStart} data-testid="identify-again" data-tries={triesLeft}>
          {ready ? t('identification.again') : t('exam.connecting')}
        </Button>
      );
    case 'challenge': {
      const { id } = view.challenge;
      return (
        <Button
          size="xl"
          autoFocus
          disabled={sent === id}
          onClick={() => {
            setSent(id);
            onSpoken(id);
          }}
          data-testid="spoken"
        >
          {sent === id ? t('identification.spokenSent') : t('identification.spoken')}
        </Button>
      );
    }
    case 'looking':
    case 'verifying':
    case 'matched':
    case 'waiting':
      return null;
  }
}
