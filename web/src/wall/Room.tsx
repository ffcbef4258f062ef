import { memo, startTransition, useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExamRoom } from '../api/types';
import { usePart, useStore } from '../rtc/useStore';
import type { Viewer } from '../rtc/viewer';
import { AttentionList } from './AttentionList';
import { byAttention } from './attention';
import { LargeStudent } from './LargeStudent';
import { LiveTiles } from './LiveTiles';
import { searchId } from './ListTools';
import { PaneTabs, type Pane } from './PaneTabs';
import { RoomHead } from './RoomHead';
import classes from './Wall.module.css';
import { useKeys } from './useKeys';
import { useHoldToSpeak, useSpeaker } from './useSpeaker';
import { VoiceBar } from './VoiceBar';
import { useAlarms } from './useAlarms';
import { useWallPlaces } from './useWallPlaces';

interface RoomProps {
  room: ExamRoom;
  viewer: Viewer;
}

/** Three panes: who needs attention, who is live, one student large. Only what is shown is subscribed. */
export const Room = memo(function Room({ room, viewer }: RoomProps) {
  const { t } = useTranslation('wall');
  const streams = usePart(viewer.state, 'streams');
  const largeStreams = usePart(viewer.state, 'large');
  const identifications = usePart(viewer.state, 'identifications');
  const [heard, setHeard] = useState<string>();
  const [pane, setPane] = useState<Pane>('list');
  const [chosen, setChosen] = useState<string>();
  const ordered = useMemo(() => byAttention(room.attempts), [room.attempts]);
  const selected = chosen ?? ordered[0]?.attempt.id;
  const large = room.attempts.find((entry) => entry.attempt.id === selected);
  const places = useWallPlaces(room.attempts);
  const select = useCallback((attemptId: string) => {
    // A whole student's pane is made: the pictures of the others go on meanwhile.
    startTransition(() => {
      setChosen(attemptId);
      setPane('large');
    });
  }, []);
  const hear = useCallback((attemptId: string, on: boolean) => setHeard(on ? attemptId : undefined), []);
  useAlarms(room.attempts, select);
  const step = (by: number) => {
    const order = ordered.map((entry) => entry.attempt.id);
    const next = order[Math.min(order.length - 1, Math.max(0, order.indexOf(selected ?? '') + by))];
    if (next !== undefined) select(next);
  };
  useKeys({
    J: () => step(1),
    K: () => step(-1),
    F: () => document.getElementById(searchId)?.focus(),
  });

  const speaker = useSpeaker(viewer);
  const { to, stream: microphone } = useStore(speaker.state);
  const wanted = to === undefined || to === 'all' ? undefined : to.attempt;
  const spoken = microphone === undefined ? undefined : wanted;
  useHoldToSpeak(speaker, large?.connected === true ? selected : undefined);
  // A talk goes both ways: who is spoken to is heard, and who is no longer in sight is not spoken to.
  const [answered, setAnswered] = useState<string>();
  if (spoken !== answered) {
    setAnswered(spoken);
    if (spoken !== undefined) setHeard(spoken);
  }
  useEffect(() => {
    if (wanted !== undefined && wanted !== selected) speaker.end();
  }, [speaker, wanted, selected]);

  const small = [...places.shown].sort().join(' ');
  // Whoever is not large is not heard: another student's sound must not go on unseen.
  const listened = heard === selected ? heard : undefined;
  useEffect(
    () => viewer.show({ small: small === '' ? [] : small.split(' '), large: selected, heard: listened }),
    [viewer, small, selected, listened],
  );

  return (
    <div className={classes.room} data-testid="room">
      <div>
        <RoomHead room={room} viewer={viewer} speaker={speaker} />
        <VoiceBar attempts={room.attempts} viewer={viewer} speaker={speaker} />
      </div>
      <div className={classes.panes}>
        <PaneTabs pane={pane} onPane={setPane} />
        <section
          className={`${classes.pane} ${classes.listPane}`}
          data-hidden={pane !== 'list'}
          aria-label={t('panes.list')}
        >
          <AttentionList
            attempts={ordered}
            identifications={identifications}
            selected={selected}
            onSelect={select}
          />
        </section>
        <section className={classes.pane} data-hidden={pane !== 'tiles'} aria-label={t('panes.tiles')}>
          <LiveTiles
            attempts={room.attempts}
            places={places}
            streams={streams}
            levels={viewer.levels}
            identifications={identifications}
            selected={selected}
            onSelect={select}
          />
        </section>
        <section
          className={`${classes.pane} ${classes.largePane}`}
          data-hidden={pane !== 'large'}
          aria-label={t('panes.large')}
        >
          {large !== undefined && (
            <LargeStudent
              key={large.attempt.id}
              entry={large}
              phase={identifications.get(large.attempt.id)}
              streams={largeStreams.get(large.attempt.id)}
              sound={listened === large.attempt.id}
              onSound={hear}
              viewer={viewer}
              speaker={speaker}
            />
          )}
        </section>
      </div>
    </div>
  );
});
