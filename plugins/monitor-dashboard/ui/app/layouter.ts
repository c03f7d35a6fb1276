import type { LaidOut, LayoutOrder } from './layout-worker.ts';
import url from './layout-worker.ts?worker&url';

// The one script that may be loaded by its address.
const policy = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('reprise', {
  createScriptURL: (text) => {
    if (text !== url) throw new TypeError('no script of this page');
    return text;
  },
});

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(text: string): string },
  ): { createScriptURL(text: string): string };
}

/** Lays graphs out beside the page; of several that wait, the newest only. */
export class Layouter {
  readonly #worker = new Worker(policy === undefined ? url : policy.createScriptURL(url), { type: 'module' });
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
