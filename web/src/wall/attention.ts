import type { Attempt, RoomAttempt } from '../api/types';

/**
 * How much of the proctor's attention a student needs, most first: alarm: somebody else
 * seems to sit there; call: she raised her hand; help: only the proctor can move her on;
 * unidentified: connected and not yet known; lost: was in and has no connection; flagged:
 * something wants a look; calm; absent: has not come; done.
 */
export const levels = ['alarm', 'call', 'help', 'unidentified', 'lost', 'flagged', 'calm', 'absent', 'done'] as const;
export type Level = (typeof levels)[number];

/** Nobody but staff can move her on: no tries are left, a document is to be seen, or she is to be let in. */
export function waitsForProctor(attempt: Attempt): boolean {
  return attempt.state === 'manual_identification' || attempt.state === 'identified' || (attempt.state === 'ready' && attempt.triesLeft <= 0);
}

/** A break that has lasted longer than the rules allow. */
export function breakIsOver(attempt: Attempt, now = Date.now()): boolean {
  const { breaks } = attempt;
  return breaks?.since !== undefined && Date.parse(breaks.since) + breaks.minutes * 60_000 < now;
}

/** What wants a look, though nothing has to be decided: an unread message, an open call, doubts of the machine. */
export function isFlagged(attempt: Attempt): boolean {
  return (
    (attempt.talk?.unreadByStaff ?? 0) > 0 ||
    attempt.call !== undefined ||
    breakIsOver(attempt) ||
    (attempt.flags ?? 0) > 0
  );
}

const closed: Attempt['state'][] = ['finished', 'reviewed', 'declined', 'terminated', 'expired'];

export function levelOf({ attempt, connected }: RoomAttempt): Level {
  if (attempt.call !== undefined && attempt.call.acknowledgedAt === undefined && attempt.again?.alarmAt === undefined && !closed.includes(attempt.state)) {
    return 'call';
  }
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
      if (!connected) return 'lost';
      return isFlagged(attempt) ? 'flagged' : 'calm';
    case 'finished':
    case 'reviewed':
    case 'declined':
    case 'terminated':
    case 'expired':
      return 'done';
  }
}

const alphabet = new Intl.Collator('ru'); // made once: a room is sorted with every change of a student

/** Compares students by name; those of one name keep apart. */
export function byName(a: RoomAttempt, b: RoomAttempt): number {
  return alphabet.compare(a.attempt.student.displayName, b.attempt.student.displayName) || (a.attempt.id < b.attempt.id ? -1 : 1);
}

/** The attempts by attention, then by name. */
export function byAttention(attempts: RoomAttempt[]): RoomAttempt[] {
  return attempts
    .map((entry) => ({ entry, need: levels.indexOf(levelOf(entry)) }))
    .sort((a, b) => a.need - b.need || byName(a.entry, b.entry))
    .map(({ entry }) => entry);
}

/** The order to show: the wanted one, or while it is held, the shown one with newcomers at its end. */
export function holdOrder(shown: string[], wanted: string[], held: boolean): string[] {
  if (!held) return wanted;
  const present = new Set(wanted);
  const kept = shown.filter((id) => present.has(id));
  const known = new Set(kept);
  return [...kept, ...wanted.filter((id) => !known.has(id))];
}

export type Filter = 'all' | 'unidentified' | 'lost' | 'mine';

/** `me` is whose students «mine» are. */
export function passes(entry: RoomAttempt, filter: Filter, me?: string): boolean {
  const level = levelOf(entry);
  switch (filter) {
    case 'all':
      return true;
    case 'unidentified':
      return level === 'alarm' || level === 'call' || level === 'help' || level === 'unidentified';
    case 'lost':
      return level === 'lost';
    case 'mine':
      return entry.attempt.charge !== undefined && entry.attempt.charge.id === me;
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
  /** Those who wait to be let in. */
  identified: number;
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
    identified: count((entry) => entry.attempt.state === 'identified'),
  };
}

/** Whether the student has a place on the wall: she is in, or was and is expected back. */
export function onWall(entry: RoomAttempt): boolean {
  const level = levelOf(entry);
  return ['alarm', 'flagged', 'calm', 'lost', 'unidentified'].includes(level) || ((level === 'help' || level === 'call') && entry.connected);
}
