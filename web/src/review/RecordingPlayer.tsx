import { Alert, Anchor, Box, Group, SegmentedControl, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, recordingFileURL } from '../api/client';
import type { Recording, TimelineEvent } from '../api/types';
import { clock } from '../i18n/clock';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import { Lanes } from './Lanes';
import type { Place } from './place';
import classes from './Review.module.css';
import type { SeekRequest } from './ReviewBody';
import { SegmentPlayer } from './segmentPlayer';

interface RecordingPlayerProps {
  recording: Recording;
  recordings: Recording[];
  events: TimelineEvent[];
  going: boolean;
  request: SeekRequest | undefined;
  onChoose: (recordingId: string) => void;
  onSeek: (place: Place) => void;
}

/** The video of one recording and the lanes of events below it. */
export function RecordingPlayer(props: RecordingPlayerProps) {
  const { recording, recordings, events, going, request, onChoose, onSeek } = props;
  const { t } = useTranslation('review');
  const format = useFormat();
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<SegmentPlayer>(null);
  const [error, setError] = useState<unknown>();
  const [playable] = useState(() => SegmentPlayer.supported());
  const [positionMs, setPosition] = useState(0);

  useEffect(() => {
    const element = video.current;
    if (element === null || !playable) return undefined;
    const created = new SegmentPlayer(element, (url, signal) => api.segment(url, signal), setError);
    player.current = created;
    return () => {
      player.current = null;
      created.destroy();
    };
  }, [playable]);
  useEffect(() => player.current?.update(recording, !going), [recording, going]);
  useEffect(() => {
    if (request !== undefined) player.current?.seek(request.offsetMs);
  }, [request]);

  return (
    <div className={classes.player}>
      {recordings.length > 1 && (
        <Box p="xs">
          <SegmentedControl
            size="xs"
            aria-label={t('recordings')}
            value={recording.id}
            onChange={onChoose}
            data={recordings.map((one, index) => ({
              value: one.id,
              label: t('recording', { number: index + 1, at: format.time(one.startedAt) }),
            }))}
          />
        </Box>
      )}
      <video
        ref={video}
        className={classes.video}
        controls
        playsInline
        preload="auto"
        aria-label={t('video')}
        data-testid="review-video"
        data-recording={recording.id}
        onTimeUpdate={(event) => setPosition(event.currentTarget.currentTime * 1000)}
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
      <Lanes recording={recording} recordings={recordings} events={events} positionMs={positionMs} onSeek={onSeek} />
      <Group justify="space-between" px="md" pb="sm" gap="xs">
        <Text size="xs" c="dimmed">
          {t('summary', { at: format.stamp(recording.startedAt), length: clock(recording.durationMs), count: recording.segments.length })}
        </Text>
        {recording.segments.length > 0 && (
          <Anchor size="xs" href={recordingFileURL(recording.id)} download data-testid="recording-file">
            {t('download', { size: format.bytes(recording.segments.reduce((sum, segment) => sum + segment.size, 0)) })}
          </Anchor>
        )}
      </Group>
    </div>
  );
}
