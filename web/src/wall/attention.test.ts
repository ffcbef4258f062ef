import { describe, expect, it } from 'vitest';
import { attemptStates } from '../api/types';
import { fakeEntry } from '../rtc/fakes';
import { breakIsOver, byAttention, countRoom, holdOrder, levelOf, levels, onWall, passes } from './attention';

const student = (id: string, displayName: string) => ({ id, student: { displayName, group: '' } });

describe('levelOf', () => {
  it('knows every state, connected or not', () => {
    for (const state of attemptStates) {
      for (const connected of [true, false]) expect(levels).toContain(levelOf(fakeEntry({ state }, connected)));
    }
  });

  it('calls for help when no tries are left, even without a connection', () => {
    expect(levelOf(fakeEntry({ state: 'ready', triesLeft: 0 }))).toBe('help');
    expect(levelOf(fakeEntry({ state: 'ready', triesLeft: 0 }, false))).toBe('help');
    expect(levelOf(fakeEntry({ state: 'ready', triesLeft: 1 }))).toBe('unidentified');
  });

  it('tells who lost the connection from who has not come', () => {
    expect(levelOf(fakeEntry({ state: 'in_progress' }, false))).toBe('lost');
    expect(levelOf(fakeEntry({ state: 'ready' }, false))).toBe('absent');
  });
});

describe('what stands between student and staff', () => {
  const at = '2026-11-21T10:00:00Z';

  it('puts a raised hand before all but an alarm, until somebody takes it', () => {
    const call = { reason: 'health', at } as const;
    expect(levelOf(fakeEntry({ state: 'in_progress', call }))).toBe('call');
    expect(levelOf(fakeEntry({ state: 'ready', triesLeft: 0, call }))).toBe('call');
    expect(levelOf(fakeEntry({ state: 'in_progress', call: { ...call, acknowledgedAt: at } }))).toBe('flagged');
    expect(levelOf(fakeEntry({ state: 'in_progress', call, again: { alarmAt: at, triesLeft: 0, cause: 'random' } }))).toBe('alarm');
    expect(levelOf(fakeEntry({ state: 'finished', call }))).toBe('done');
  });

  it('flags unread messages, breaks that last too long and doubts; who waits to be let in needs help', () => {
    expect(levelOf(fakeEntry({ state: 'in_progress', talk: { last: 1, unreadByStaff: 1, unreadByStudent: 0 } }))).toBe('flagged');
    expect(levelOf(fakeEntry({ state: 'in_progress', talk: { last: 1, unreadByStaff: 0, unreadByStudent: 1 } }))).toBe('calm');
    const breaks = { allowed: 1, taken: 1, minutes: 10, since: at };
    expect(breakIsOver(fakeEntry({ breaks }).attempt, Date.parse(at) + 11 * 60_000)).toBe(true);
    expect(breakIsOver(fakeEntry({ breaks }).attempt, Date.parse(at) + 9 * 60_000)).toBe(false);
    expect(levelOf(fakeEntry({ state: 'identified' }))).toBe('help');
  });

  it('knows whose students are mine', () => {
    const mine = fakeEntry({ charge: { id: 'me', name: 'Я' } });
    expect([passes(mine, 'mine', 'me'), passes(mine, 'mine', 'you'), passes(fakeEntry({}), 'mine', 'me'), passes(fakeEntry({}), 'mine')]).toEqual([true, false, false, false]);
  });
});

describe('byAttention', () => {
  it('puts the not identified first, then the lost, then the calm; by name within', () => {
    const room = [
      fakeEntry({ ...student('calm', 'Абрамов'), state: 'in_progress' }),
      fakeEntry({ ...student('done', 'Абрамов'), state: 'finished' }, false),
      fakeEntry({ ...student('lost', 'Яковлев'), state: 'in_progress' }, false),
      fakeEntry({ ...student('new-2', 'Яковлев'), state: 'ready' }),
      fakeEntry({ ...student('new-1', 'Ёлкин'), state: 'ready' }),
      fakeEntry({ ...student('help', 'Яковлев'), state: 'ready', triesLeft: 0 }),
    ];
    expect(byAttention(room).map(({ attempt }) => attempt.id)).toEqual(['help', 'new-1', 'new-2', 'lost', 'calm', 'done']);
  });

  it('leaves what it was given as it was', () => {
    const room = [fakeEntry({ ...student('b', 'Б'), state: 'finished' }), fakeEntry({ ...student('a', 'А'), state: 'ready' })];
    byAttention(room);
    expect(room.map(({ attempt }) => attempt.id)).toEqual(['b', 'a']);
  });
});

describe('holdOrder', () => {
  it('takes the wanted order when it is not held', () => {
    expect(holdOrder(['a', 'b'], ['b', 'a'], false)).toEqual(['b', 'a']);
  });

  it('moves nobody while held: who left is gone, who came is at the end', () => {
    expect(holdOrder(['a', 'b', 'c'], ['d', 'c', 'a'], true)).toEqual(['a', 'c', 'd']);
  });
});

describe('countRoom', () => {
  it('counts what the head shows', () => {
    const counts = countRoom([
      fakeEntry({ state: 'ready', triesLeft: 0 }),
      fakeEntry({ state: 'identifying' }),
      fakeEntry({ state: 'in_progress' }),
      fakeEntry({ state: 'paused' }, false),
      fakeEntry({ state: 'reviewed' }, false),
      fakeEntry({ state: 'registered' }, false),
    ]);
    expect(counts).toEqual({ roster: 6, connected: 3, unidentified: 2, lost: 1, inProgress: 2, finished: 1, identified: 0 });
  });
});

describe('passes and onWall', () => {
  it('filter by what a proctor looks for', () => {
    const lost = fakeEntry({ state: 'admitted' }, false);
    expect([passes(lost, 'all'), passes(lost, 'lost'), passes(lost, 'unidentified')]).toEqual([true, true, false]);
  });

  it('keep the place of who lost the connection and give none to who has not come or is done', () => {
    expect(onWall(fakeEntry({ state: 'in_progress' }, false))).toBe(true);
    expect(onWall(fakeEntry({ state: 'registered' }, false))).toBe(false);
    expect(onWall(fakeEntry({ state: 'finished' }, true))).toBe(false);
  });
});
