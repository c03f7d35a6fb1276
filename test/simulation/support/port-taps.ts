import { type Clock, RepriseError, type Storage, type Transport } from '@reprise/core';
import type { Delivery } from '@reprise/core/plugin';

/** Where a process is killed: just before its nth port call (which then never happens), or just after (and it never hears of it). */
export interface KillPoint {
  readonly call: number;
  readonly when: 'before' | 'after';
}

const gone = (): RepriseError => new RepriseError('REPRISE_STORE_CLOSED', 'the process has ended');

/**
 * Numbers every call that one process makes of a port, and kills the process at one of them. The dead get nothing from a port
 * and do nothing to it.
 */
export class PortTaps {
  /** The kind of each call so far, in order. */
  readonly calls: string[] = [];
  readonly died: Promise<void>;
  #alive = true;
  readonly #point: KillPoint | undefined;
  readonly #touch: () => void;
  readonly #die: () => void;

  constructor(point: KillPoint | undefined, touch: () => void) {
    this.#point = point;
    this.#touch = touch;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.died = promise;
    this.#die = resolve;
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
    this.#touch();
    this.#die();
  }

  /** A call with an answer. It is rejected when the process is dead, or dies of it. */
  async ask<T>(kind: string, work: () => Promise<T>): Promise<T> {
    const call = this.#enter(kind, 'before');
    if (call === undefined) throw gone();
    try {
      return await work();
    } finally {
      this.#touch();
      this.#leave(call);
      // What rejects after a death tells nobody anything: the process is dead.
      if (!this.#alive) await Promise.reject(gone());
    }
  }

  /** A call without an answer, or one from outside. Undefined when the process is dead, or dies before it. */
  act<T>(kind: string, work: () => T): T | undefined {
    const call = this.#enter(kind, 'before');
    if (call === undefined) return undefined;
    const result = work();
    this.#leave(call);
    return result;
  }

  #enter(kind: string, when: 'before'): number | undefined {
    this.#touch();
    if (!this.#alive) return undefined;
    this.calls.push(kind);
    const call = this.calls.length;
    if (this.#point?.call === call && this.#point.when === when) this.kill();
    return this.#alive ? call : undefined;
  }

  #leave(call: number): void {
    if (this.#alive && this.#point?.call === call && this.#point.when === 'after') this.kill();
  }
}

export function tappedStorage({ events: store, catalog, snapshots }: Storage, taps: PortTaps): Storage {
  const events: Storage['events'] = {
    append: (...request) => taps.ask('append', () => store.append(...request)),
    read: (...request) => taps.ask('read', () => store.read(...request)),
    readAll: (...request) => taps.ask('readAll', () => store.readAll(...request)),
    subscribe: (options) => taps.ask('store subscribe', () => store.subscribe(options)),
    close: async () => undefined,
  };
  return {
    events,
    ...(catalog && { catalog: { list: (query) => taps.ask('list', () => catalog.list(query)) } }),
    ...(snapshots && {
      snapshots: {
        load: (stream) => taps.ask('snapshot load', () => snapshots.load(stream)),
        save: (stream, snapshot) => taps.ask('snapshot save', () => snapshots.save(stream, snapshot)),
      },
    }),
  };
}

/** `durable`: the transport is shared and outlives the process; what the process had not acknowledged goes to the next. */
export function tappedTransport(transport: Transport, taps: PortTaps, durable: boolean): Transport {
  const tapped = (delivery: Delivery): Delivery => ({
    envelope: delivery.envelope,
    deliveryAttempt: delivery.deliveryAttempt,
    get revoked() {
      return delivery.revoked;
    },
    ack: () => void taps.act('ack', () => delivery.ack()),
    nack: (options) => void taps.act('nack', () => delivery.nack(options)),
  });
  return {
    durable,
    start: () => taps.ask('transport start', () => transport.start()),
    publish: (messages) => taps.ask('publish', () => transport.publish(messages)),
    subscribe: (channel, handler, options) =>
      taps.ask('subscribe', async () => {
        const subscription = await transport.subscribe(
          channel,
          (delivery) => {
            const handled = taps.act('deliver', () => handler(tapped(delivery)));
            return handled === undefined ? undefined : Promise.race([handled, taps.died]);
          },
          options,
        );
        void taps.died.then(() => subscription.close());
        return { close: () => subscription.close() };
      }),
    stop: async () => {
      if (!durable) await transport.stop();
    },
  };
}

export function tappedClock(clock: Clock, taps: PortTaps): Clock {
  return {
    now: () => clock.now(),
    schedule: (delayMs, callback) => {
      const fire = (): void => void taps.act('timer fire', callback);
      return taps.act('timer set', () => clock.schedule(delayMs, fire)) ?? { cancel: () => undefined };
    },
  };
}
