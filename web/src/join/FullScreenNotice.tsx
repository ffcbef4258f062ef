import { Alert, Button, Group, Text } from '@mantine/core';
import { IconMaximize } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { enterFullScreen } from './fullScreen';

function subscribe(changed: () => void): () => void {
  document.addEventListener('fullscreenchange', changed);
  return () => document.removeEventListener('fullscreenchange', changed);
}

/** The way back to full screen, where the exam wants it and the browser can. */
export function FullScreenNotice() {
  const { t } = useTranslation('way');
  const full = useSyncExternalStore(subscribe, () => document.fullscreenElement !== null);
  if (full || !document.fullscreenEnabled) return null;
  return (
    <Alert color="orange" icon={<IconMaximize aria-hidden />} title={t('watch.leave')} role="status" data-testid="full-screen-left">
      <Group justify="space-between">
        <Text size="md">{t('watch.leaveText')}</Text>
        <Button size="md" onClick={() => void enterFullScreen()} data-testid="full-screen">
          {t('watch.enter')}
        </Button>
      </Group>
    </Alert>
  );
}
