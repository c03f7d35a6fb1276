import type { LimitOptions } from './options.ts';
import { TokenBucket } from './token-bucket.ts';
import { type Waiting, WaitingLine } from './waiting-line.ts';

/** What lets attempts through beside a limit, as long as it may. */
export interface Gate {
  /** How many more. */
  readonly passes: number;
  taken(): void;
  /** One that was taken did not begin. */
  unused(): void;
}

/** One limit: how much of it is used, and who waits at it. */
export class Limit<T extends Waiting> {
  /** For people: `agent 'x'`. */
  readonly name: string;
  readonly line: WaitingLine<T>;
  /** Attempts at once. */
  concurrency: number;
  /** Attempts that are under way, or were granted. */
  used = 0;
  /** How many wait here. */
  waiting = 0;
  gate: Gate | undefined;
  readonly #bucket: TokenBucket | undefined;

  constructor(name: string, options: LimitOptions, weightOf: (tenant: string) => number, now: number) {
    this.name = name;
    this.concurrency = options.concurrency;
    this.#bucket = options.rate === undefined ? undefined : new TokenBucket(options.rate, now);
    this.line = new WaitingLine(weightOf);
  }

  /** Whether time gives it room. */
  get isRated(): boolean {
    return this.#bucket !== undefined;
  }

  /** How many attempts more there is room for. */
  room(now: number): number {
    const slots = Math.min(this.concurrency - this.used, this.gate?.passes ?? Number.POSITIVE_INFINITY);
    return this.#bucket === undefined ? slots : Math.min(slots, this.#bucket.available(now));
  }

  /** `admitted`: not so when it began elsewhere or before, whatever there was room for. */
  take(now: number, admitted = true): void {
    this.used += 1;
    this.#bucket?.take(now);
    if (admitted) this.gate?.taken();
  }

  /** `unused`: it never began, so it does not count for the rate. */
  giveBack(unused: boolean): void {
    this.used -= 1;
    if (!unused) return;
    this.#bucket?.putBack();
    this.gate?.unused();
  }

  /** In how many ms there is room again by itself; undefined when something has to be given back first. */
  waitMs(now: number): number | undefined {
    const isFull = this.used >= this.concurrency || (this.gate?.passes ?? 1) <= 0;
    return this.#bucket === undefined || isFull ? undefined : this.#bucket.waitMs(now);
  }

  /** Nothing of it is used, nobody waits, and its rate has forgotten what began. */
  isQuiet(now: number): boolean {
    return this.used === 0 && this.waiting === 0 && this.#bucket?.isFull(now) !== false;
  }
}
