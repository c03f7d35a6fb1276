import { ERROR_CODES } from '@reprise/core';
import { describeError } from '../errors/describe-error.ts';

export type CheckStatus = 'ok' | 'warn' | 'fail';

/** One line of the doctor's report. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail });

export const warn = (name: string, detail: string, fix: string): Check => ({ name, status: 'warn', detail, fix });

export const fail = (name: string, detail: string, fix: string): Check => ({ name, status: 'fail', detail, fix });

/** A line about an error. That the doctor checks the configuration is known to whoever reads this. */
export function failed(name: string, error: unknown): Check {
  const { message, fix } = describeError(error);
  const helps = fix !== undefined && fix !== ERROR_CODES.REPRISE_CONFIG_INVALID.fix;
  return { name, status: 'fail', detail: message, ...(helps ? { fix } : {}) };
}
