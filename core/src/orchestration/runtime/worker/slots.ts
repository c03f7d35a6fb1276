import { Heap } from '../../../shared/heap.ts';

interface Waiter {
  readonly priority: number;
  readonly order: number;
  begin(): void;
}

/**
 * Room for so much work at once. What finds none waits its turn: a slot that becomes free is handed to the highest priority, then to whoever
 * waits longest.
 */
export class Slots {
  readonly limit: number;
  readonly #waiting = new Heap<Waiter>(
    (a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order),
  );
  #order = 0;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get free(): number {
    return this.limit - this.#used;
  }

  /** Takes a slot, to be given back. A promise when there is none: it resolves when one was handed over. */
  take(priority: number): Promise<void> | undefined {
    if (this.#used < this.limit) {
      this.#used += 1;
      return undefined;
    }
    this.#order += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ priority, order: this.#order, begin: resolve });
    return promise;
  }

  giveBack(): void {
    const next = this.#waiting.pop();
    if (next === undefined) this.#used -= 1;
    else next.begin();
  }
}

/** What one attempt has of the slots: one, but while it waits for others. */
export class Place {
  readonly #slots: Slots;
  /** Behind nobody: it has begun before. */
  static readonly #FIRST = Number.POSITIVE_INFINITY;
  #state: 'there' | 'resting' | 'waking' | 'gone' = 'there';
  #woken: Promise<void> | undefined;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  rest(): void {
    if (this.#state !== 'there') return;
    this.#state = 'resting';
    this.#slots.giveBack();
  }

  /** Resolves when it has a slot again. */
  async wake(): Promise<void> {
    if (this.#state === 'resting') {
      this.#state = 'waking';
      this.#woken = this.#take();
    }
    await this.#woken;
  }

  async #take(): Promise<void> {
    await this.#slots.take(Place.#FIRST);
    if (this.#state === 'gone') this.#slots.giveBack();
    else this.#state = 'there';
  }

  /** The attempt is over. */
  leave(): void {
    const had = this.#state === 'there';
    this.#state = 'gone';
    if (had) this.#slots.giveBack();
  }
}
