import { EmptyState, Tabs } from '@mantine/core';
import { IconVideoOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Identification, Recording, TimelineEvent } from '../api/types';
import { EventList } from './EventList';
import { IdentificationList } from './IdentificationList';
import { placeOf, type Place } from './place';
import { RecordingPlayer } from './RecordingPlayer';
import classes from './Review.module.css';

interface ReviewBodyProps {
  recordings: Recording[];
  events: TimelineEvent[];
  identifications: Identification[];
  /** The attempt goes on: recordings grow. */
  going: boolean;
}

/** A place to show; `turn` makes the same place asked for twice two requests. */
export interface SeekRequest extends Place {
  turn: number;
}

/** The player with its lanes beside the events and the identifications: a click on either seeks. */
export function ReviewBody({ recordings, events, identifications, going }: ReviewBodyProps) {
  const { t } = useTranslation('review');
  const [request, setRequest] = useState<SeekRequest>();
  const [chosen, setChosen] = useState<string>();
  const playable = recordings.filter((recording) => recording.segments.length > 0);
  const current = playable.find((recording) => recording.id === chosen) ?? playable[0];
  const seek = (place: Place) => {
    setChosen(place.recordingId);
    setRequest((last) => ({ ...place, turn: (last?.turn ?? 0) + 1 }));
  };
  return (
    <div className={classes.columns}>
      {current === undefined ? (
        <EmptyState
          className={classes.player}
          py={100}
          icon={<IconVideoOff aria-hidden />}
          title={t('empty.title')}
          description={going ? t('empty.going') : t('empty.over')}
          data-testid="no-recording"
        />
      ) : (
        <RecordingPlayer
          key={current.id}
          recording={current}
          recordings={playable}
          events={events}
          going={going}
          request={request?.recordingId === current.id ? request : undefined}
          onChoose={setChosen}
          onSeek={seek}
        />
      )}
      <Tabs defaultValue="events" className={classes.side}>
        <Tabs.List grow>
          <Tabs.Tab value="events">{t('tabs.events')}</Tabs.Tab>
          <Tabs.Tab value="identifications" data-testid="tab-identifications">
            {t('tabs.identifications')}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="events">
          <EventList events={events} place={(event) => placeOf(event, playable)} onSeek={seek} />
        </Tabs.Panel>
        <Tabs.Panel value="identifications">
          <IdentificationList
            identifications={identifications}
            place={(item) => placeOf(item, playable)}
            onSeek={seek}
          />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
