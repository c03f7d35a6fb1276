import type { Breaker } from './breaker.ts';
import type { Limit } from './limit.ts';
import type { Asker } from './limits.ts';
import type { Waiting } from './waiting-line.ts';

/** What an attempt has to pass: its limits, the agent's last. The same object for the same limits, so that it can be a key. */
export interface Way {
  readonly agent: string;
  /** Of a task that asks for it, whichever agent takes it. */
  readonly capability: string | undefined;
  readonly limits: readonly Limit<Ask>[];
  /** Of the agent; undefined when none is wanted. */
  readonly breaker: Breaker | undefined;
  /** Whether one of the limits has a rate. */
  readonly isRated: boolean;
}

/** A run that waits for room on one way. */
export interface Ask extends Waiting {
  readonly asker: Asker;
  readonly way: Way;
  /** How many attempts more it would begin. */
  want: number;
  readonly priority: number;
  /** Where it waits. */
  at: Limit<Ask>;
}
