import type { Attempt, Identification } from '../api/types';
import type { Challenge, Hint, IdentificationPhase } from '../rtc/wire';

/** What the identification screen shows. */
export type IdentificationView =
  | { kind: 'intro' }
  | { kind: 'looking'; hint?: Hint | undefined }
  | { kind: 'challenge'; challenge: Challenge }
  | { kind: 'away'; url: string }
  | { kind: 'verifying' }
  | { kind: 'matched'; identification?: Identification | undefined }
  | { kind: 'failed'; identification: Identification }
  | { kind: 'waiting'; identification?: Identification | undefined }
  | { kind: 'outage'; nextAt: string; until: string; then: 'manual' | 'wait' };

function result(attempt: Attempt, identification: Identification): IdentificationView {
  if (attempt.waiting !== undefined && identification.outcome === 'verifier_unavailable') return { kind: 'outage', ...attempt.waiting };
  if (identification.outcome === 'match') return { kind: 'matched', identification };
  if (attempt.triesLeft <= 0) return { kind: 'waiting', identification };
  return { kind: 'failed', identification };
}

/**
 * Joins what the socket says of the identification under way with what the attempt
 * remembers, so that a reload or a lost socket ends on the right screen.
 */
export function identificationView(attempt: Attempt, phase: IdentificationPhase | undefined): IdentificationView {
  if (attempt.state === 'identified') return { kind: 'matched', identification: attempt.lastIdentification };
  switch (phase?.phase) {
    case 'looking':
      return { kind: 'looking', hint: phase.hint };
    case 'challenge':
      return { kind: 'challenge', challenge: phase.challenge };
    case 'away':
      return { kind: 'away', url: phase.url };
    case 'verifying':
      return { kind: 'verifying' };
    case 'done':
      return result(attempt, phase.identification);
    case undefined:
      break;
  }
  if (attempt.state === 'identifying') return { kind: 'looking' };
  if (attempt.waiting !== undefined) return { kind: 'outage', ...attempt.waiting };
  if (attempt.lastIdentification !== undefined) return result(attempt, attempt.lastIdentification);
  return attempt.triesLeft <= 0 ? { kind: 'waiting' } : { kind: 'intro' };
}
