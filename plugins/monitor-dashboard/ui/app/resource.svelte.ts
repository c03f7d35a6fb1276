import { Problem } from './api.ts';

/** How often something is asked for anew at the most; ms. */
const PAUSE_MS = 300;

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
    try {
      const data = await this.#read(current.signal);
      if (this.#current !== current) return;
      this.data = data;
      this.problem = undefined;
    } catch (error) {
      if (this.#current !== current || current.signal.aborted) return;
      this.problem = error instanceof Problem ? error : new Problem(0, 'DASHBOARD_FAILED', String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (this.#current !== current) return;
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      void this.#run();
    }
  }
}
