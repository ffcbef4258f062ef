import { describe, expect, it } from 'vitest';
import type { ExamSummary } from '../api/types';
import { byDay, dayOf, daysOf, whenOf } from './calendar';

const exam = (id: string, startsAt: Date, endsAt: Date, finishedAt?: string): ExamSummary => ({
  id,
  code: id,
  title: id,
  startsAt: startsAt.toISOString(),
  endsAt: endsAt.toISOString(),
  counts: { roster: 0, connected: 0, waiting: 0, admitted: 0, inProgress: 0, finished: 0 },
  ...(finishedAt === undefined ? {} : { finishedAt }),
});

describe('the calendar', () => {
  it('knows the days of a week from Monday and of a month', () => {
    expect(daysOf('2026-11-22', 'week')).toEqual([
      '2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22',
    ]);
    expect(daysOf('2027-01-01', 'week')[0]).toBe('2026-12-28');
    expect(daysOf('2028-02-10', 'month')).toHaveLength(29);
    expect(daysOf('2026-11-22', 'day')).toEqual(['2026-11-22']);
  });

  it('puts exams on the day they start, in order', () => {
    const late = exam('late', new Date(2026, 10, 22, 23, 30), new Date(2026, 10, 23, 1));
    const early = exam('early', new Date(2026, 10, 22, 9), new Date(2026, 10, 22, 11));
    const days = byDay([late, early]);
    expect([...days.keys()]).toEqual(['2026-11-22']);
    expect(days.get('2026-11-22')?.map(({ id }) => id)).toEqual(['early', 'late']);
    expect(dayOf(late.startsAt)).toBe('2026-11-22');
  });

  it('tells what goes on, what comes and what is over', () => {
    const at = new Date(2026, 10, 22, 10).getTime();
    const one = exam('one', new Date(2026, 10, 22, 9), new Date(2026, 10, 22, 11));
    expect(whenOf(one, at)).toBe('now');
    expect(whenOf(one, at - 2 * 3_600_000)).toBe('next');
    expect(whenOf(one, at + 2 * 3_600_000)).toBe('past');
    expect(whenOf({ ...one, finishedAt: one.startsAt }, at)).toBe('past');
  });
});
