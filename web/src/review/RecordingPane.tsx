import { Alert, Box, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Recording } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Review.module.css';
import { SegmentPlayer } from './segmentPlayer';

interface RecordingPaneProps {
  recording: Recording;
  going: boolean;
  /** The one that the others follow; it has the sound. */
  main: boolean;
  muted: boolean;
  onElement: (recordingId: string, element: HTMLVideoElement | null) => void;
  onPosition?: (ms: number) => void;
  onToggle: () => void;
}

/** The video of one recording, fed segment by segment. */
export function RecordingPane({ recording, going, main, muted, onElement, onPosition, onToggle }: RecordingPaneProps) {
  const { t } = useTranslation('review');
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<SegmentPlayer>(null);
  const asked = useRef(0);
  const [error, setError] = useState<unknown>();
  const [playable] = useState(() => SegmentPlayer.supported());
  const { id } = recording;
  useEffect(() => {
    const element = video.current;
    if (element === null || !playable) return undefined;
    const created = new SegmentPlayer(element, (url, signal) => api.segment(url, signal), setError);
    player.current = created;
    onElement(id, element);
    return () => {
      player.current = null;
      onElement(id, null);
      created.destroy();
    };
  }, [playable, id, onElement]);
  useEffect(() => player.current?.update(recording, !going), [recording, going]);
  return (
    <div className={classes.pane} data-main={main}>
      <video
        ref={video}
        className={classes.video}
        playsInline
        muted={muted || !main}
        preload="auto"
        aria-label={t(`kind.${recording.kind}`)}
        data-testid={main ? 'review-video' : `review-video-${recording.kind}`}
        data-recording={id}
        onClick={onToggle}
        onSeeking={() => {
          asked.current = performance.now();
        }}
        onSeeked={(event) => {
          // How long a seek took, for whoever measures it.
          event.currentTarget.dataset.seekMs = String(Math.round(performance.now() - asked.current));
        }}
        onTimeUpdate={(event) => onPosition?.(event.currentTarget.currentTime * 1000)}
      />
      {!playable && (
        <Alert m="sm" color="orange" role="alert">
          <Text size="sm">{t('unsupported')}</Text>
        </Alert>
      )}
      {error !== undefined && (
        <Box p="sm">
          <ProblemAlert
            error={error}
            onRetry={() => {
              setError(undefined);
              player.current?.update(recording, !going);
            }}
          />
        </Box>
      )}
    </div>
  );
}
