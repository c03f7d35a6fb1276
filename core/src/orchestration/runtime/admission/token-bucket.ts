/** So many starts in a while, `burst` of them at once at the most. */
export interface Rate {
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}

/** Tokens come in evenly, one every `perMs / limit`; each start takes one. Full at first. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  /** When #tokens was right. */
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Whole tokens that are there at `now`. */
  available(now: number): number {
    this.#fill(now);
    return Math.floor(this.#tokens);
  }

  take(now: number): void {
    this.#fill(now);
    this.#tokens -= 1;
  }

  /** One that was taken was not used. */
  putBack(): void {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + 1);
  }

  /** How long it takes from `now` until there is one, in ms. */
  waitMs(now: number): number {
    this.#fill(now);
    const { limit, perMs } = this.#rate;
    return Math.max(0, Math.ceil(((1 - this.#tokens) * perMs) / limit));
  }

  isFull(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#rate.burst;
  }

  #fill(now: number): void {
    const { limit, perMs, burst } = this.#rate;
    // A clock that is set back gives nothing, and takes nothing.
    if (now > this.#at) {
      const filled = this.#tokens + ((now - this.#at) * limit) / perMs;
      // What is a token but for rounding is one: a wait for it would be of no time.
      this.#tokens = Math.min(burst, Math.round(filled * 1e6) / 1e6);
    }
    this.#at = now;
  }
}
