import type { ConsentFilter } from '../api/types';
import { startOfDay } from '../log/filter';

export const consentStates = ['stands', 'superseded', 'withdrawn', 'erased'] as const;

const keys = ['state', 'exam', 'version', 'by', 'person', 'from', 'to'] as const;

/** Reads the filter from the address; from and to are days such as 2026-11-21. */
export function filterOf(search: URLSearchParams): ConsentFilter {
  const filter: ConsentFilter = {};
  for (const key of keys) {
    const value = search.get(key);
    if (value !== null && value !== '') filter[key] = value;
  }
  return filter;
}

/** Writes the filter into the address. */
export function searchOf(filter: ConsentFilter): URLSearchParams {
  const search = new URLSearchParams();
  for (const key of keys) {
    const value = filter[key];
    if (value !== undefined && value !== '') search.set(key, value);
  }
  return search;
}

/** The filter as the API takes it: days of this person's time zone become moments, the last day included. */
export function apiFilter(filter: ConsentFilter): ConsentFilter {
  const { from, to, ...rest } = filter;
  const moments: ConsentFilter = { ...rest };
  const begin = from === undefined ? undefined : startOfDay(from, 0);
  const end = to === undefined ? undefined : startOfDay(to, 1);
  if (begin !== undefined) moments.from = begin;
  if (end !== undefined) moments.to = end;
  return moments;
}
