import { createInProcessTransport, definePlugin, type Plugin, type Transport } from '@reprise/core';
import { RepriseError, type TransportSubscription } from '@reprise/core/plugin';

/** One transport for engines and workers of this process: a plugin for each, of which one that stops lets go of nothing but its own. */
export function sharedTransport(): () => Plugin<'transport'> {
  const shared = createInProcessTransport();
  const connect = (): Transport => {
    const own: TransportSubscription[] = [];
    let started = false;
    const assertStarted = (): void => {
      if (!started) throw new RepriseError('REPRISE_TRANSPORT_CLOSED', 'The transport is not started, or was stopped.');
    };
    return {
      durable: shared.durable,
      // Others than the engine take messages from it.
      spans: true,
      start: async () => {
        await shared.start();
        started = true;
      },
      publish: async (messages) => {
        assertStarted();
        await shared.publish(messages);
      },
      subscribe: async (channel, handler, options) => {
        assertStarted();
        const subscription = await shared.subscribe(channel, handler, options);
        own.push(subscription);
        return subscription;
      },
      stop: async () => {
        started = false;
        await Promise.all(own.splice(0).map((subscription) => subscription.close()));
      },
    };
  };
  return () => definePlugin({ name: 'shared', kind: 'transport', create: connect });
}
