import type { Clock, ScheduledCall } from '../shared/clock.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** 2026-01-01T00:00:00Z: where a manual clock starts unless told otherwise. */
export const DEFAULT_START = Date.UTC(2026, 0, 1);

/**
 * A clock that stands still until it is moved. Timers fire in the order of their due times, and those of the same time in the
 * order in which they were set; a timer never fires inside schedule(). Callbacks run synchronously: promises that they settle
 * are served when the caller next awaits.
 */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  /** The next to fire last. */
  readonly #timers: Timer[] = [];

  constructor(startAt: number = DEFAULT_START) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Grows with every timer that is set: tells whether anything happened between two looks. */
  get scheduled(): number {
    return this.#order;
  }

  /** When the next timer is due, in ms since the Unix epoch; undefined when none is set. */
  get nextAt(): number | undefined {
    return this.#timers.at(-1)?.due;
  }

  schedule(delayMs: number, callback: () => void): ScheduledCall {
    this.#order += 1;
    const timer: Timer = { due: this.#now + Math.max(0, delayMs || 0), order: this.#order, callback };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer, this.#placeOf(timer));
        if (index !== -1) this.#timers.splice(index, 1);
      },
    };
  }

  /**
   * Moves time forward as for a process that was asleep, or too busy to look: what became due meanwhile fires afterwards, all at the time of
   * waking.
   */
  oversleep(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`Time goes forward: oversleep(${ms}) is not possible.`);
    this.#now += ms;
    this.advance(0);
  }

  /** Moves time forward by `ms`, firing every timer that becomes due on the way, those set meanwhile included. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`Time goes forward: advance(${ms}) is not possible.`);
    const end = this.#now + ms;
    for (let next = this.#timers.at(-1); next !== undefined && next.due <= end; next = this.#timers.at(-1))
      this.#fire(next);
    this.#now = end;
  }

  /** Moves time to the next timer and fires it, alone. Returns the ms that passed, or undefined when there is no timer. */
  advanceToNext(): number | undefined {
    const next = this.#timers.at(-1);
    if (next === undefined) return undefined;
    const before = this.#now;
    this.#fire(next);
    return this.#now - before;
  }

  #fire(timer: Timer): void {
    this.#timers.pop();
    this.#now = Math.max(this.#now, timer.due);
    timer.callback();
  }

  /** Binary search: where the timer belongs among those that are set, latest first. */
  #placeOf(timer: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#timers[middle];
      if (other !== undefined && other.due > timer.due) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
