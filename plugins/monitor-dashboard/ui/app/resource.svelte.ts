import { Problem } from './api.ts';

/** The least between two calls; ms. What takes long to answer is left alone for as long again. */
const PAUSE_MS = 60;

/** What was read from the server last, read anew on demand: one call at a time, and the newest demand counts. */
export class Resource<T> {
  data = $state.raw<T | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  readonly #read: (signal: AbortSignal) => Promise<T>;
  #busy = false;
  #again = false;
  #current: AbortController | undefined;

  constructor(read: (signal: AbortSignal) => Promise<T>) {
    this.#read = read;
  }

  /** Reads again soon; what is under way is finished first. */
  refresh(): void {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    void this.#run();
  }

  /** Reads now: what is under way is of no use any more. */
  renew(): void {
    this.#current?.abort();
    this.#again = false;
    void this.#run();
  }

  stop(): void {
    this.#again = false;
    this.#current?.abort();
  }

  async #run(): Promise<void> {
    const current = new AbortController();
    this.#current = current;
    this.#busy = true;
    const begun = performance.now();
    try {
      const data = await this.#read(current.signal);
      if (this.#current !== current) return;
      this.data = data;
      this.problem = undefined;
    } catch (error) {
      if (this.#current !== current || current.signal.aborted) return;
      this.problem = error instanceof Problem ? error : new Problem(0, 'DASHBOARD_FAILED', String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(PAUSE_MS, performance.now() - begun)));
    if (this.#current !== current) return;
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      void this.#run();
    }
  }
}
