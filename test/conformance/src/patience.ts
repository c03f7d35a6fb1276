import type { Suite } from 'mocha';

/** How long one test may take unless the factory says otherwise, in ms: a correct store at 20 ms an append stays far below. */
export const TEST_TIMEOUT_MS = 30_000;

/**
 * Gives a suite and all in it the time it needs, whatever the runner's default is, so that slow is not taken for wrong. Off
 * (0) stays off, for debuggers.
 */
export function bePatient(suite: Suite, timeoutMs: number = TEST_TIMEOUT_MS): void {
  if (suite.timeout() !== 0) suite.timeout(timeoutMs);
}
