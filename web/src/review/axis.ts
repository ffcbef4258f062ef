import type { Recording, TimelineEvent } from '../api/types';
import { placeOf, type Place } from './place';

/** The common time of all recordings of an attempt: from the first one's start to the last one's end. */
export interface Axis {
  startedAt: number;
  durationMs: number;
}

export function axisOf(recordings: Recording[]): Axis {
  const starts = recordings.map((recording) => Date.parse(recording.startedAt));
  const startedAt = Math.min(...starts);
  const end = Math.max(...recordings.map((recording, index) => (starts[index] ?? 0) + recording.durationMs));
  return recordings.length === 0 ? { startedAt: 0, durationMs: 0 } : { startedAt, durationMs: end - startedAt };
}

/** How far into the axis a recording begins. */
export function beginsAt(recording: Recording, axis: Axis): number {
  return Date.parse(recording.startedAt) - axis.startedAt;
}

/** A place of a recording on the axis. */
export function onAxis(place: Place, recordings: Recording[], axis: Axis): number | undefined {
  const recording = recordings.find(({ id }) => id === place.recordingId);
  return recording === undefined ? undefined : beginsAt(recording, axis) + place.offsetMs;
}

/** An event on the axis; undefined when nothing was recorded then. */
export function eventOnAxis(event: TimelineEvent, recordings: Recording[], axis: Axis): number | undefined {
  const place = placeOf(event, recordings);
  return place === undefined ? undefined : onAxis(place, recordings, axis);
}

/** How long before an event one wants to begin to look. */
export const leadMs = 7_000;

/**
 * What a minute looks like: gap: nothing was recorded in most of it; alarm: somebody else
 * seemed to sit there, or a flag was confirmed; flag: a flag that nobody has judged; calm.
 */
export type MinuteLook = 'alarm' | 'flag' | 'gap' | 'calm';

export function minutesOf(recordings: Recording[], events: TimelineEvent[], axis: Axis): MinuteLook[] {
  const count = Math.max(1, Math.ceil(axis.durationMs / 60_000));
  const recorded = Array.from({ length: count }, () => 0);
  const main = recordings[0];
  for (const segment of main?.segments ?? []) {
    let from = (main === undefined ? 0 : beginsAt(main, axis)) + segment.startMs;
    const to = from + segment.durationMs;
    while (from < to) {
      const minute = Math.floor(from / 60_000);
      const until = Math.min(to, (minute + 1) * 60_000);
      if (minute >= 0 && minute < count) recorded[minute] = (recorded[minute] ?? 0) + until - from;
      from = until;
    }
  }
  const looks = recorded.map((ms, index): MinuteLook => {
    const length = Math.min(60_000, axis.durationMs - index * 60_000);
    return ms < length / 2 ? 'gap' : 'calm';
  });
  for (const event of events) {
    const look = lookOf(event);
    const at = look === undefined ? undefined : eventOnAxis(event, recordings, axis);
    if (look === undefined || at === undefined) continue;
    const end = event.until === undefined ? at : at + Date.parse(event.until) - Date.parse(event.at);
    for (let minute = Math.floor(at / 60_000); minute <= Math.floor(end / 60_000) && minute < count; minute++) {
      if (minute >= 0 && looks[minute] !== 'alarm') looks[minute] = look;
    }
  }
  return looks;
}

function lookOf(event: TimelineEvent): MinuteLook | undefined {
  if (event.flag === undefined || event.flag.verdict === 'dismissed') return undefined;
  return event.kind === 'identity_alarm' || event.flag.verdict === 'confirmed' ? 'alarm' : 'flag';
}
