import { ActionIcon, Tooltip } from '@mantine/core';
import { IconVolume, IconVolumeOff } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';

interface SoundButtonProps {
  attemptId: string;
  /** Whether there is anything to hear. */
  able: boolean;
  on: boolean;
  onSound: (attemptId: string, on: boolean) => void;
}

/** Listens to one student, until it is pressed again. */
export const SoundButton = memo(function SoundButton({ attemptId, able, on, onSound }: SoundButtonProps) {
  const { t } = useTranslation('wall');
  const label = on ? t('sound.off') : t('sound.on');
  return (
    <Tooltip label={label}>
      <ActionIcon
        size="xl"
        variant={on ? 'filled' : 'light'}
        disabled={!able}
        aria-label={label}
        aria-pressed={on}
        onClick={() => onSound(attemptId, !on)}
        data-testid="sound"
      >
        {on ? <IconVolume aria-hidden /> : <IconVolumeOff aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
});
