import type { Clock } from '../../shared/clock.ts';
import { toErrorData } from '../../shared/errors.ts';
import { Fifo } from '../../shared/fifo.ts';
import { emitWarning } from '../../shared/system.ts';
import { thrownText } from '../../shared/thrown-text.ts';
import type { Monitor, Notice, ObservedEvent, WatchedAttempt, WatchedEngine } from '../monitoring/monitor.ts';
import { plainNotice } from '../monitoring/plain-notice.ts';

type Observation = { readonly event: ObservedEvent } | { readonly notice: Notice };

/** How long draining, flushing and closing one monitor may take, in ms. */
const CLOSE_TIMEOUT_MS = 5000;

/** What of a monitor failed, and how: told by its queue to the hub. */
type OnFailure = (queue: MonitorQueue, method: string, error: unknown) => void;

/**
 * One monitor behind its own bounded queue.
 *
 *   idle ──add()──► draining, one observation at a time ──queue empty──► idle
 *   either ──close()──► drained, flushed ──► closed: what comes now is dropped
 *
 * Nothing of the monitor is touched outside a try, its name included.
 */
class MonitorQueue {
  readonly name: string;
  dropped = 0;
  failures = 0;
  closed = false;
  reported = false;
  readonly #monitor: Monitor;
  readonly #limit: number;
  readonly #onFailure: OnFailure;
  readonly #queue = new Fifo<Observation>();
  #draining: Promise<void> | undefined;

  constructor(monitor: Monitor, place: number, limit: number, onFailure: OnFailure) {
    this.#monitor = monitor;
    this.#limit = limit;
    this.#onFailure = onFailure;
    this.name = nameOf(monitor) ?? `monitor ${place}`;
  }

  add(observation: Observation): void {
    if (this.closed || this.#queue.size >= this.#limit) {
      this.dropped += 1;
      return;
    }
    this.#queue.push(observation);
    this.#draining ??= this.#drain();
  }

  /** Whether the monitor has it. */
  has(trait: (monitor: Monitor) => boolean): boolean {
    try {
      return trait(this.#monitor);
    } catch {
      return false;
    }
  }

  watch(engine: WatchedEngine): void {
    try {
      this.#monitor.watch?.(engine);
    } catch (error) {
      this.#onFailure(this, 'watch', error);
    }
  }

  /** Calls `work` once, whatever the monitor does, and returns what that returned. */
  within<T>(attempt: WatchedAttempt, work: () => T): T {
    let made: { readonly value: T } | { readonly thrown: unknown } | undefined;
    const once = (): T => {
      made ??= attempted(work);
      if ('thrown' in made) throw made.thrown;
      return made.value;
    };
    try {
      this.#monitor.within?.(attempt, once);
    } catch (error) {
      const ofAgent = made !== undefined && 'thrown' in made && made.thrown === error;
      if (!ofAgent) this.#onFailure(this, 'within', error);
    }
    return once();
  }

  /** Does not reject. A flush that fails does not keep the monitor from being closed. */
  async close(): Promise<void> {
    await this.#draining;
    await this.#try('forceFlush', () => this.#monitor.forceFlush());
    // What another one's failure brought meanwhile.
    await this.#draining;
    this.closed = true;
    await this.#try('shutdown', () => this.#monitor.shutdown());
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      // Not awaited unless there is something to wait for: most monitors are done at once.
      const pending = this.#show(next);
      if (pending !== undefined) await pending;
    }
    this.#draining = undefined;
  }

  #show(observation: Observation): Promise<void> | undefined {
    const method = 'event' in observation ? 'onEvent' : 'onNotice';
    try {
      const pending =
        'event' in observation
          ? this.#monitor.onEvent(observation.event)
          : this.#monitor.onNotice?.(observation.notice);
      return pending === undefined ? undefined : this.#try(method, () => pending);
    } catch (error) {
      this.#onFailure(this, method, error);
      return undefined;
    }
  }

  async #try(method: string, call: () => void | Promise<void>): Promise<void> {
    try {
      const pending = call();
      if (pending !== undefined) await pending;
    } catch (error) {
      this.#onFailure(this, method, error);
    }
  }
}

