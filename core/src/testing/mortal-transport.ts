import type { Transport } from '../orchestration/messaging/transport.ts';

/** A transport seen from one process: the dead get nothing from it, and do nothing to it. */
export const mortalTransport = (transport: Transport, alive: () => boolean): Transport => ({
  durable: transport.durable,
  start: () => transport.start(),
  publish: async (messages) => {
    if (alive()) await transport.publish(messages);
  },
  subscribe: (channel, handler, options) =>
    transport.subscribe(channel, (delivery) => (alive() ? handler(delivery) : undefined), options),
  stop: () => transport.stop(),
});
