import type { Problem } from './types';

/** Codes of failures that happen before the server could answer. */
export type LocalCode = 'network' | 'bad_answer';

/**
 * What every call of the API throws. `problem` is absent when the server could not be
 * reached or answered with something that is not ours.
 */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly problem: Problem | undefined;

  constructor(code: string, status: number, problem?: Problem, options?: ErrorOptions) {
    super(problem?.detail ?? code, options);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.problem = problem;
  }
}

/** Whether a decoded body has the shape of our problem. */
export function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false;
  const candidate = body as Partial<Problem>;
  return (
    typeof candidate.code === 'string' &&
    typeof candidate.message === 'object' &&
    typeof (candidate.message as Partial<Problem['message']> | null)?.ru === 'string'
  );
}

/** The code of any failure, `unknown` for what is not ours. */
export function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code : 'unknown';
}
