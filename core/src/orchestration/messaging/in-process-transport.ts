import type { Clock } from '../../shared/clock.ts';
import { RepriseError } from '../../shared/errors.ts';
import { systemClock } from '../../shared/system.ts';
import { ConsumerGroup } from './consumer-group.ts';
import type { OutgoingMessage, Transport } from './transport.ts';

/** Messages of a channel that no group has subscribed to yet; they go to the first that does. */
interface Channel {
  readonly groups: Map<string, ConsumerGroup>;
  backlog: OutgoingMessage[];
}

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
      channel = { groups: new Map(), backlog: [] };
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
        if (channel.groups.size === 0) channel.backlog.push(message);
        for (const group of channel.groups.values()) group.add(message.envelope);
      }
    },
    subscribe: async (channelName, groupName, handler, options = {}) => {
      started();
      const channel = channelOf(channelName);
      let group = channel.groups.get(groupName);
      if (group === undefined) {
        group = new ConsumerGroup(clock);
        channel.groups.set(groupName, group);
        for (const message of channel.backlog) group.add(message.envelope);
        channel.backlog = [];
      }
      const joined = group;
      const member = joined.join(handler, options.concurrency ?? 16);
      return { close: () => joined.leave(member) };
    },
    stop: async () => {
      state = 'stopped';
      const groups = [...channels.values()].flatMap((channel) => [...channel.groups.values()]);
      await Promise.all(groups.map((group) => group.stop()));
      channels.clear();
    },
  };
}
