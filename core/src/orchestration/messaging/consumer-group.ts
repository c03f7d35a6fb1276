import type { Clock, ScheduledCall } from '../../shared/clock.ts';
import { Fifo } from '../../shared/fifo.ts';
import type { Envelope } from './envelope.ts';
import type { Delivery, DeliveryHandler } from './transport.ts';

interface Message {
  readonly envelope: Envelope;
  deliveries: number;
  /** Nacked, and not delivered again since. */
  returning: boolean;
  /** Taken back: as if it had never come. */
  withdrawn: boolean;
  readonly onAcked: (() => void) | undefined;
  readonly onRejected: ((reason: string) => void) | undefined;
}

/** A message that a group was handed. */
export interface Queued {
  /** Takes it back, when it is another's now: it is delivered no more, and a delivery that is out is revoked. */
  withdraw(): void;
}

/** The one word that counts. */
type Word = { readonly acked: true } | { readonly nackedForMs: number } | { readonly rejectedFor: string };
type Settled = (word: Word) => void;

class GroupDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly deliveryAttempt: number;
  readonly #message: Message;
  readonly #member: Member;
  readonly #onSettled: Settled;
  #settled = false;
  /** Of what goes somewhere then. */
  readonly reject?: (options: { readonly reason: string }) => void;

  constructor(message: Message, member: Member, onSettled: Settled) {
    this.envelope = message.envelope;
    this.deliveryAttempt = message.deliveries;
    this.#message = message;
    this.#member = member;
    this.#onSettled = onSettled;
    if (message.onRejected !== undefined)
      this.reject = ({ reason }) => {
        if (this.#settle()) onSettled({ rejectedFor: reason });
      };
  }

  get revoked(): boolean {
    return !this.#settled && !this.#isOut();
  }

  ack(): void {
    if (this.#settle()) this.#onSettled({ acked: true });
  }

  nack({ delayMs = 0 }: { readonly delayMs?: number; readonly reason: string }): void {
    if (this.#settle()) this.#onSettled({ nackedForMs: delayMs });
  }

  /** Whether the member has it, and in this very delivery: the message may have come to it again. */
  #isOut(): boolean {
    return this.#message.deliveries === this.deliveryAttempt && this.#member.unacknowledged.has(this.#message);
  }

  #settle(): boolean {
    if (!this.#isOut()) return false;
    this.#member.unacknowledged.delete(this.#message);
    this.#settled = true;
    return true;
  }
}

/** A key with messages that are returning. */
interface Blocked {
  returning: number;
  /** Messages of the key that were never delivered, in order. */
  readonly waiting: Message[];
}

export interface Member {
  readonly handler: DeliveryHandler;
  readonly concurrency: number;
  /** Delivered and not acknowledged. */
  readonly unacknowledged: Set<Message>;
  /** Handlers that run. */
  readonly running: Set<Promise<unknown>>;
  /** Set once the member takes nothing more; settles when it is gone. */
  left: Promise<void> | undefined;
}

/**
 * The consumers in this process that share the messages of one channel. It commits nothing: an acknowledged message is forgotten at once,
 * whatever came before it, and whoever added it is told.
 *
 * A message is queued, then delivered to a member that has room, then acknowledged (gone), nacked, or left behind by its member.
 * What was left behind is delivered again before what is new. A nacked message is so after its delay; until then it blocks its
 * key: messages of that key that were never delivered wait, in order.
 */
export class ConsumerGroup {
  readonly #clock: Clock;
  readonly #maxDelayMs: number;
  /** Never delivered. */
  readonly #queue = new Fifo<Message>();
  /** Delivered before, and due again. */
  readonly #again = new Fifo<Message>();
  readonly #blocked = new Map<string, Blocked>();
  readonly #delays = new Set<ScheduledCall>();
  readonly #members: Member[] = [];
  #next = 0;
  #pumping = false;
  #stopped = false;

  constructor(clock: Clock, maxDelayMs: number = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#maxDelayMs = maxDelayMs;
  }

  /** `onAcked` is called once, when a member acknowledges it; `onRejected` when one says that nobody is to have it: without it, none can. */
  add(envelope: Envelope, onAcked?: () => void, onRejected?: (reason: string) => void): Queued {
    const message: Message = { envelope, deliveries: 0, returning: false, withdrawn: false, onAcked, onRejected };
    this.#queue.push(message);
    this.#pump();
    return { withdraw: () => this.#withdraw(message) };
  }

  /** Deliveries that may be out at once, over all members. */
  get room(): number {
    return this.#members.reduce((sum, { concurrency, left }) => sum + (left === undefined ? concurrency : 0), 0);
  }

  join(handler: DeliveryHandler, concurrency: number): Member {
    const member: Member = { handler, concurrency, unacknowledged: new Set(), running: new Set(), left: undefined };
    this.#members.push(member);
    this.#pump();
    return member;
  }

  /** Waits for the member's running handlers; then what it has not acknowledged is due again. */
  leave(member: Member): Promise<void> {
    member.left ??= this.#leave(member);
    return member.left;
  }

  async #leave(member: Member): Promise<void> {
    await Promise.allSettled(member.running);
    this.#members.splice(this.#members.indexOf(member), 1);
    for (const message of member.unacknowledged) this.#again.push(message);
    member.unacknowledged.clear();
    this.#pump();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const delay of this.#delays) delay.cancel();
    this.#delays.clear();
    await Promise.allSettled(this.#members.flatMap((member) => [...member.running]));
    for (const member of this.#members) member.unacknowledged.clear();
  }

  // Delivery happens in a microtask, so that publish never runs a handler.
  #pump(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      while (!this.#stopped && this.#queue.size + this.#again.size > 0) {
        const member = this.#pick();
        if (member === undefined) return;
        const message = this.#again.size > 0 ? this.#again.shift() : this.#queue.shift();
        if (message === undefined) return;
        if (message.withdrawn) continue;
        const blocked = message.deliveries > 0 ? undefined : this.#blocked.get(message.envelope.partitionkey);
        if (blocked === undefined) this.#deliver(member, message);
        else blocked.waiting.push(message);
      }
    });
  }

  #pick(): Member | undefined {
    for (let tried = 0; tried < this.#members.length; tried += 1) {
      this.#next = (this.#next + 1) % this.#members.length;
      const member = this.#members[this.#next];
      if (member === undefined || member.left !== undefined) continue;
      if (member.unacknowledged.size < member.concurrency) return member;
    }
    return undefined;
  }

  #deliver(member: Member, message: Message): void {
    message.deliveries += 1;
    if (message.returning) this.#returned(message);
    member.unacknowledged.add(message);
    const delivery = new GroupDelivery(message, member, (word) => {
      if ('nackedForMs' in word) return this.#giveBack(message, word.nackedForMs);
      if ('rejectedFor' in word) message.onRejected?.(word.rejectedFor);
      else message.onAcked?.();
      return this.#pump();
    });
    try {
      const running = member.handler(delivery);
      if (running === undefined) return;
      const over = (): boolean => member.running.delete(tracked);
      const tracked: Promise<unknown> = running.then(over, (reason: unknown) => {
        over();
        delivery.nack({ reason: String(reason) });
      });
      member.running.add(tracked);
    } catch (reason) {
      delivery.nack({ reason: String(reason) });
    }
  }

  #giveBack(message: Message, delayMs: number): void {
    if (this.#stopped) return;
    const key = message.envelope.partitionkey;
    const blocked = this.#blocked.get(key);
    if (blocked === undefined) this.#blocked.set(key, { returning: 1, waiting: [] });
    else blocked.returning += 1;
    message.returning = true;
    const delay = this.#clock.schedule(Math.min(delayMs, this.#maxDelayMs), () => {
      this.#delays.delete(delay);
      this.#again.push(message);
      this.#pump();
    });
    this.#delays.add(delay);
    this.#pump();
  }

  #withdraw(message: Message): void {
    message.withdrawn = true;
    if (message.returning) this.#returned(message);
    for (const member of this.#members) member.unacknowledged.delete(message);
    this.#pump();
  }

  /** The message is being delivered again, or was taken back. When it was the last of its key to return, the others need wait no longer. */
  #returned(message: Message): void {
    message.returning = false;
    const key = message.envelope.partitionkey;
    const blocked = this.#blocked.get(key);
    if (blocked === undefined) return;
    blocked.returning -= 1;
    if (blocked.returning > 0) return;
    this.#blocked.delete(key);
    if (blocked.waiting.length > 0) this.#queue.unshift(blocked.waiting);
  }
}
