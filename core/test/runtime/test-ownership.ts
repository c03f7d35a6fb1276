import type { Ownership, OwnershipChange } from '@reprise/core/plugin';

/** Who of those that compete owns a run. */
export type Assign = (runId: string, competing: readonly string[]) => string | undefined;

/** Whoever competes for the longest owns everything. */
export const toTheFirst: Assign = (_runId, competing) => competing[0];

/** Runs by a hash of their id, turned by `turn`. */
export const byHash =
  (turn = 0): Assign =>
  (runId, competing) => {
    let hash = turn;
    for (const char of runId) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
    return competing[hash % Math.max(1, competing.length)];
  };

const SAMPLES = Array.from({ length: 64 }, (_, index) => `sample-${index}`);

/** Ownership among the orchestrators of one test, as the test assigns runs to them. */
export class TestOwnership {
  readonly #competing: string[] = [];
  readonly #listeners = new Map<string, Set<(change: OwnershipChange) => void>>();
  #assign: Assign;
  #held: Promise<void> = Promise.resolve();
  #unsettled: PromiseWithResolvers<void> | undefined;

  constructor(assign: Assign = toTheFirst) {
    this.#assign = assign;
  }

  ownerOf(runId: string): string | undefined {
    return this.#assign(runId, this.#competing);
  }

  /** From now on it is so; those that this concerns are told. */
  reassign(assign: Assign): void {
    this.#change(() => {
      this.#assign = assign;
    });
  }

  /** It is being shared out anew, until the function is called that is returned: then `assign` holds. */
  unsettle(): (assign: Assign) => void {
    const unsettled = Promise.withResolvers<void>();
    this.#unsettled = unsettled;
    return (assign) => {
      this.#unsettled = undefined;
      this.reassign(assign);
      unsettled.resolve();
    };
  }

  /** Starts wait until the function is called that is returned. */
  hold(): () => void {
    const held = Promise.withResolvers<void>();
    this.#held = held.promise;
    return held.resolve;
  }

  of(name: string): Ownership {
    const listeners = new Set<(change: OwnershipChange) => void>();
    this.#listeners.set(name, listeners);
    let wanted = false;
    return {
      start: async () => {
        wanted = true;
        await this.#held;
        if (wanted && !this.#competing.includes(name)) this.#change(() => this.#competing.push(name));
      },
      owns: (runId) => wanted && this.ownerOf(runId) === name,
      unsettled: () => this.#unsettled?.promise,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      stop: async () => {
        wanted = false;
        const at = this.#competing.indexOf(name);
        if (at >= 0) this.#change(() => this.#competing.splice(at, 1));
      },
    };
  }

  #change(change: () => void): void {
    const before = SAMPLES.map((runId) => this.ownerOf(runId));
    change();
    const after = SAMPLES.map((runId) => this.ownerOf(runId));
    for (const [name, listeners] of this.#listeners) {
      const gained = after.some((owner, index) => owner === name && before[index] !== name);
      const lost = before.some((owner, index) => owner === name && after[index] !== name);
      if (gained || lost) for (const listener of [...listeners]) listener({ gained, lost });
    }
  }
}
