/** Why a sign-in did not work, as the server names it. */
export const signInProblems = [
  'esia_denied',
  'esia_unavailable',
  'esia_rejected',
  'state_invalid',
  'account_not_confirmed',
  'person_unknown',
  'no_role',
  'too_many_attempts',
  'internal',
] as const;
export type SignInProblemCode = (typeof signInProblems)[number];

/** The problem that an address names; nothing for what we do not know. */
export function problemOf(given: string | null): SignInProblemCode | undefined {
  return signInProblems.find((known) => known === given);
}
