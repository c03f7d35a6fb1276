import type { RunState } from '../workflow/state.ts';

/** Those who wait for runs to end. They are handed the ended state, or nothing when they should look for themselves. */
export class RunWaiters {
  readonly #waiting = new Map<string, ((state: RunState | undefined) => void)[]>();
  #closed = false;

  /** Resolves at the next ended(runId); at once after close(). */
  wait(runId: string): Promise<RunState | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<RunState | undefined>();
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined) this.#waiting.set(runId, [resolve]);
    else waiting.push(resolve);
    return promise;
  }

  ended(runId: string, state?: RunState): void {
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined) return;
    this.#waiting.delete(runId);
    for (const resolve of waiting) resolve(state);
  }

  /** Wakes everybody, and whoever comes later: they find that the orchestrator has stopped. */
  close(): void {
    this.#closed = true;
    for (const runId of [...this.#waiting.keys()]) this.ended(runId);
  }
}
