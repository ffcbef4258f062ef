import { Alert, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Clip } from '../api/types';
import { SegmentPlayer } from '../review/segmentPlayer';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './MyFile.module.css';

/** How long before the decision the clip begins. */
const leadMs = 4_000;

/** The few seconds of a recording around a decision. */
export function ClipPlayer({ clip }: { clip: Clip }) {
  const { t } = useTranslation('myfile');
  const video = useRef<HTMLVideoElement>(null);
  const [error, setError] = useState<unknown>();
  const [playable] = useState(() => SegmentPlayer.supported());
  useEffect(() => {
    const element = video.current;
    if (element === null || !playable) return undefined;
    const player = new SegmentPlayer(element, (url, signal) => api.segment(url, signal), setError);
    const first = clip.recording.segments[0]?.startMs ?? 0;
    player.update(clip.recording, true);
    const seek = () => player.seek(Math.max(first, clip.offsetMs - leadMs));
    element.addEventListener('loadedmetadata', seek, { once: true });
    return () => {
      element.removeEventListener('loadedmetadata', seek);
      player.destroy();
    };
  }, [clip, playable]);
  if (!playable) {
    return (
      <Alert color="orange" role="alert">
        <Text size="sm">{t('decisions.unsupported')}</Text>
      </Alert>
    );
  }
  return (
    <>
      <video
        ref={video}
        className={classes.video}
        controls
        playsInline
        preload="auto"
        aria-label={t('decisions.video')}
        data-testid="clip-video"
        data-recording={clip.recording.id}
      />
      {error !== undefined && <ProblemAlert error={error} />}
    </>
  );
}
