import { isRepriseError, type RepriseError } from '@reprise/core';

/** The RepriseError that the work ends with; fails when it ends well, or in another way. */
export async function failureOf(work: Promise<unknown>): Promise<RepriseError> {
  try {
    await work;
  } catch (error) {
    if (isRepriseError(error)) return error;
    throw error;
  }
  throw new Error('It went well, and should not have.');
}
