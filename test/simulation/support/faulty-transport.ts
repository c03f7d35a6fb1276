import type { Clock, Transport } from '@reprise/core';
import type { OutgoingMessage } from '@reprise/core/plugin';

/** How likely it is (0 to 1) that a message comes twice, or late. Signals are also lost: they may be. */
export interface TransportFaults {
  readonly twice: number;
  readonly late: number;
  readonly signalLost: number;
}

export interface FaultyTransportOptions {
  readonly faults: TransportFaults;
  readonly dice: () => number;
  readonly clock: Clock;
  touch(): void;
  alive(): boolean;
}

/** A transport that keeps the contract (at least once), and makes the most of what it leaves open. */
export function faultyTransport(transport: Transport, options: FaultyTransportOptions): Transport {
  const { faults, dice, clock } = options;
  const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    options.touch();
    if (options.alive() && messages.length > 0) await transport.publish(messages).catch(() => undefined);
  };
  const later = (message: OutgoingMessage): void => {
    clock.schedule(Math.floor(dice() * 3000), () => void publish([message]));
  };
  return {
    durable: transport.durable,
    start: () => transport.start(),
    publish: async (messages) => {
      const now: OutgoingMessage[] = [];
      for (const message of messages) {
        const lost = message.envelope.type === 'reprise.signal' && dice() < faults.signalLost;
        if (lost) continue;
        if (dice() < faults.twice) later(message);
        if (dice() < faults.late) later(message);
        else now.push(message);
      }
      await publish(now);
    },
    subscribe: (channel, handler, more) =>
      transport.subscribe(
        channel,
        (delivery) => {
          options.touch();
          return options.alive() ? handler(delivery) : undefined;
        },
        more,
      ),
    stop: () => transport.stop(),
  };
}
