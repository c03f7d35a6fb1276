import { RepriseError } from '@reprise/core';

/** REPRISE_CONFIG_INVALID about a file. `fix`: what to do, where the message does not say it. */
export const configInvalid = (file: string, problem: string, cause?: unknown, fix?: string): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `${file}: ${problem}`, {
    cause,
    details: { file },
    ...(fix === undefined ? {} : { fix }),
  });
