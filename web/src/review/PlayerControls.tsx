import { ActionIcon, Group, Select, Text, Tooltip } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlayerSkipBack, IconPlayerSkipForward, IconVolume, IconVolumeOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { clock } from '../i18n/clock';

export const speeds = [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

interface PlayerControlsProps {
  playing: boolean;
  muted: boolean;
  speed: number;
  positionMs: number;
  durationMs: number;
  onToggle: () => void;
  onMuted: (muted: boolean) => void;
  onSpeed: (speed: number) => void;
  /** To the flag before (-1) or after (1) the position. */
  onFlag: (direction: 1 | -1) => void;
}

/** Play, the speed, the flags before and after, the sound; each has a key. */
export function PlayerControls(props: PlayerControlsProps) {
  const { playing, muted, speed, positionMs, durationMs, onToggle, onMuted, onSpeed, onFlag } = props;
  const { t } = useTranslation('review');
  const button = (label: string, icon: React.ReactNode, act: () => void, testId: string) => (
    <Tooltip label={label}>
      <ActionIcon size="lg" variant="default" aria-label={label} onClick={act} data-testid={testId}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
  return (
    <Group gap="xs" px="md" pt="sm">
      {button(
        playing ? t('controls.pause') : t('controls.play'),
        playing ? <IconPlayerPause size={18} aria-hidden /> : <IconPlayerPlay size={18} aria-hidden />,
        onToggle,
        'review-play',
      )}
      {button(t('controls.previous'), <IconPlayerSkipBack size={18} aria-hidden />, () => onFlag(-1), 'previous-flag')}
      {button(t('controls.next'), <IconPlayerSkipForward size={18} aria-hidden />, () => onFlag(1), 'next-flag')}
      {button(
        muted ? t('controls.sound') : t('controls.silence'),
        muted ? <IconVolumeOff size={18} aria-hidden /> : <IconVolume size={18} aria-hidden />,
        () => onMuted(!muted),
        'review-sound',
      )}
      <Select
        size="xs"
        w={90}
        aria-label={t('controls.speed')}
        value={String(speed)}
        onChange={(value) => onSpeed(Number(value))}
        data={speeds.map((value) => ({ value: String(value), label: `${String(value).replace('.', ',')}×` }))}
        allowDeselect={false}
        data-testid="review-speed"
      />
      <Text size="sm" ff="text" data-testid="review-position">
        {clock(positionMs)} / {clock(durationMs)}
      </Text>
      <Text size="xs" c="dimmed" ml="auto" visibleFrom="sm">
        {t('controls.keys')}
      </Text>
    </Group>
  );
}