function attempted<T>(work: () => T): { readonly value: T } | { readonly thrown: unknown } {
  try {
    return { value: work() };
  } catch (thrown) {
    return { thrown };
  }
}

function nameOf(monitor: Monitor): string | undefined {
  try {
    const { name } = monitor;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

/** What became of the observations of one monitor. */
export interface MonitorHealth {
  readonly name: string;
  readonly dropped: number;
  readonly failures: number;
}

/**
 * Hands observations to all monitors, none of which can slow, break or be broken by another.
 *
 * Every failure of a monitor is counted (health()). The first of each is told as well: to the monitors that are still open, as a
 * warning in the log, or, when there is no other, to `warn` (default: a warning of the process).
 */
export class MonitorHub {
  readonly #queues: readonly MonitorQueue[];
  /** Of monitors in whose context agents work. */
  readonly #contexts: readonly MonitorQueue[];
  /** Of monitors that are told of single appends. */
  readonly #detailed: readonly MonitorQueue[];
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;

  constructor(
    monitors: readonly Monitor[],
    limit: number,
    clock: Clock,
    warn: (message: string) => void = emitWarning,
  ) {
    const onFailure: OnFailure = (queue, method, error) => this.#failed(queue, `failed in ${method}`, error);
    this.#queues = monitors.map((monitor, index) => new MonitorQueue(monitor, index + 1, limit, onFailure));
    this.#contexts = this.#queues.filter((queue) => queue.has(({ within }) => typeof within === 'function'));
    this.#detailed = this.#queues.filter((queue) => queue.has(({ details }) => details === true));
    this.#clock = clock;
    this.#warn = warn;
  }

  /** Whether anybody watches: observations need not be made when nobody does. */
  get active(): boolean {
    return this.#queues.length > 0;
  }

  event(event: ObservedEvent): void {
    for (const queue of this.#queues) queue.add({ event });
  }

  /** Whether anybody wants to be told of single appends. */
  get detailed(): boolean {
    return this.#detailed.length > 0;
  }

  detail(notice: Notice): void {
    for (const queue of this.#detailed) queue.add({ notice });
  }

  /** What an agent logs may be anything; monitors are handed plain JSON. */
  notice(notice: Notice): void {
    if (!this.active) return;
    const plain = plainNotice(notice);
    for (const queue of this.#queues) queue.add({ notice: plain });
  }

  /** Before anything is observed. */
  watch(engine: WatchedEngine): void {
    for (const queue of this.#queues) queue.watch(engine);
  }

  /** Calls `work` in the contexts of all monitors that have one, the first of them outermost; returns what it returns. */
  within<T>(attempt: WatchedAttempt, work: () => T): T {
    let call = work;
    for (const queue of this.#contexts) {
      if (queue.closed) continue;
      const inner = call;
      call = () => queue.within(attempt, inner);
    }
    return call();
  }

  health(): readonly MonitorHealth[] {
    return this.#queues.map(({ name, dropped, failures }) => ({ name, dropped, failures }));
  }

  /** Drains, flushes and closes every monitor; one that hangs is left behind after five seconds. */
  async shutdown(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => this.#close(queue)));
  }

  async #close(queue: MonitorQueue): Promise<void> {
    const { promise: expired, resolve } = Promise.withResolvers<true>();
    const timer = this.#clock.schedule(CLOSE_TIMEOUT_MS, () => resolve(true));
    const hangs = await Promise.race([queue.close(), expired]);
    timer.cancel();
    if (hangs === true) this.#failed(queue, 'hangs', `it was not done after ${CLOSE_TIMEOUT_MS} ms and is left behind`);
    queue.closed = true;
  }

  #failed(queue: MonitorQueue, what: string, error: unknown): void {
    queue.failures += 1;
    if (queue.reported) return;
    queue.reported = true;
    const message = `the monitor '${queue.name}' ${what}: ${thrownText(error)} (said once; monitorHealth counts the rest)`;
    const others = this.#queues.filter((other) => other !== queue && !other.closed);
    if (others.length === 0) this.#warn(message);
    const { code } = toErrorData(error, 'REPRISE_PLUGIN_INVALID');
    const fields = { code, monitor: queue.name };
    for (const other of others) other.add({ notice: { kind: 'log', level: 'warn', message, fields } });
  }
}
