import { Anchor, Group, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { recordingFileURL } from '../api/client';
import type { Recording, TimelineEvent } from '../api/types';
import { clock } from '../i18n/clock';
import { useFormat } from '../i18n/useFormat';
import { axisOf, beginsAt, eventOnAxis, leadMs, minutesOf } from './axis';
import { Ensemble } from './ensemble';
import { Lanes } from './Lanes';
import { MinuteBar } from './MinuteBar';
import { PlayerControls } from './PlayerControls';
import { RecordingPane } from './RecordingPane';
import classes from './Review.module.css';
import type { SeekRequest } from './ReviewBody';

interface RecordingPlayerProps {
  /** All that can be played; the first one leads, the others keep its time. */
  recordings: Recording[];
  events: TimelineEvent[];
  going: boolean;
  request: SeekRequest | undefined;
  onEvent: (ms: number) => void;
}

const stepSeconds = 2;

/** Camera, screen and phone in step, one bar coloured by minute, the lanes of events. */
export function RecordingPlayer({ recordings, events, going, request, onEvent }: RecordingPlayerProps) {
  const { t } = useTranslation('review');
  const format = useFormat();
  const elements = useRef(new Map<string, HTMLVideoElement>());
  const ensemble = useRef<Ensemble>(null);
  const [ready, setReady] = useState(0);
  const [position, setPosition] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [muted, setMuted] = useState(false);
  const [speed, setSpeed] = useState(1);
  const axis = axisOf(recordings);
  const main = recordings[0];
  const mainId = main?.id ?? '';
  const begin = main === undefined ? 0 : beginsAt(main, axis);
  const positionMs = begin + position;

  const onElement = useCallback((id: string, element: HTMLVideoElement | null) => {
    if (element === null) elements.current.delete(id);
    else elements.current.set(id, element);
    setReady((count) => count + 1);
  }, []);
  const assemble = useEffectEvent((leader: HTMLVideoElement, followers: { video: HTMLVideoElement; shiftSeconds: number }[]) => new Ensemble(leader, followers, speed));
  const shifts = recordings.slice(1).map((one) => `${one.id} ${(begin - beginsAt(one, axis)) / 1000}`).join('\n');
  useEffect(() => {
    const master = elements.current.get(mainId);
    if (master === undefined) return undefined;
    const followers = shifts.split('\n').flatMap((line) => {
      const [id = '', shift = '0'] = line.split(' ');
      const video = elements.current.get(id);
      return video === undefined ? [] : [{ video, shiftSeconds: Number(shift) }];
    });
    const together = assemble(master, followers);
    ensemble.current = together;
    const told = new AbortController();
    const tell = () => setPlaying(!master.paused);
    for (const name of ['play', 'pause', 'ended']) master.addEventListener(name, tell, { signal: told.signal });
    return () => {
      told.abort();
      together.release();
    };
  }, [mainId, shifts, ready]);

  const master = () => elements.current.get(mainId);
  const seek = (ms: number) => {
    const video = master();
    if (video === undefined) return;
    const last = Number.isNaN(video.duration) ? Infinity : Math.max(0, video.duration - 0.1);
    video.currentTime = Math.min(last, Math.max(0, (ms - begin) / 1000));
  };
  const answer = useEffectEvent(seek);
  useEffect(() => {
    if (request !== undefined) answer(request.ms);
  }, [request]);
  const toggle = () => {
    const video = master();
    if (video === undefined) return;
    if (video.paused) void video.play().catch(() => undefined);
    else video.pause();
  };
  const faster = (value: number) => {
    if (ensemble.current !== null) ensemble.current.speed = value;
    setSpeed(value);
  };
  const flags = events
    .flatMap((event) => {
      const at = event.flag === undefined ? undefined : eventOnAxis(event, recordings, axis);
      return at === undefined ? [] : [at];
    })
    .sort((a, b) => a - b);
  const toFlag = (direction: 1 | -1) => {
    const here = positionMs + leadMs;
    const next = direction === 1 ? flags.find((at) => at > here + 500) : flags.findLast((at) => at < here - 1_500);
    if (next !== undefined) seek(next - leadMs);
  };
  const free = () => document.querySelector('[role="dialog"]') === null;
  const digits = Array.from({ length: 10 }, (_, index) => [`Digit${index}`, () => free() && faster(index === 0 ? 10 : index), { usePhysicalKeys: true }] as const);
  useHotkeys(
    [
      ['space', () => free() && toggle()],
      ['ArrowLeft', () => free() && seek(positionMs - stepSeconds * 1000)],
      ['ArrowRight', () => free() && seek(positionMs + stepSeconds * 1000)],
      ['BracketLeft', () => free() && toFlag(-1), { usePhysicalKeys: true }],
      ['BracketRight', () => free() && toFlag(1), { usePhysicalKeys: true }],
      ['M', () => free() && setMuted(!muted), { usePhysicalKeys: true }],
      ...digits.map(([key, act, options]): [string, () => void, typeof options] => [key, act, options]),
    ],
    ['INPUT', 'TEXTAREA', 'SELECT', 'BUTTON', 'A'],
  );
  if (main === undefined) return null;
  return (
    <div className={classes.player}>
      <div className={classes.panes} data-count={recordings.length}>
        {recordings.map((recording) => (
          <RecordingPane
            key={recording.id}
            recording={recording}
            going={going}
            main={recording.id === mainId}
            muted={muted}
            onElement={onElement}
            onToggle={toggle}
            {...(recording.id === mainId ? { onPosition: setPosition } : {})}
          />
        ))}
      </div>
      <PlayerControls
        playing={playing}
        muted={muted}
        speed={speed}
        positionMs={positionMs}
        durationMs={axis.durationMs}
        onToggle={toggle}
        onMuted={setMuted}
        onSpeed={faster}
        onFlag={toFlag}
      />
      <MinuteBar minutes={minutesOf(recordings, events, axis)} durationMs={axis.durationMs} positionMs={positionMs} onSeek={seek} />
      <Lanes axis={axis} recordings={recordings} events={events} positionMs={positionMs} onEvent={onEvent} />
      {recordings.map((recording) => (
        <Group key={recording.id} justify="space-between" gap="xs" px="md" pb="sm">
          <Text size="xs" c="dimmed">
            {t(`kind.${recording.kind}`)}.{' '}
            {t('summary', { at: format.stamp(recording.startedAt), length: clock(recording.durationMs), count: recording.segments.length })}
          </Text>
          <Anchor href={recordingFileURL(recording.id)} download size="xs" data-testid="recording-file">
            {t('download', { size: format.bytes(recording.segments.reduce((sum, segment) => sum + segment.size, 0)) })}
          </Anchor>
        </Group>
      ))}
    </div>
  );
}
