import type { Clock } from '../../../shared/clock.ts';
import type { Rate } from '../admission/token-bucket.ts';
import type { LimitLog } from './limit-log.ts';
import { tokensAt } from './limit-state.ts';

export interface TokenSlicesParts {
  readonly id: string;
  readonly log: LimitLog;
  readonly clock: Clock;
  readonly rate: Rate;
  /** There are some. */
  more(): void;
}

/** For how long tokens that were taken may be used, in ms: what is left by then is lost. */
const SLICE_MS = 1000;
/** The shortest while until it is looked again whether there are some, in ms. */
const LOOK_MS = 20;

/**
 * Tokens of a rate over all orchestrators, taken a slice at a time: as many as are waited for, and twice as many as before while slices are used up at once.
 * Taken is taken: no more begin than there were tokens, at most `SLICE_MS` later than one by one.
 */
export class TokenSlices {
  readonly #parts: TokenSlicesParts;
  #left = 0;
  #until = Number.NEGATIVE_INFINITY;
  #slice = 1;
  #isTaking = false;

  constructor(parts: TokenSlicesParts) {
    this.#parts = parts;
  }

  available(now: number): number {
    return now < this.#until ? this.#left : 0;
  }

  take(): void {
    this.#left = Math.max(0, this.#left - 1);
  }

  putBack(): void {
    this.#left += 1;
  }

  /** In how many ms there may be one, as far as is known here. */
  waitMs(now: number): number {
    const { log, rate } = this.#parts;
    const missing = log.state === undefined ? 0 : 1 - tokensAt(log.state, rate, now);
    return Math.max(LOOK_MS, Math.ceil((missing * rate.perMs) / rate.limit));
  }

  /** So many wait. */
  want(waiting: number): void {
    const { log, id, clock, rate } = this.#parts;
    const now = clock.now();
    if (this.#isTaking || this.available(now) > 0) return;
    this.#isTaking = true;
    const wants = Math.min(rate.burst, Math.max(waiting, this.#slice));
    const { limit } = log;
    log.submit({
      command: { kind: 'take', limit, holder: id, rate, wants, now },
      done: (events) => {
        const taken = events.reduce((sum, event) => sum + (event.type === 'TokensTaken' ? event.count : 0), 0);
        if (taken > 0) return this.#took(now, taken);
        // `log` is at work until its state can be asked.
        clock.schedule(LOOK_MS, () => this.#lookAgain());
      },
    });
  }

  #took(now: number, taken: number): void {
    this.#slice = now - this.#until < 0 ? Math.min(2 * taken, this.#parts.rate.burst) : 1;
    this.#left = taken;
    this.#until = now + SLICE_MS;
    this.#isTaking = false;
    this.#parts.more();
  }

  #lookAgain(): void {
    const { clock } = this.#parts;
    clock.schedule(this.waitMs(clock.now()), () => {
      this.#isTaking = false;
      this.#parts.more();
    });
  }
}
