import { RepriseError } from '@reprise/core/plugin';
import { type StoreFault, toFault } from './store-fault.ts';

export function storeError(fault: StoreFault, cause?: unknown): RepriseError {
  return new RepriseError(fault.code, fault.message, {
    ...(cause === undefined ? {} : { cause }),
    ...(fault.retryable === undefined ? {} : { retryable: fault.retryable }),
  });
}

/** Runs something on the database; what it throws comes out as a RepriseError. */
export function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RepriseError) throw error;
    throw storeError(toFault(error, path), error);
  }
}
