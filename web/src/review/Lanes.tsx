import { Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Lane, Recording, TimelineEvent } from '../api/types';
import { clock } from '../i18n/clock';
import { eventOnAxis, type Axis } from './axis';
import classes from './Review.module.css';
import { useEventText } from './useEventText';

interface LanesProps {
  axis: Axis;
  recordings: Recording[];
  events: TimelineEvent[];
  positionMs: number;
  /** An event was chosen, by its moment. */
  onEvent: (ms: number) => void;
}

const lanes: Lane[] = ['identity', 'behaviour', 'technical', 'proctor'];

/** What happened when, a line a kind; a click on a mark goes there. */
export function Lanes({ axis, recordings, events, positionMs, onEvent }: LanesProps) {
  const { t } = useTranslation('review');
  const eventText = useEventText();
  const share = (ms: number) => `${Math.min(100, (100 * ms) / Math.max(1, axis.durationMs))}%`;
  const placed = events.flatMap((event) => {
    const ms = eventOnAxis(event, recordings, axis);
    return ms === undefined ? [] : [{ event, ms }];
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
              .map(({ event, ms }, index) => {
                const label = `${clock(ms)} ${eventText(event)}`;
                return (
                  <Tooltip key={`${event.at} ${index}`} label={label}>
                    <UnstyledButton
                      className={classes.mark}
                      style={{ left: share(ms) }}
                      aria-label={label}
                      data-verdict={event.flag?.verdict ?? 'none'}
                      onClick={() => onEvent(ms)}
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
