import type { LaidOut, LayoutOrder } from './layout-worker.ts';
import { startWorker } from './workers.ts';

/** Lays graphs out beside the page; of several that wait, the newest only. */
export class Layouter {
  readonly #worker = startWorker('layout');
  readonly #done: (laid: LaidOut) => void;
  #busy = false;
  #next: LayoutOrder | undefined;
  #number = 0;

  constructor(done: (laid: LaidOut) => void) {
    this.#done = done;
    this.#worker.onmessage = ({ data }: MessageEvent<LaidOut>) => {
      this.#busy = false;
      this.#done(data);
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined) this.#send(next);
    };
  }

  order(given: Omit<LayoutOrder, 'number'>): void {
    this.#number += 1;
    const order = { ...given, number: this.#number };
    if (this.#busy) this.#next = order;
    else this.#send(order);
  }

  close(): void {
    this.#worker.terminate();
  }

  #send(order: LayoutOrder): void {
    this.#busy = true;
    this.#worker.postMessage(order);
  }
}
