import type { LogFilter } from '../api/types';

/** The kinds of records, as the log names them. */
export const recordTypes = [
  'identification',
  'manual_identification',
  'admission',
  'consent',
  'decline',
  'recording_head',
  'link',
  'unlink',
  'sign_in',
  'request',
  'staff',
  'withdrawal',
  'guardian',
  'erasure',
  'receipt',
  'hold',
  'appeal',
  'policy_change',
  'decision',
  'access',
  'key_change',
] as const;
export type RecordType = (typeof recordTypes)[number];

const keys = ['exam', 'outcome', 'type', 'faculty', 'group', 'person', 'manual', 'appeals', 'attempt', 'from', 'to'] as const;

/** Reads the filter from the address; from and to are days such as 2026-11-21. */
export function filterOf(search: URLSearchParams): LogFilter {
  const filter: LogFilter = {};
  for (const key of keys) {
    const value = search.get(key);
    if (value !== null && value !== '') filter[key] = value;
  }
  return filter;
}

/** Writes the filter into the address. */
export function searchOf(filter: LogFilter): URLSearchParams {
  const search = new URLSearchParams();
  for (const key of keys) {
    const value = filter[key];
    if (value !== undefined && value !== '') search.set(key, value);
  }
  return search;
}

/** The moment at which a day of this person's time zone begins, or one some days later; undefined for what is no day. */
export function startOfDay(day: string, daysLater: number): string | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (parts === null) return undefined;
  return new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + daysLater).toISOString();
}

/** The filter as the API takes it: days of this person's time zone become moments, the last day included. */
export function apiFilter(filter: LogFilter): LogFilter {
  const { from, to, ...rest } = filter;
  const moments: LogFilter = { ...rest };
  const begin = from === undefined ? undefined : startOfDay(from, 0);
  const end = to === undefined ? undefined : startOfDay(to, 1);
  if (begin !== undefined) moments.from = begin;
  if (end !== undefined) moments.to = end;
  return moments;
}
