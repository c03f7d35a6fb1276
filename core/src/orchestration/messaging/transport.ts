import type { Ownership } from '../../event-store/ownership.ts';
import type { Finding } from '../../shared/finding.ts';
import type { Envelope } from './envelope.ts';
import type { TransportTopics } from './transport-topics.ts';

/** A message, and the channel it goes over. */
export interface OutgoingMessage {
  readonly channel: string;
  readonly envelope: Envelope;
  /** Where it goes rather than where its key says, of a transport that has `places`: order by key is not wanted of it. One that is not there: as if none were said. */
  readonly place?: number;
}

/**
 * One delivery of a message: unacknowledged until its first ack, nack or reject, any further one does nothing.
 *
 *   unacknowledged ──ack()──► acknowledged
 *        │  └──nack(), a handler that throws──► given back: delivered again, to whoever has room
 *        └──its subscription closed, or it went to another member──► revoked
 */
export interface Delivery {
  readonly envelope: Envelope;
  /** 1 for the first. Counts on over members, but may begin again at 1 where a hand-over loses the count. */
  readonly deliveryAttempt: number;
  /** It was given to another before it was acknowledged or given back: ack and nack do nothing now, and no outcome is wanted from here. */
  readonly revoked: boolean;
  /**
   * Marks the message as done. The transport commits as far as all before it are marked, so one that is marked behind one that is
   * not may come again after a hand-over.
   */
  ack(): void;
  /** Gives the message back: it is delivered again, after `delayMs` (kept to 5,000; what is to wait longer is a timer's business). */
  nack(options: { readonly delayMs?: number; readonly reason: string }): void;
  /**
   * Optional ability: nobody is to have the message. It goes to where the transport keeps dead letters, as it came, with the reason, and counts as
   * acknowledged once it is there.
   */
  reject?(options: { readonly reason: string }): void;
}

/** Takes a delivery. What it throws, or rejects with, counts as not acknowledged. */
export type DeliveryHandler = (delivery: Delivery) => void | Promise<void>;

interface Bounded {
  /** Deliveries that may be unacknowledged at once: the back-pressure. Default 16. */
  readonly concurrency?: number;
}

/** Either a member of a group, which shares the messages of the channel, or one that gets all of them. */
export type SubscriptionOptions = Bounded &
  (
    | { readonly group: string /** Its `places` have changed. Must not throw. */; onPlaces?(): void }
    | { readonly broadcast: true }
  );

export interface TransportSubscription {
  /**
   * Takes no further delivery and waits for handlers that run (none of them may wait for it). What is unacknowledged then is revoked,
   * and goes to another member of the group, or waits for one; that of a broadcast is gone.
   */
  close(): Promise<void>;
  /** Of a member of a group, where the transport has `places`: those from which it alone takes messages now; other members in the same process share them. */
  readonly places?: readonly number[];
}

/** How a transport does, as far as it knows without asking anybody. */
export interface TransportHealth {
  /** All that is subscribed to is delivered now. */
  readonly ok: boolean;
  /** In words, for people; what is wrong where something is. No secrets. */
  readonly detail: string;
}

/**
 * Carries messages, at least once.
 *
 * - *Groups*: each gets every message of a channel once or more; its members share them. What is published before anybody has subscribed is
 *   kept for the first group.
 * - *Broadcast*: each such subscription gets every message that is published from the moment that subscribe() has resolved until it is closed.
 * - *Order*: messages of one partition key reach a group, or a broadcast subscription, in the order of publishing: the next of a key may be
 *   delivered while the one before is unacknowledged, but a nacked message comes back before anything of its key that was not delivered yet.
 *
 * The engine's own channels are in channels.ts. Any other channel is somebody else's, and nothing here looks into `data`, so that messages
 * of users need no more than this: *send* is publish() to a channel that one group reads, *publish* the same to one that several groups or
 * broadcast subscriptions read; *subscribe* is subscribe(), and *receive* a subscription whose `concurrency` is what may be fetched ahead,
 * whose handler keeps the delivery until somebody asks for it, *acks* or *nacks* it; a queue of dead letters is a channel, chosen
 * by `deliveryAttempt`; `replyto` and `expirytime` of the envelope are for whoever receives.
 */
export interface Transport {
  /** Whether messages outlive this process. */
  readonly durable: boolean;
  /**
   * Which runs are this process's, where the messages of a run go to one of many processes that drive. Used from start() to stop(), where the event store lets
   * several processes drive (`Storage.partitioned`). Absent: the store says who drives.
   */
  readonly ownership?: Ownership;
  /** Whether others than this process take messages from it: an agent that nobody here runs may run elsewhere. Default: no. */
  readonly spans?: boolean;
  /** Optional ability: each member of a group takes from places of its own, which it tells, and a message may be sent to one of them. */
  readonly places?: true;
  /** Optional ability: what it keeps messages in at its brokers. */
  readonly topics?: TransportTopics;
  /**
   * Optional ability: what it is connected to, what there is missing or would lose messages, and what waits for whom, where dispatches go to these agents. Works before
   * start(). Changes nothing.
   */
  inspect?(agents: readonly string[]): Promise<readonly Finding[]>;
  /** What probes ask for, at any time and often. Absent: it does well from start() to stop(). */
  health?(): TransportHealth;
  start(): Promise<void>;
  /** Resolves when the transport has taken the messages over. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** A handler that throws nacks the delivery. */
  subscribe(channel: string, handler: DeliveryHandler, options: SubscriptionOptions): Promise<TransportSubscription>;
  /** Takes no further message, waits for handlers that run, and releases everything: what is unacknowledged then is revoked. */
  stop(): Promise<void>;
}
