import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconScreenShareOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { systemOf } from '../media/browser';
import type { ScreenProblem } from '../media/screenProblem';
import { ScreenPicture } from './ScreenPicture';

interface ScreenProblemViewProps {
  problem: ScreenProblem;
  /** Asks once more; absent where asking is of no use. */
  onAgain?: (() => void) | undefined;
}

/** Why the screen is not shared, and what to do about it in this browser and system. */
export function ScreenProblemView({ problem, onAgain }: ScreenProblemViewProps) {
  const { t } = useTranslation('screen');
  const system = systemOf(navigator.userAgent);
  const advice = problem === 'denied_system' ? t(`advice.denied_system.${system}`) : t(`advice.${problem}`);
  return (
    <Alert
      color="orange"
      icon={<IconScreenShareOff aria-hidden />}
      title={t(`problem.${problem}`)}
      role="alert"
      data-testid="screen-problem"
      data-code={problem}
    >
      <Stack gap="sm" align="flex-start">
        <Text size="md">{advice}</Text>
        {(problem === 'denied' || problem === 'not_whole') && <ScreenPicture />}
        {onAgain !== undefined && (
          <Button size="md" onClick={onAgain} data-testid="screen-again">
            {t('again')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
