import { Text, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TimelineEvent } from '../api/types';
import { FlagActions } from './FlagActions';
import { clock } from '../i18n/clock';
import { useFormat } from '../i18n/useFormat';
import type { Place } from './place';
import classes from './Review.module.css';
import { useEventText } from './useEventText';

interface EventListProps {
  attemptId: string;
  events: TimelineEvent[];
  place: (event: TimelineEvent) => Place | undefined;
  onSeek: (place: Place) => void;
}

/** The events one below another; those that were recorded can be gone to. */
export function EventList({ attemptId, events, place, onSeek }: EventListProps) {
  const { t } = useTranslation('review');
  const { time } = useFormat();
  const eventText = useEventText();
  if (events.length === 0) {
    return (
      <Text size="sm" c="dimmed" p="md">
        {t('noEvents')}
      </Text>
    );
  }
  return (
    <div className={classes.events} data-testid="events">
      {events.map((event, index) => {
        const at = place(event);
        return (
          <div key={`${event.at} ${index}`} className={classes.eventRow}>
            <UnstyledButton
              className={`${classes.event} ${classes[event.lane]}`}
              data-playable={at !== undefined}
              data-kind={event.kind}
              data-lane={event.lane}
              disabled={at === undefined}
              onClick={() => at !== undefined && onSeek(at)}
            >
              <span className={classes.time}>{at === undefined ? time(event.at) : clock(at.offsetMs)}</span>
              <span className={classes.dot} title={t(`lane.${event.lane}`)} />
              <span>
                {eventText(event)}
                {event.actor !== undefined && event.actor !== '' && (
                  <Text size="xs" c="dimmed">
                    {event.actor}
                  </Text>
                )}
              </span>
            </UnstyledButton>
            {event.flag !== undefined && <FlagActions attemptId={attemptId} flag={event.flag} what={eventText(event)} />}
          </div>
        );
      })}
    </div>
  );
}
