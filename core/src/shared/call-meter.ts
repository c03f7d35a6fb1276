/** How long calls of one kind took. */
export interface CallTimes {
  /** How many were measured since it was made. */
  readonly calls: number;
  /** Milliseconds of each of the last of them, the newest last. */
  readonly recentMs: readonly number[];
}

/** Calls whose time is kept. */
const KEPT = 512;

/** Keeps how long the last calls took. */
export class CallMeter {
  #calls = 0;
  readonly #ring: number[] = [];

  took(ms: number): void {
    this.#ring[this.#calls % KEPT] = ms;
    this.#calls += 1;
  }

  get times(): CallTimes {
    const oldest = this.#calls % KEPT;
    const recentMs =
      this.#calls < KEPT ? [...this.#ring] : [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
    return { calls: this.#calls, recentMs };
  }
}
