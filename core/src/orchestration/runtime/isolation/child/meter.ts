import type { Clock } from '../../../../shared/clock.ts';
import type { Json } from '../../../../shared/json.ts';
import { roughSize } from '../../../../shared/json-size.ts';

/** What may be said a second of what may be lost: so many, each of which counts for one and for each 4,096 characters. */
const A_SECOND = 1000;
const CHARS = 4096;

/** What an agent emits and logs in a loop without end is no load for others: beyond a rate it is dropped, and counted. */
export class Meter {
  dropped = 0;
  readonly #clock: Clock;
  #left = A_SECOND;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.now();
  }

  admits(said: Json): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(A_SECOND, this.#left + (Math.max(0, now - this.#at) * A_SECOND) / 1000);
    this.#at = now;
    if (this.#left < 1) {
      this.dropped += 1;
      return false;
    }
    // One that is large is said all the same, and what comes after it waits.
    this.#left -= 1 + Math.floor(roughSize(said) / CHARS);
    return true;
  }
}
