import { EmptyState, Tabs } from '@mantine/core';
import { IconVideoOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt, Identification, Recording, TimelineEvent } from '../api/types';
import { axisOf, leadMs, onAxis } from './axis';
import { ConclusionPanel } from './ConclusionPanel';
import { EventList } from './EventList';
import { IdentificationList } from './IdentificationList';
import { placeOf, type Place } from './place';
import { RecordingPlayer } from './RecordingPlayer';
import classes from './Review.module.css';

interface ReviewBodyProps {
  attempt: Attempt;
  recordings: Recording[];
  events: TimelineEvent[];
  identifications: Identification[];
  /** The attempt goes on: recordings grow. */
  going: boolean;
}

/** A moment of the recordings' common time to show; `turn` makes the same one asked for twice two requests. */
export interface SeekRequest {
  ms: number;
  turn: number;
}

const order: Recording['kind'][] = ['camera', 'screen', 'phone'];

/** The player with its bar and lanes beside the events, the identifications and the result. */
export function ReviewBody({ attempt, recordings, events, identifications, going }: ReviewBodyProps) {
  const { t } = useTranslation('review');
  const [request, setRequest] = useState<SeekRequest>();
  const playable = recordings
    .filter((recording) => recording.segments.length > 0)
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const axis = axisOf(playable);
  const seek = (ms: number) => setRequest((last) => ({ ms: Math.max(0, ms), turn: (last?.turn ?? 0) + 1 }));
  const toPlace = (place: Place, lead: number) => {
    const at = onAxis(place, playable, axis);
    if (at !== undefined) seek(at - lead);
  };
  const open = events.filter((event) => event.flag?.verdict === '').length;
  return (
    <div className={classes.columns}>
      {playable.length === 0 ? (
        <EmptyState
          className={classes.player}
          py={100}
          icon={<IconVideoOff aria-hidden />}
          title={t('empty.title')}
          description={going ? t('empty.going') : t('empty.over')}
          data-testid="no-recording"
        />
      ) : (
        <RecordingPlayer recordings={playable} events={events} going={going} request={request} onEvent={(ms) => seek(ms - leadMs)} />
      )}
      <Tabs defaultValue="events" className={classes.side}>
        <Tabs.List grow>
          <Tabs.Tab value="events">{open === 0 ? t('tabs.events') : t('tabs.eventsOpen', { count: open })}</Tabs.Tab>
          <Tabs.Tab value="identifications" data-testid="tab-identifications">
            {t('tabs.identifications')}
          </Tabs.Tab>
          <Tabs.Tab value="result" data-testid="tab-result">
            {t('tabs.result')}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="events">
          <EventList attemptId={attempt.id} events={events} place={(event) => placeOf(event, playable)} onSeek={(place) => toPlace(place, leadMs)} />
        </Tabs.Panel>
        <Tabs.Panel value="identifications">
          <IdentificationList identifications={identifications} place={(item) => placeOf(item, playable)} onSeek={(place) => toPlace(place, 0)} />
        </Tabs.Panel>
        <Tabs.Panel value="result">
          <ConclusionPanel attempt={attempt} open={open} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
