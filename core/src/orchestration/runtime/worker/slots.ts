import { Fifo } from '../../../shared/fifo.ts';

/** Room for so much work at once. What finds none waits its turn; a slot that becomes free is handed to whoever waits longest. */
export class Slots {
  readonly limit: number;
  readonly #waiting = new Fifo<() => void>();
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get free(): number {
    return this.limit - this.#used;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#used < this.limit) this.#used += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#used -= 1;
      else next();
    }
  }
}
