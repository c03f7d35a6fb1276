import type { Envelope } from './envelope.ts';

export interface OutgoingMessage {
  readonly channel: string;
  readonly envelope: Envelope;
}

/** One delivery of a message. The first ack or nack counts, any further one does nothing; until then it is unacknowledged. */
export interface Delivery {
  readonly envelope: Envelope;
  /** 1 for the first. */
  readonly deliveryAttempt: number;
  ack(): void;
  /** Gives the message back: it is delivered again, after `delayMs`. */
  nack(options: { readonly delayMs?: number; readonly reason: string }): void;
}

export interface SubscriptionOptions {
  /** Deliveries that may be unacknowledged at once: the back-pressure. Default 16. */
  readonly concurrency?: number;
}

export interface TransportSubscription {
  /**
   * Takes no further delivery and waits for handlers that run (none of them may wait for it). What is unacknowledged then goes to
   * another member of the group, or waits for one.
   */
  close(): Promise<void>;
}

/**
 * Carries messages, at least once. Every group gets each message of a channel once or more; the members of a group share
 * them. Messages of one partition key reach a group in the order of publishing: the next of a key may be delivered while the
 * one before is unacknowledged, but a nacked message comes back before anything of its key that was not delivered yet.
 */
export interface Transport {
  /** Whether messages outlive this process. */
  readonly durable: boolean;
  start(): Promise<void>;
  /** Resolves when the transport has taken the messages over. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** A handler that throws nacks the delivery. */
  subscribe(
    channel: string,
    group: string,
    handler: (delivery: Delivery) => void | Promise<void>,
    options?: SubscriptionOptions,
  ): Promise<TransportSubscription>;
  /** Takes no further message, waits for handlers that run, and releases everything. */
  stop(): Promise<void>;
}
