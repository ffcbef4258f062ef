import { Alert, Button, Group, Text } from '@mantine/core';
import { IconScreenShareOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { canShareScreen } from '../media/screen';
import { useStore } from '../rtc/useStore';
import { useLive } from './live';
import { ScreenProblemView } from './ScreenProblemView';

/** The exam asks for the screen and it is not shared: one click shares it again. Nothing while all is well. */
export function ScreenNotice() {
  const { t } = useTranslation('screen');
  const { screen } = useLive();
  const { wanted, phase, problem } = useStore(screen.state);
  if (!wanted || phase === 'shared') return null;
  const able = canShareScreen();
  const ask = () => void screen.open();
  if (able && problem !== undefined && problem !== 'ended') return <ScreenProblemView problem={problem} onAgain={ask} />;
  return (
    <Alert color="orange" icon={<IconScreenShareOff aria-hidden />} title={t('lost')} role="alert" data-testid="screen-lost">
      <Group justify="space-between" gap="sm">
        <Text size="md">{able ? t('lostText') : t('unable.going')}</Text>
        {able && (
          <Button size="md" loading={phase === 'asking'} onClick={ask} data-testid="screen-again">
            {t('shareAgain')}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
