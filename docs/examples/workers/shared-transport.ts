import { createInProcessTransport, definePlugin, type Plugin, type Transport } from '@reprise/core';
import type { TransportSubscription } from '@reprise/core/plugin';

/** One transport for engines and workers of this process: a plugin for each, of which one that stops lets go of nothing but its own. */
export function sharedTransport(): () => Plugin<'transport'> {
  const shared = createInProcessTransport();
  const connect = (): Transport => {
    const own: TransportSubscription[] = [];
    return {
      durable: shared.durable,
      // Others than the engine take messages from it.
      spans: true,
      start: () => shared.start(),
      publish: (messages) => shared.publish(messages),
      subscribe: async (channel, handler, options) => {
        const subscription = await shared.subscribe(channel, handler, options);
        own.push(subscription);
        return subscription;
      },
      stop: async () => {
        for (const subscription of own.splice(0)) await subscription.close();
      },
    };
  };
  return () => definePlugin({ name: 'shared', kind: 'transport', create: connect });
}
