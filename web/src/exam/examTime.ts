// The server speaks of moments, a date picker of what the clock on the wall shows.
import type { Details } from './ExamDetails';

const two = (n: number): string => String(n).padStart(2, '0');

function wall(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:00`;
}

/** A moment as the clock here shows it. */
export function localOf(moment: string): string {
  return wall(new Date(moment));
}

/** The moment at which the clock here shows it; the empty one is never asked for. */
export function momentOf(local: string | null): string {
  return local === null ? '' : new Date(local.replace(' ', 'T')).toISOString();
}

/** A new exam: tomorrow at ten, for three hours. */
export function freshDetails(now: Date): Details {
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 10);
  const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 13);
  return { title: '', startsAt: wall(start), endsAt: wall(end), code: '' };
}
