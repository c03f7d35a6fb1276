/** Attempts that are admitted beside an agent's concurrency at the most. */
const MOST_AHEAD = 256;
/** An agent that answers within this is as good as always idle, in ms. */
const INSTANT_MS = 1;
/** How much of a sample the average takes on. */
const SHARE = 1 / 8;

/**
 * How many attempts an agent works off while one is on its way to it: as many are admitted beside its concurrency, so that it need not idle
 * from the end of one to the next, which is an append away. One that takes longer than an append is given none.
 */
export class Pace {
  #workMs: number | undefined;

  /** An attempt took so long at the agent. A slow one counts at once, quick ones by and by. */
  worked(ms: number): void {
    const known = this.#workMs;
    this.#workMs = known === undefined || ms > known ? ms : known + (ms - known) * SHARE;
  }

  /** `wayMs`: how long an append takes. */
  ahead(concurrency: number, wayMs: number): number {
    const workMs = this.#workMs;
    if (workMs === undefined) return 0;
    if (workMs < INSTANT_MS) return MOST_AHEAD;
    return Math.min(MOST_AHEAD, Math.floor((concurrency * wayMs) / workMs));
  }
}

/** An average that takes on an eighth of each sample. */
export class Average {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  add(sample: number): void {
    this.#value += (sample - this.#value) * SHARE;
  }
}
