import { describe, expect, it } from 'vitest';
import { fakeAttempt } from '../rtc/fakes';
import { newerAttempt } from './newerAttempt';

describe('newerAttempt', () => {
  const early = fakeAttempt({ state: 'ready', serverTime: '2026-11-21T10:00:00.100Z' });
  const late = fakeAttempt({ state: 'admitted', serverTime: '2026-11-21T10:00:00.200Z' });

  it('takes the first that comes', () => {
    expect(newerAttempt(undefined, early)).toBe(early);
  });

  it('does not let a late answer put the attempt back', () => {
    expect(newerAttempt(late, early)).toBe(late);
    expect(newerAttempt(early, late)).toBe(late);
  });

  it('takes the newly told one of two of the same moment', () => {
    const same = { ...early };
    expect(newerAttempt(early, same)).toBe(same);
  });
});
