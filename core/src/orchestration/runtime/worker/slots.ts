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
