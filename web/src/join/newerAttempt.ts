import type { Attempt } from '../api/types';

/** Keeps the newer of two reports: answers of the API and of the socket may overtake each other. */
export function newerAttempt(known: Attempt | undefined, told: Attempt): Attempt {
  if (known === undefined) return told;
  return Date.parse(told.serverTime) >= Date.parse(known.serverTime) ? told : known;
}
