import { UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconUser } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import { StreamVideo } from '../media/StreamVideo';
import type { IdentificationPhase } from '../rtc/wire';
import type { Levels } from '../rtc/levels';
import { LevelMeter } from './LevelMeter';
import { useStatus } from './useStatus';
import classes from './Wall.module.css';

interface TileProps {
  entry: RoomAttempt;
  phase: IdentificationPhase | undefined;
  stream: MediaStream | undefined;
  levels: Levels;
  selected: boolean;
  onSelect: (attemptId: string) => void;
}

/** One live student, without sound. A click makes her large. */
export const Tile = memo(function Tile({ entry, phase, stream, levels, selected, onSelect }: TileProps) {
  const { t } = useTranslation(['wall', 'common']);
  const status = useStatus()(entry, phase);
  const { id, student } = entry.attempt;
  return (
    <UnstyledButton
      className={classes.tile}
      data-level={status.level}
      aria-pressed={selected}
      onClick={() => onSelect(id)}
    >
      <StreamVideo stream={stream} className={classes.picture} data-testid={`tile-${id}`} aria-hidden tabIndex={-1} />
      {(stream === undefined || !entry.connected) && (
        <span className={classes.nothing}>
          <IconUser size={36} aria-hidden />
          {entry.connected ? t('waitingPicture') : t('common:connection.offline')}
        </span>
      )}
      <LevelMeter levels={levels} attemptId={id} />
      {status.level !== 'calm' && (
        <span className={classes.alarm} data-level={status.level}>
          {status.icon}
          {status.text}
        </span>
      )}
      <span className={classes.label}>
        {status.level === 'calm' && status.icon}
        <span className={classes.labelName}>{student.displayName}</span>
        {status.level === 'calm' && <VisuallyHidden>{status.text}</VisuallyHidden>}
      </span>
    </UnstyledButton>
  );
});
