import type { RunState } from '../workflow/state.ts';

/** One who waits for a run to end. */
export interface RunWaiter {
  /** Settles with the ended state, or with nothing when the waiter should look for itself. */
  readonly changed: Promise<RunState | undefined>;
  /** Waits no longer. */
  cancel(): void;
}

type Tell = (state: RunState | undefined) => void;

/** Those who wait for runs to end. */
export class RunWaiters {
  readonly #waiting = new Map<string, Set<Tell>>();
  #closed = false;

  /** Runs that are waited for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Told at the next ended(runId); at once after close(). */
  wait(runId: string): RunWaiter {
    const { promise, resolve } = Promise.withResolvers<RunState | undefined>();
    if (this.#closed) {
      resolve(undefined);
      return { changed: promise, cancel: () => undefined };
    }
    const waiting = this.#waiting.get(runId) ?? new Set<Tell>();
    this.#waiting.set(runId, waiting.add(resolve));
    const cancel = (): void => {
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(runId) === waiting) this.#waiting.delete(runId);
    };
    return { changed: promise, cancel };
  }

  ended(runId: string, state?: RunState): void {
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined) return;
    this.#waiting.delete(runId);
    for (const tell of waiting) tell(state);
  }

  /** Wakes everybody, and whoever comes later: they find that the orchestrator has stopped. */
  close(): void {
    this.#closed = true;
    for (const runId of [...this.#waiting.keys()]) this.ended(runId);
  }
}
