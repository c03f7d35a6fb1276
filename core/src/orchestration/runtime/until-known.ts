import type { Clock } from '../../shared/clock.ts';
import { isRepriseError } from '../../shared/errors.ts';

/** First pause after a store did not answer, in ms; doubles with each. */
const FIRST_PAUSE_MS = 50;

export interface RetryOptions {
  readonly maxPauseMs: number;
  /** True once nothing is to be tried again: the error is passed on. */
  stopping(): boolean;
  onRetry(error: unknown): void;
}

/**
 * Uses a store until it is known what came of it. While the outcome is unknown or the store is unavailable, the same is asked again:
 * an append with the same ids and expected revision, which makes the repetition harmless. Rejects with what repeating cannot mend
 * (conflict, too large, closed, corrupt), or with the last error when stopping.
 */
export async function untilKnown<T>(use: () => Promise<T>, clock: Clock, options: RetryOptions): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, options.maxPauseMs)) {
    try {
      return await use();
    } catch (error) {
      const again =
        isRepriseError(error, 'REPRISE_STORE_UNKNOWN_OUTCOME') || isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE');
      if (!again || options.stopping()) throw error;
      options.onRetry(error);
      await new Promise<void>((resolve) => clock.schedule(pause, resolve));
    }
  }
}
