import type { Clock } from '../../shared/clock.ts';
import { Fifo } from '../../shared/fifo.ts';
import type { Monitor, ObservedEvent, Signal } from '../monitoring/monitor.ts';

type Observation = { readonly event: ObservedEvent } | { readonly signal: Signal };

/** How long a flush or shutdown of one monitor may take, in ms. */
const CLOSE_TIMEOUT_MS = 5000;

/** One monitor behind its own bounded queue: idle, or draining one observation at a time. */
class MonitorQueue {
  readonly monitor: Monitor;
  dropped = 0;
  failures = 0;
  readonly #limit: number;
  readonly #queue = new Fifo<Observation>();
  #draining: Promise<void> | undefined;

  constructor(monitor: Monitor, limit: number) {
    this.monitor = monitor;
    this.#limit = limit;
  }

  add(observation: Observation): void {
    if (this.#queue.size >= this.#limit) {
      this.dropped += 1;
      return;
    }
    this.#queue.push(observation);
    this.#draining ??= this.#drain();
  }

  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        const pending = 'event' in next ? this.monitor.onEvent(next.event) : this.monitor.onSignal?.(next.signal);
        if (pending !== undefined) await pending;
      } catch {
        this.failures += 1;
      }
    }
    this.#draining = undefined;
  }
}

/** What became of the observations of one monitor. */
export interface MonitorHealth {
  readonly name: string;
  readonly dropped: number;
  readonly failures: number;
}

/** Hands observations to all monitors, none of which can slow, break or be broken by another. */
export class MonitorHub {
  readonly #queues: readonly MonitorQueue[];
  readonly #clock: Clock;

  constructor(monitors: readonly Monitor[], limit: number, clock: Clock) {
    this.#queues = monitors.map((monitor) => new MonitorQueue(monitor, limit));
    this.#clock = clock;
  }

  /** Whether anybody watches: observations need not be made when nobody does. */
  get active(): boolean {
    return this.#queues.length > 0;
  }

  event(event: ObservedEvent): void {
    for (const queue of this.#queues) queue.add({ event });
  }

  signal(signal: Signal): void {
    for (const queue of this.#queues) queue.add({ signal });
  }

  health(): readonly MonitorHealth[] {
    return this.#queues.map(({ monitor, dropped, failures }) => ({ name: monitor.name, dropped, failures }));
  }

  /** Drains, flushes and closes every monitor; one that hangs is left behind after five seconds. */
  async shutdown(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => this.#close(queue)));
  }

  async #close(queue: MonitorQueue): Promise<void> {
    const close = async (): Promise<void> => {
      await queue.idle();
      await queue.monitor.forceFlush();
      await queue.monitor.shutdown();
    };
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.schedule(CLOSE_TIMEOUT_MS, resolve);
    const closed = close().catch(() => {
      queue.failures += 1;
    });
    await Promise.race([closed, expired]);
    timer.cancel();
  }
}
