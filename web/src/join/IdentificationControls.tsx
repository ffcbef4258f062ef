import { Button } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { IdentificationView } from './identificationView';

interface IdentificationControlsProps {
  view: IdentificationView;
  triesLeft: number;
  /** The server has picture and sound, and no call is on its way. */
  ready: boolean;
  onStart: () => void;
}

/** The one button of the moment: begin, or try again; none while the server works. */
export function IdentificationControls({ view, triesLeft, ready, onStart }: IdentificationControlsProps) {
  const { t } = useTranslation('join');
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
    case 'away':
      return (
        <Button
          component="a"
          href={view.url}
          target="_blank"
          rel="noopener noreferrer"
          size="xl"
          rightSection={<IconExternalLink aria-hidden />}
          data-testid="verifier-page"
        >
          {t('identification.openPage')}
        </Button>
      );
    case 'looking':
    case 'challenge':
    case 'verifying':
    case 'matched':
    case 'waiting':
    case 'outage':
      return null;
  }
}
