import { RepriseError } from '@reprise/core';

export interface UsageErrorOptions {
  readonly cause?: unknown;
  /** What to do, where the message does not say it already. */
  readonly fix?: string;
}

/** The command was given something that it cannot make sense of. */
export const usageError = (message: string, options: UsageErrorOptions = {}): RepriseError =>
  new RepriseError('REPRISE_USAGE', message, options);
