import { isRepriseError, toErrorData } from '@reprise/core/plugin';

/** What a caller is told that went wrong. Codes that begin with DASHBOARD_ are of HTTP; all others are those of Reprise. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds until it is worth another try. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: string, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const FAILED = 'The dashboard could not answer. What happened is said where it was started.';

const NOT_FOUND = /_NOT_FOUND$|_UNKNOWN$/;
const BAD = /_INVALID$|_INVALID_ID$|_TOO_LARGE$|^REPRISE_USAGE$/;
const UNAVAILABLE = /_UNAVAILABLE$|_STORE_CLOSED$|_STOPPED$|_OUTCOME_UNKNOWN$|_CORRUPT$|_REPLACED$/;

function statusOf(code: string): number {
  if (NOT_FOUND.test(code)) return 404;
  if (BAD.test(code)) return 400;
  return UNAVAILABLE.test(code) ? 503 : 409;
}

/** The answer to a call that failed. What is no coded error is not told to the caller. */
export function problemOf(error: unknown): { readonly status: number; readonly body: object } {
  if (error instanceof HttpProblem)
    return { status: error.status, body: { error: { code: error.code, message: error.message } } };
  if (isRepriseError(error)) return { status: statusOf(error.code), body: { error: toErrorData(error, error.code) } };
  return { status: 500, body: { error: { code: 'DASHBOARD_FAILED', message: FAILED } } };
}
