import { isTypeOfEnd } from '../workflow/end-of-run.ts';
import type { RunState } from '../workflow/state.ts';

/** One who waits for a run to end. */
export interface RunWaiter {
  /** Settles with the ended state, or with nothing when the waiter should look for itself. */
  readonly changed: Promise<RunState | undefined>;
  /** Waits no longer. */
  cancel(): void;
}

interface Waiting {
  readonly tell: (state: RunState | undefined) => void;
  /** Whatever is appended may be what it waits for. */
  readonly onAny: boolean;
}

/** Those who wait for runs to end. */
export class RunWaiters {
  readonly #waiting = new Map<string, Set<Waiting>>();
  #closed = false;

  /** Runs that are waited for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Told at the next ended(runId), with `onAny` also when anything is appended elsewhere; at once after close(). */
  wait(runId: string, onAny = false): RunWaiter {
    const { promise, resolve } = Promise.withResolvers<RunState | undefined>();
    if (this.#closed) {
      resolve(undefined);
      return { changed: promise, cancel: () => undefined };
    }
    const waiting = this.#waiting.get(runId) ?? new Set<Waiting>();
    const own: Waiting = { tell: resolve, onAny };
    this.#waiting.set(runId, waiting.add(own));
    const cancel = (): void => {
      waiting.delete(own);
      if (waiting.size === 0 && this.#waiting.get(runId) === waiting) this.#waiting.delete(runId);
    };
    return { changed: promise, cancel };
  }

  ended(runId: string, state?: RunState): void {
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined) return;
    this.#waiting.delete(runId);
    for (const { tell } of waiting) tell(state);
  }

  /** Another process has appended to the run, and its last event is of that type, where that is known. */
  appended(runId: string, type: string | undefined): void {
    if (type === undefined || isTypeOfEnd(type)) return this.ended(runId);
    const waiting = this.#waiting.get(runId);
    if (waiting !== undefined && [...waiting].some(({ onAny }) => onAny)) this.ended(runId);
  }

  /** Wakes everybody, and whoever comes later: they find that the orchestrator has stopped. */
  close(): void {
    this.#closed = true;
    for (const runId of [...this.#waiting.keys()]) this.ended(runId);
  }
}
