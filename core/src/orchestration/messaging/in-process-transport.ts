import type { Clock } from '../../shared/clock.ts';
import { RepriseError } from '../../shared/errors.ts';
import { systemClock } from '../../shared/system.ts';
import { ConsumerGroup } from './consumer-group.ts';
import type { DeliveryHandler, OutgoingMessage, Transport, TransportSubscription } from './transport.ts';

interface Channel {
  readonly groups: Map<string, ConsumerGroup>;
  /** One for each broadcast subscription, which is its only member. */
  readonly broadcasts: Set<ConsumerGroup>;
  /** What came before anybody had subscribed; it goes to the first group. */
  backlog: OutgoingMessage[];
  /** Somebody gets all of it: nothing is kept for a group. */
  heard: boolean;
}

/** Deliveries that a subscription has unacknowledged unless it says otherwise. */
const DEFAULT_CONCURRENCY = 16;

/** The transport inside one process: the reference implementation. Messages end with the process. */
export function createInProcessTransport(clock: Clock = systemClock): Transport {
  const channels = new Map<string, Channel>();
  let state: 'new' | 'started' | 'stopped' = 'new';

  const started = (): void => {
    if (state === 'started') return;
    throw new RepriseError(
      'REPRISE_TRANSPORT_CLOSED',
      `The transport was used ${state === 'new' ? 'before start()' : 'after stop()'}.`,
    );
  };
  const channelOf = (name: string): Channel => {
    let channel = channels.get(name);
    if (channel === undefined) {
      channel = { groups: new Map(), broadcasts: new Set(), backlog: [], heard: false };
      channels.set(name, channel);
    }
    return channel;
  };

  return {
    durable: false,
    start: async () => {
      if (state === 'stopped') started();
      state = 'started';
    },
    publish: async (messages) => {
      started();
      for (const message of messages) {
        const channel = channelOf(message.channel);
        if (channel.groups.size === 0 && !channel.heard) channel.backlog.push(message);
        for (const group of channel.groups.values()) group.add(message.envelope);
        for (const one of channel.broadcasts) one.add(message.envelope);
      }
    },
    subscribe: async (channelName, handler, options) => {
      started();
      const channel = channelOf(channelName);
      const { concurrency = DEFAULT_CONCURRENCY } = options;
      if ('broadcast' in options) return joinAll(channel, new ConsumerGroup(clock), handler, concurrency);
      let group = channel.groups.get(options.group);
      if (group === undefined) {
        group = new ConsumerGroup(clock);
        channel.groups.set(options.group, group);
        for (const message of channel.backlog) group.add(message.envelope);
        channel.backlog = [];
      }
      const joined = group;
      const member = joined.join(handler, concurrency);
      return { close: () => joined.leave(member) };
    },
    stop: async () => {
      state = 'stopped';
      const groups = [...channels.values()].flatMap((channel) => [...channel.groups.values(), ...channel.broadcasts]);
      await Promise.all(groups.map((group) => group.stop()));
      channels.clear();
    },
  };
}

function joinAll(
  channel: Channel,
  own: ConsumerGroup,
  handler: DeliveryHandler,
  concurrency: number,
): TransportSubscription {
  channel.heard = true;
  channel.broadcasts.add(own);
  const member = own.join(handler, concurrency);
  return {
    close: async () => {
      await own.leave(member);
      channel.broadcasts.delete(own);
      await own.stop();
    },
  };
}
