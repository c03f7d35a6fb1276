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

/** What this process may use of a limit that holds over several. */
export interface Share {
  /** Attempts at once. */
  readonly slots: number;
  /** Attempts under way in all processes. */
  readonly usedInAll: number;
  readonly isQuiet: boolean;
  /** What may begin by the rate; undefined when there is none. */
  readonly tokens:
    | { available(now: number): number; take(): void; putBack(): void; waitMs(now: number): number }
    | undefined;
  /** More or less is used, or waited for. */
  changed(): void;
  /** One that was used is free. */
  freed(): void;
  /** Attempts that count here no more are under way elsewhere. */
  linger(count: number): void;
  close(): void;
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
  /** Undefined: all of it is this process's. */
  readonly share: Share | undefined;
  readonly #bucket: TokenBucket | undefined;

  constructor(
    name: string,
    options: LimitOptions,
    weightOf: (tenant: string) => number,
    now: number,
    share?: Share | undefined,
  ) {
    this.name = name;
    this.concurrency = options.concurrency;
    this.share = share;
    this.#bucket = options.rate === undefined || share !== undefined ? undefined : new TokenBucket(options.rate, now);
    this.line = new WaitingLine(weightOf);
  }

  /** Whether time gives it room. */
  get isRated(): boolean {
    return this.#bucket !== undefined || this.share?.tokens !== undefined;
  }

  /** How many attempts more there is room for. */
  room(now: number): number {
    let slots = Math.min(this.concurrency - this.used, this.gate?.passes ?? Number.POSITIVE_INFINITY);
    if (this.share !== undefined) {
      slots = Math.min(slots, this.share.slots - this.used);
      return Math.min(slots, this.share.tokens?.available(now) ?? slots);
    }
    return this.#bucket === undefined ? slots : Math.min(slots, this.#bucket.available(now));
  }

  /** `admitted`: not so when it began elsewhere or before, whatever there was room for. */
  take(now: number, admitted = true): void {
    this.used += 1;
    this.#bucket?.take(now);
    if (admitted) this.gate?.taken();
    if (this.share === undefined) return;
    // What began elsewhere took its token there.
    if (admitted) this.share.tokens?.take();
    this.share.changed();
  }

  /** `unused`: it never began, so it does not count for the rate. */
  giveBack(unused: boolean): void {
    this.used -= 1;
    this.share?.freed();
    if (!unused) return;
    this.share?.tokens?.putBack();
    this.#bucket?.putBack();
    this.gate?.unused();
  }

  /** In how many ms there is room again by itself; undefined when something has to be given back first. */
  waitMs(now: number): number | undefined {
    const isFull = this.used >= this.concurrency || (this.gate?.passes ?? 1) <= 0;
    if (this.share?.tokens !== undefined && !isFull && this.used < this.share.slots)
      return this.share.tokens.waitMs(now);
    return this.#bucket === undefined || isFull ? undefined : this.#bucket.waitMs(now);
  }

  /** Nothing of it is used, nobody waits, and its rate has forgotten what began. */
  isQuiet(now: number): boolean {
    const isUnused = this.used === 0 && this.waiting === 0 && this.share?.isQuiet !== false;
    return isUnused && this.#bucket?.isFull(now) !== false;
  }
}
