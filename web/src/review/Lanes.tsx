import { Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Lane, Recording, TimelineEvent } from '../api/types';
import { clock } from '../i18n/clock';
import { placeOf, type Place } from './place';
import classes from './Review.module.css';
import { useEventText } from './useEventText';

interface LanesProps {
  recording: Recording;
  recordings: Recording[];
  events: TimelineEvent[];
  positionMs: number;
  onSeek: (place: Place) => void;
}

const lanes: Lane[] = ['identity', 'behaviour', 'technical', 'proctor'];

/** What happened when, a line a kind; a click on a mark goes there. */
export function Lanes({ recording, recordings, events, positionMs, onSeek }: LanesProps) {
  const { t } = useTranslation('review');
  const eventText = useEventText();
  const share = (ms: number) => `${Math.min(100, (100 * ms) / Math.max(1, recording.durationMs))}%`;
  const placed = events.flatMap((event) => {
    const place = placeOf(event, recordings);
    return place?.recordingId === recording.id ? [{ event, place }] : [];
  });
  return (
    <div className={classes.lanes} data-testid="lanes">
      {lanes.map((lane) => (
        <div key={lane} className={`${classes.lane} ${classes[lane]}`}>
          <Text size="xs" c="dimmed">
            {t(`lane.${lane}`)}
          </Text>
          <div className={classes.laneTrack}>
            {placed
              .filter(({ event }) => event.lane === lane)
              .map(({ event, place }, index) => {
                const label = `${clock(place.offsetMs)} ${eventText(event)}`;
                return (
                  <Tooltip key={`${event.at} ${index}`} label={label}>
                    <UnstyledButton
                      className={classes.mark}
                      style={{ left: share(place.offsetMs) }}
                      aria-label={label}
                      onClick={() => onSeek(place)}
                    />
                  </Tooltip>
                );
              })}
            <span className={classes.head} style={{ left: share(positionMs) }} aria-hidden />
          </div>
        </div>
      ))}
    </div>
  );
}
