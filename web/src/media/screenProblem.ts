/** Why the screen is not shared, as far as a person can do something about it. */
export type ScreenProblem = 'denied' | 'denied_system' | 'not_whole' | 'ended' | 'insecure' | 'unsupported' | 'unknown';

/** Names the problem behind an error of getDisplayMedia. */
export function screenProblemOf(error: unknown): ScreenProblem {
  if (!(error instanceof Error)) return 'unknown';
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      // Chrome says «Permission denied by system» when the operating system forbids it.
      return /system/i.test(error.message) ? 'denied_system' : 'denied';
    case 'NotFoundError':
    case 'NotReadableError':
    case 'AbortError':
      return 'denied_system';
    case 'TypeError':
      return 'unsupported';
    default:
      return 'unknown';
  }
}
