import type { ExamSummary } from '../api/types';

export type When = 'now' | 'next' | 'past';

export function whenOf(exam: ExamSummary, now: number): When {
  if (exam.finishedAt !== undefined) return 'past';
  if (now < Date.parse(exam.startsAt)) return 'next';
  return now <= Date.parse(exam.endsAt) ? 'now' : 'past';
}

/** The day of a moment in the reader's time zone, YYYY-MM-DD. */
export function dayOf(at: Date | string): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export type Span = 'day' | 'week' | 'month';

/** The days of the day, the week (from Monday) or the month that holds a day. */
export function daysOf(day: string, span: Span): string[] {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  if (span === 'day') return [day];
  const first = span === 'month' ? new Date(year, month - 1, 1) : new Date(year, month - 1, date - ((new Date(year, month - 1, date).getDay() + 6) % 7));
  const count = span === 'month' ? new Date(year, month, 0).getDate() : 7;
  return Array.from({ length: count }, (_, index) => dayOf(new Date(first.getFullYear(), first.getMonth(), first.getDate() + index)));
}

/** Exams by the day on which they start, each day's in their order. */
export function byDay(exams: ExamSummary[]): Map<string, ExamSummary[]> {
  const days = new Map<string, ExamSummary[]>();
  for (const exam of [...exams].sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))) {
    const day = dayOf(exam.startsAt);
    days.set(day, [...(days.get(day) ?? []), exam]);
  }
  return days;
}
