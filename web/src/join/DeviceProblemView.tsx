import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconVideoOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { browserOf, systemOf } from '../media/browser';
import type { DeviceProblem } from '../media/deviceProblem';
import { PermissionPicture } from './PermissionPicture';

interface DeviceProblemViewProps {
  problem: DeviceProblem;
  onAgain: () => void;
}

function useAdvice(problem: DeviceProblem): string {
  const { t } = useTranslation('join');
  if (problem === 'denied') return t(`advice.denied.${browserOf(navigator.userAgent)}`);
  if (problem === 'denied_system') return t(`advice.denied_system.${systemOf(navigator.userAgent)}`);
  return t(`advice.${problem}`);
}

/** Why there is no camera or microphone, and what to do in this very browser. */
export function DeviceProblemView({ problem, onAgain }: DeviceProblemViewProps) {
  const { t } = useTranslation('join');
  const advice = useAdvice(problem);
  return (
    <Alert
      color="orange"
      icon={<IconVideoOff aria-hidden />}
      title={t(`problem.${problem}`)}
      role="alert"
      data-testid="device-problem"
      data-code={problem}
    >
      <Stack gap="sm" align="flex-start">
        <Text size="md">{advice}</Text>
        {problem === 'denied' && <PermissionPicture buried={browserOf(navigator.userAgent)} />}
        {problem === 'denied_system' && <PermissionPicture buried={`system-${systemOf(navigator.userAgent)}`} />}
        <Button size="md" onClick={onAgain} data-testid="device-again">
          {t('devices.again')}
        </Button>
      </Stack>
    </Alert>
  );
}
