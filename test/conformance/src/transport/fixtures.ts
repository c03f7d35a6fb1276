import type {
  Delivery,
  DeliveryHandler,
  Json,
  OutgoingMessage,
  Transport,
  TransportSubscription,
} from '@reprise/core/plugin';

let made = 0;

/** A channel or group that no other call returns, also not in another process that tests against the same broker. */
export function fresh(what: 'channel' | 'group'): string {
  made += 1;
  return `conformance.${what}.${process.pid}-${made}`;
}

/** A message of `key` that no other call returns. */
export function message(channel: string, key = 'key', data: Json = null): OutgoingMessage {
  made += 1;
  return {
    channel,
    envelope: {
      specversion: '1.0',
      id: `message-${made}`,
      source: 'reprise/conformance',
      type: 'reprise.command',
      subject: key,
      time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      runid: key,
      correlationid: key,
      causationid: `cause-${made}`,
      partitionkey: key,
      data,
    },
  };
}

export const messages = (channel: string, count: number, key?: (index: number) => string): OutgoingMessage[] =>
  Array.from({ length: count }, (_, index) => message(channel, key?.(index)));

export const idsOf = (list: readonly OutgoingMessage[]): string[] => list.map(({ envelope }) => envelope.id);

/** The ids in the order of their first appearance: what duplicates leave of a list. */
export const distinct = (ids: readonly string[]): string[] => [...new Set(ids)];

export const acknowledge: DeliveryHandler = (delivery) => delivery.ack();

/** Takes a delivery and does nothing: it stays unacknowledged. */
export const hold: DeliveryHandler = () => undefined;

export interface JoinOptions {
  readonly concurrency?: number;
}

/** What a group (or a broadcast subscription) was handed, whoever of its members took it, with promises for what is still to come. */
export class Recorder {
  readonly transport: Transport;
  readonly channel: string;
  readonly group: string;
  readonly deliveries: Delivery[] = [];
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(transport: Transport, channel: string, group: string = fresh('group')) {
    this.transport = transport;
    this.channel = channel;
    this.group = group;
  }

  /** Adds a member to the group. */
  join(handler: DeliveryHandler = acknowledge, options: JoinOptions = {}): Promise<TransportSubscription> {
    return this.transport.subscribe(this.channel, this.#recording(handler), { ...options, group: this.group });
  }

  /** Listens to all of the channel. */
  hear(handler: DeliveryHandler = acknowledge, options: JoinOptions = {}): Promise<TransportSubscription> {
    return this.transport.subscribe(this.channel, this.#recording(handler), { ...options, broadcast: true });
  }

  #recording(handler: DeliveryHandler): DeliveryHandler {
    return async (delivery) => {
      this.deliveries.push(delivery);
      try {
        await handler(delivery);
      } finally {
        this.changed();
      }
    };
  }

  /** Ids of all deliveries, repetitions included. */
  get ids(): string[] {
    return this.deliveries.map(({ envelope }) => envelope.id);
  }

  of(one: OutgoingMessage): Delivery[] {
    return this.deliveries.filter(({ envelope }) => envelope.id === one.envelope.id);
  }

  has(list: readonly OutgoingMessage[]): boolean {
    const seen = new Set(this.ids);
    return list.every(({ envelope }) => seen.has(envelope.id));
  }

  /** Resolves when all of the messages were delivered. */
  received(list: readonly OutgoingMessage[]): Promise<void> {
    return this.until(() => this.has(list));
  }

  /** Resolves when `holds` does; it is asked after every delivery. The test's own time limit ends a wait in vain. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve });
      this.changed();
    });
  }

  changed(): void {
    const met = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((waiting) => !met.includes(waiting));
    for (const { resolve } of met) resolve();
  }
}

/** A message that comes after everything else: once it was delivered, what was to be skipped would have come. */
export async function probe(recorder: Recorder, key: string): Promise<void> {
  const last = message(recorder.channel, key);
  await recorder.transport.publish([last]);
  await recorder.received([last]);
}
