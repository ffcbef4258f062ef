import type { Attempt, RoomAttempt } from '../api/types';

/**
 * How much of the proctor's attention a student needs, most first: alarm: somebody else
 * seems to sit there; help: only the proctor
 * can move her on; unidentified: connected and not yet known; lost: was in and has no
 * connection; calm; absent: has not come; done.
 */
export const levels = ['alarm', 'help', 'unidentified', 'lost', 'calm', 'absent', 'done'] as const;
export type Level = (typeof levels)[number];

/** No tries are left and nobody has decided yet. */
export function waitsForProctor(attempt: Attempt): boolean {
  return attempt.state === 'manual_identification' || (attempt.state === 'ready' && attempt.triesLeft <= 0);
}

export function levelOf({ attempt, connected }: RoomAttempt): Level {
  switch (attempt.state) {
    case 'registered':
    case 'ready':
    case 'identifying':
    case 'identified':
    case 'manual_identification':
      if (waitsForProctor(attempt)) return 'help';
      return connected ? 'unidentified' : 'absent';
    case 'admitted':
    case 'in_progress':
    case 'paused':
      if (attempt.again?.alarmAt !== undefined) return 'alarm';
      return connected ? 'calm' : 'lost';
    case 'finished':
    case 'reviewed':
    case 'declined':
    case 'terminated':
    case 'expired':
      return 'done';
  }
}

/** The attempts by attention, then by name. */
export function byAttention(attempts: RoomAttempt[]): RoomAttempt[] {
  const name = (entry: RoomAttempt) => entry.attempt.student.displayName;
  return [...attempts].sort(
    (a, b) =>
      levels.indexOf(levelOf(a)) - levels.indexOf(levelOf(b)) ||
      name(a).localeCompare(name(b), 'ru') ||
      a.attempt.id.localeCompare(b.attempt.id),
  );
}

/** The order to show: the wanted one, or while it is held, the shown one with newcomers at its end. */
export function holdOrder(shown: string[], wanted: string[], held: boolean): string[] {
  if (!held) return wanted;
  const present = new Set(wanted);
  const kept = shown.filter((id) => present.has(id));
  const known = new Set(kept);
  return [...kept, ...wanted.filter((id) => !known.has(id))];
}

export type Filter = 'all' | 'unidentified' | 'lost';

export function passes(entry: RoomAttempt, filter: Filter): boolean {
  const level = levelOf(entry);
  switch (filter) {
    case 'all':
      return true;
    case 'unidentified':
      return level === 'alarm' || level === 'help' || level === 'unidentified';
    case 'lost':
      return level === 'lost';
  }
}

/** What the head of the room counts. */
export interface RoomCounts {
  roster: number;
  connected: number;
  unidentified: number;
  lost: number;
  inProgress: number;
  finished: number;
}

export function countRoom(attempts: RoomAttempt[]): RoomCounts {
  const count = (match: (entry: RoomAttempt) => boolean) => attempts.filter(match).length;
  return {
    roster: attempts.length,
    connected: count((entry) => entry.connected),
    unidentified: count((entry) => passes(entry, 'unidentified')),
    lost: count((entry) => levelOf(entry) === 'lost'),
    inProgress: count((entry) => entry.attempt.state === 'in_progress' || entry.attempt.state === 'paused'),
    finished: count((entry) => entry.attempt.state === 'finished' || entry.attempt.state === 'reviewed'),
  };
}

/** Whether the student has a place on the wall: she is in, or was and is expected back. */
export function onWall(entry: RoomAttempt): boolean {
  const level = levelOf(entry);
  return level === 'alarm' || level === 'calm' || level === 'lost' || level === 'unidentified' || (level === 'help' && entry.connected);
}
