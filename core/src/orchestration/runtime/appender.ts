import type { AppendOptions, AppendResult, EventStore, NewEvent } from '../../event-store/event-store.ts';
import type { Clock } from '../../shared/clock.ts';
import { isRepriseError } from '../../shared/errors.ts';

/** First pause after a failed append, in ms; doubles with each. */
const FIRST_PAUSE_MS = 50;

export interface AppenderOptions {
  readonly maxPauseMs: number;
  /** True once nothing is to be tried again: the error is passed on. */
  stopping(): boolean;
  onRetry(error: unknown, stream: string): void;
}

/**
 * Appends until it is known whether the events are there. While the outcome is unknown or the store is unavailable, the same
 * events go again with the same ids and expected revision, which makes the repetition harmless. Rejects with what repeating
 * cannot mend (conflict, too large, closed, corrupt), or with the last error when stopping.
 */
export async function appendUntilKnown(
  store: EventStore,
  clock: Clock,
  options: AppenderOptions,
  stream: string,
  events: readonly NewEvent[],
  expectedRevision: number,
  append: AppendOptions,
): Promise<AppendResult> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, options.maxPauseMs)) {
    try {
      return await store.append(stream, events, expectedRevision, append);
    } catch (error) {
      const again =
        isRepriseError(error, 'REPRISE_STORE_UNKNOWN_OUTCOME') || isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE');
      if (!again || options.stopping()) throw error;
      options.onRetry(error, stream);
      await new Promise<void>((resolve) => clock.schedule(pause, resolve));
    }
  }
}
