import { describe, expect, it } from 'vitest';
import { freshDetails, localOf, momentOf } from './examTime';

describe('the time of an exam', () => {
  it('goes to the picker and back', () => {
    for (const moment of ['2026-11-22T07:00:00.000Z', '2026-12-31T21:30:00.000Z']) {
      expect(momentOf(localOf(moment))).toBe(moment);
    }
    expect(momentOf(null)).toBe('');
  });

  it('is tomorrow at ten for a new one, also at the end of a year', () => {
    const { startsAt, endsAt } = freshDetails(new Date(2026, 11, 31, 23, 59));
    expect([startsAt, endsAt]).toEqual(['2027-01-01 10:00:00', '2027-01-01 13:00:00']);
  });
});
