import type { Storage } from '../event-store/storage.ts';
import type { Transport } from '../orchestration/messaging/transport.ts';
import { nextTurn, sleep } from '../shared/system.ts';
import { ManualClock } from './manual-clock.ts';

/** Turns of the event loop in which nothing may happen before time moves on. */
const QUIET_TURNS = 3;

/** Real time, in ms, that what waits for something else than this clock is given before time moves on all the same, unless it is said otherwise. */
const PATIENCE_MS = 20;

/**
 * Time that passes only when there is nothing else to do: whatever waits on the clock happens in order, at once.
 *
 * Quiet means that for some turns of the event loop nobody used a watched store, transport or the clock. What waits for real
 * I/O is not seen; `begin()` it, and it is given a little real time.
 */
export class VirtualTime {
  readonly clock: ManualClock;
  readonly #patienceMs: number;
  #touched = 0;
  #busy = 0;

  /** `patienceMs`: real time that what is under way (`begin()`) is given before time moves on all the same. Default 20. */
  constructor(
    clock: ManualClock = new ManualClock(),
    { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
  ) {
    this.clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Says that something happened. */
  touch(): void {
    this.#touched += 1;
  }

  /** Counts something as under way, until the function that is returned is called. */
  begin(): () => void {
    this.touch();
    this.#busy += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#busy -= 1;
      this.touch();
    };
  }

  /** The same storage, the use of its events noticed. */
  watchStorage(storage: Storage): Storage {
    const { events } = storage;
    const noticed = <T>(work: Promise<T>): Promise<T> => {
      this.touch();
      return work.finally(() => this.touch());
    };
    return {
      ...storage,
      events: {
        append: (...request) => noticed(events.append(...request)),
        read: (...request) => noticed(events.read(...request)),
        readAll: (...request) => noticed(events.readAll(...request)),
        subscribe: (options) => events.subscribe(options),
        close: () => events.close(),
      },
    };
  }

  /** The same transport, its use noticed. */
  watchTransport(transport: Transport): Transport {
    return {
      durable: transport.durable,
      ...(transport.spans === undefined ? {} : { spans: transport.spans }),
      ...(transport.places === undefined ? {} : { places: transport.places }),
      start: () => transport.start(),
      publish: (messages) => {
        this.touch();
        return transport.publish(messages);
      },
      subscribe: (channel, handler, options) => {
        const noticed: typeof handler = (delivery) => {
          this.touch();
          return handler(delivery);
        };
        return transport.subscribe(channel, noticed, options);
      },
      stop: () => transport.stop(),
    };
  }

  /** Resolves when nothing is left to do at this time. */
  async quiet(): Promise<void> {
    let quietTurns = 0;
    let patience = this.#patienceMs;
    while (quietTurns < QUIET_TURNS) {
      const before = this.#touched + this.clock.scheduled;
      await nextTurn();
      const happened = this.#touched + this.clock.scheduled !== before;
      quietTurns = happened ? 0 : quietTurns + 1;
      if (happened) patience = this.#patienceMs;
      if (quietTurns < QUIET_TURNS || this.#busy === 0 || patience === 0) continue;
      await sleep(1);
      patience -= 1;
      quietTurns = 0;
    }
  }

  /**
   * Lets time pass until `done()`, `maxMs` from now at the most. False when that is over, or no timer is set, and it is still not
   * done.
   */
  async until(done: () => boolean, maxMs: number): Promise<boolean> {
    const end = this.clock.now() + maxMs;
    for (;;) {
      await this.quiet();
      if (done()) return true;
      const { nextAt } = this.clock;
      if (nextAt === undefined || nextAt > end) return false;
      this.clock.advanceToNext();
    }
  }
}
