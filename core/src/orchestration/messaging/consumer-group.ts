import type { Clock } from '../../shared/clock.ts';
import { Fifo } from '../../shared/fifo.ts';
import type { Envelope } from './envelope.ts';
import type { Delivery } from './transport.ts';

type Handler = (delivery: Delivery) => void | Promise<void>;

interface Message {
  readonly envelope: Envelope;
  deliveries: number;
}

export interface Member {
  readonly handler: Handler;
  readonly concurrency: number;
  /** Delivered and not acknowledged. */
  readonly unacknowledged: Set<Message>;
  /** Handlers that run. */
  readonly running: Set<Promise<void>>;
  open: boolean;
}

/**
 * The consumers that share the messages of one channel.
 *
 * A message is queued, then delivered to a member that has room, then acknowledged (gone) or given back. Given back with a
 * delay, it blocks its key: messages of that key that were not delivered yet wait in `held`, in order, until it is back.
 */
export class ConsumerGroup {
  readonly #clock: Clock;
  readonly #queue = new Fifo<Message>();
  readonly #held = new Map<string, Message[]>();
  readonly #members: Member[] = [];
  #next = 0;
  #pumping = false;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(envelope: Envelope): void {
    this.#queue.push({ envelope, deliveries: 0 });
    this.#pump();
  }

  join(handler: Handler, concurrency: number): Member {
    const member: Member = { handler, concurrency, unacknowledged: new Set(), running: new Set(), open: true };
    this.#members.push(member);
    this.#pump();
    return member;
  }

  /** What the member has not acknowledged goes back to the front of the queue. Waits for its running handlers. */
  async leave(member: Member): Promise<void> {
    if (!member.open) return;
    member.open = false;
    this.#members.splice(this.#members.indexOf(member), 1);
    await Promise.allSettled(member.running);
    this.#queue.unshift([...member.unacknowledged]);
    member.unacknowledged.clear();
    this.#pump();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#members.flatMap((member) => [...member.running]));
  }

  // Delivery happens in a microtask, so that publish never runs a handler.
  #pump(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      while (!this.#stopped && this.#queue.size > 0) {
        const member = this.#pick();
        if (member === undefined) return;
        const message = this.#queue.shift();
        if (message === undefined) return;
        const held = this.#held.get(message.envelope.partitionkey);
        if (held === undefined) this.#deliver(member, message);
        else held.push(message);
      }
    });
  }

  #pick(): Member | undefined {
    for (let tried = 0; tried < this.#members.length; tried += 1) {
      this.#next = (this.#next + 1) % this.#members.length;
      const member = this.#members[this.#next];
      if (member !== undefined && member.unacknowledged.size < member.concurrency) return member;
    }
    return undefined;
  }

  #deliver(member: Member, message: Message): void {
    message.deliveries += 1;
    member.unacknowledged.add(message);
    // Guards against a second ack or nack of the same delivery, and against one after the member left.
    const settle = (): boolean => member.unacknowledged.delete(message);
    const delivery: Delivery = {
      envelope: message.envelope,
      deliveryAttempt: message.deliveries,
      ack: () => {
        if (settle()) this.#pump();
      },
      nack: ({ delayMs }) => {
        if (settle()) this.#giveBack(message, delayMs ?? 0);
      },
    };
    try {
      const running = member.handler(delivery);
      if (running === undefined) return;
      const tracked = running
        .catch((reason: unknown) => delivery.nack({ reason: String(reason) }))
        .finally(() => member.running.delete(tracked));
      member.running.add(tracked);
    } catch (reason) {
      delivery.nack({ reason: String(reason) });
    }
  }

  #giveBack(message: Message, delayMs: number): void {
    const key = message.envelope.partitionkey;
    const held = this.#held.get(key);
    if (held !== undefined) {
      // The key is blocked by an earlier message; this one was delivered before anything held.
      held.unshift(message);
      return;
    }
    this.#held.set(key, []);
    this.#clock.schedule(delayMs, () => {
      const waiting = this.#held.get(key) ?? [];
      this.#held.delete(key);
      this.#queue.unshift([message, ...waiting]);
      this.#pump();
    });
  }
}
