// biome-ignore lint/style/noRestrictedImports: it measures the loop itself, and nothing that a run could see.
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop of the engine's thread was; milliseconds. */
export interface LoopDelay {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const NS = 1e6;
const RESOLUTION_MS = 20;

/** Measures from when it is made until stop(). */
export class LoopWatch {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delays.enable();
  }

  /** Since it was asked last. */
  read(): LoopDelay {
    const { mean, max } = this.#delays;
    const p99 = this.#delays.percentile(99);
    const isEmpty = this.#delays.count === 0;
    this.#delays.reset();
    // The histogram has the times between its ticks: what is beyond its own period is delay.
    const ms = (value: number): number => (isEmpty ? 0 : Math.max(0, value / NS - RESOLUTION_MS));
    return { meanMs: ms(mean), p99Ms: ms(p99), maxMs: ms(max) };
  }

  stop(): void {
    this.#delays.disable();
  }
}
