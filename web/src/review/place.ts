import type { Recording, TimelineEvent } from '../api/types';

/** A moment in one of the recordings. */
export interface Place {
  recordingId: string;
  offsetMs: number;
}

/** Where an event is in the recordings: as the server says, or by the clock; undefined when outside of all. */
export function placeOf(event: Pick<TimelineEvent, 'at' | 'recordingId' | 'offsetMs'>, recordings: Recording[]): Place | undefined {
  if (event.recordingId !== undefined && event.offsetMs !== undefined) {
    const named = recordings.find((recording) => recording.parts.includes(event.recordingId ?? ''));
    if (named !== undefined) return { recordingId: named.id, offsetMs: event.offsetMs };
  }
  const at = Date.parse(event.at);
  for (const recording of recordings) {
    const offsetMs = at - Date.parse(recording.startedAt);
    if (offsetMs >= 0 && offsetMs <= recording.durationMs) return { recordingId: recording.id, offsetMs };
  }
  return undefined;
}
