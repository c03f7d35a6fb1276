import { RepriseError } from '@reprise/core';

/** The command was given something that it cannot make sense of. */
export const usageError = (message: string, cause?: unknown): RepriseError =>
  new RepriseError('REPRISE_USAGE', message, cause === undefined ? {} : { cause });
