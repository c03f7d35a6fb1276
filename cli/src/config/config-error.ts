import { RepriseError } from '@reprise/core';

/** REPRISE_CONFIG_INVALID about a file. */
export const configInvalid = (file: string, problem: string, cause?: unknown): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `${file}: ${problem}`, { cause, details: { file } });
