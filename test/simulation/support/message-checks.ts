import type { RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { isEnd } from '../../../core/src/orchestration/workflow/end-of-run.ts';
import type {
  MessageAcknowledged,
  MessageReceived,
  MessageRejected,
  MessageSent,
} from '../../../core/src/orchestration/workflow/events.ts';
import { DEFAULT_MAILBOX_LIMIT, mailboxDefinition } from '../../../core/src/orchestration/workflow/messaging/mail.ts';
import { sentAs } from '../../../core/src/orchestration/workflow/messaging/message.ts';
import { isClient, isOutbox, outboxOf, sentTo } from '../../../core/src/orchestration/workflow/messaging/outbox.ts';
import type { RunState } from '../../../core/src/orchestration/workflow/state.ts';

interface Account {
  readonly isDrop: boolean;
  dead: boolean;
  /** The next event about it says that it is a dead letter. */
  doomed: boolean;
  /** The attempt that has it, `task/attempt`, or the program. */
  holder: string | undefined;
  /** It was handed on from a name of no run, and nobody is done with it. */
  readonly isAway: boolean;
  /** The outbox that it is in, and its number there. */
  outbox: string | undefined;
  n: number;
  /** Of one that is dead: where it was. */
  was: string | undefined;
  /** The run says it by itself: it is gone when it cannot be said. */
  readonly isOwn: boolean;
}

/**
 * The books of the messages of a run, kept from its events alone: each that was sent is in one place (open, dead, or gone in a way that is on record),
 * is had by one attempt at a time, and whatever is done with it is done by whoever has it.
 */
export class MessageBooks {
  /** What is open or dead, by id. */
  readonly open = new Map<string, Account>();
  sent = 0;
  /** How messages were gone, and how often. */
  readonly gone = new Map<string, number>();
  readonly #known = new Set<string>();
  readonly #numbers = new Map<string, number>();
  /** The copies of what was published by the last event. */
  #published: readonly string[] = [];
  #closed = 0;

  fold(event: RunEvent): void {
    if (!isEnd(event)) this.#closed = 0;
    this.#published =
      event.type === 'MessageSent' && event.recipients !== undefined ? sentAs(event).map(({ id }) => id) : [];
    switch (event.type) {
      case 'MessageSent':
        if (event.run === undefined && isClient(event.to)) return;
        // Of what was published each has its own.
        for (const { id } of sentAs(event)) {
          expect(this.#known.has(id), `${id} is sent twice`).to.equal(false);
          this.#known.add(id);
          this.sent += 1;
          this.#open({ ...event, message: id }, event.run === undefined ? undefined : sentTo(event), event.n ?? 0);
        }
        return;
      case 'MessageReceived': {
        const isReceipt = event.receipt === 'acknowledged' || event.receipt === 'failed';
        if (isReceipt || event.ask !== undefined || isClient(event.to)) return;
        // What was handed on may come back.
        expect(this.open.has(event.message), `${event.message} is here twice`).to.equal(false);
        this.#known.add(event.message);
        this.sent += 1;
        this.#open(event, undefined, 0);
        return;
      }
      case 'MessageHandedOn': {
        // Given up for good: its name has it as a dead letter.
        const one = event.dead === undefined ? this.#free(event.message, 'handed on') : this.#doomed(event.message);
        one.doomed = false;
        one.outbox = event.run === undefined ? undefined : outboxOf(event.run, event.to);
        one.n = event.n ?? 0;
        if (one.outbox !== undefined) this.#numbers.set(one.outbox, one.n);
        // Last of all.
        this.open.delete(event.message);
        this.open.set(event.message, one);
        return;
      }
      case 'MessagesHandedOver':
        for (const [id, { outbox, n }] of [...this.open])
          if (outbox === outboxOf(event.run, event.to) && n <= event.upTo) this.#end(id, 'handed over');
        return;
      case 'MessageTaken':
        for (const id of event.messages) {
          const one = this.#there(id, 'taken');
          expect(one.holder ?? event.client, `who has ${id}`).to.equal(event.client);
          one.holder = event.client;
        }
        return;
      case 'RunForked':
        // What goes to other runs, and was handed on from there, is that of the run that it goes on from. Dead letters are of both.
        for (const [id, { outbox, isAway, dead }] of [...this.open])
          if (outbox !== undefined || (isAway && !dead)) this.#end(id, 'left');
        this.#numbers.clear();
        return;
      case 'MessageDelivered':
        for (const id of event.messages) this.#free(id, 'delivered').holder = `${event.taskId}/${event.attempt}`;
        return;
      case 'MessageAcknowledged':
        for (const id of event.messages) {
          this.#heldBy(id, event);
          this.#end(id, 'acknowledged');
        }
        return;
      case 'MessageRejected': {
        const one = this.#heldBy(event.message, event);
        one.holder = undefined;
        one.doomed = event.retryAt === undefined;
        return;
      }
      case 'ConversationExpired':
        if (event.held === true) this.#there(event.message, 'had too late').doomed = true;
        return;
      case 'MessageExpired':
        for (const id of event.messages) {
          const one = this.#free(id, 'expired');
          if (one.isDrop || (one.outbox !== undefined && one.isOwn)) this.#end(id, 'expired');
          else one.doomed = true;
        }
        return;
      case 'MessageDeadLettered': {
        const one = this.#there(event.message, 'dead');
        const isOut = one.outbox !== undefined || event.code === 'REPRISE_MAILBOX_FULL';
        expect([one.doomed || isOut, one.holder], `${event.message} is dead`).to.deep.equal([true, undefined]);
        if (one.dead) expect(event.mailbox, `where ${event.message}, dead again, was`).to.equal(one.was);
        one.outbox = undefined;
        Object.assign(one, { dead: true, doomed: false, was: event.mailbox });
        return;
      }
      case 'TaskCompleted':
      case 'TasksReset':
        if (event.message === undefined) return;
        this.#free(event.message, 'taken');
        return this.#end(event.message, 'acknowledged');
      case 'DeadLettersRedriven':
        // Its time was up: it has none now.
        for (const id of event.messages) {
          const one = Object.assign(this.#buried(id), { dead: false, isDrop: false });
          const mailbox = event.to ?? one.was;
          if (mailbox === undefined || !isOutbox(mailbox)) continue;
          one.outbox = mailbox;
          one.n = this.#numbered(mailbox);
        }
        return;
      case 'DeadLettersDiscarded':
        for (const id of event.messages) {
          this.#buried(id);
          this.#end(id, 'discarded');
        }
        return;
      case 'DeadLetterEdited':
        this.#buried(event.message);
        return;
      case 'MessagesClosed':
        return this.#close(event);
      default:
        if (isEnd(event)) this.#ended(event.type);
    }
  }

  /** The state says the same of every message. */
  compare(state: RunState): void {
    this.#noteFull(state);
    const told = [...this.open].map(([id, { dead, doomed, holder }]) => ({ id, dead, doomed, holder }));
    const known = [...(state.mail?.open.values() ?? [])].map(({ id, dead, doomed, holder }) => ({
      id,
      dead: dead !== undefined,
      doomed,
      holder: holder === undefined ? undefined : (holder.client ?? `${holder.taskId}/${holder.attempt}`),
    }));
    const order = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);
    expect(known.toSorted(order), 'the messages of the state').to.deep.equal(told.toSorted(order));
    for (const { id, mailbox, holder, back } of state.mail?.open.values() ?? []) {
      expect(state.mail?.boxes.get(mailbox)?.messages.has(id), `${id} is in ${mailbox}`).to.equal(true);
      if (holder !== undefined && holder.client === undefined && back === undefined)
        expect(state.mail?.attempts.get(holder.taskId)?.held.has(id), `${id} is had`).to.equal(true);
    }
    const ends = [...this.gone.values()].reduce((sum, count) => sum + count, 0);
    expect(this.open.size + ends, 'what was sent').to.equal(this.sent);
  }

  /** What is published where there is no room is a dead letter there, by the next event. */
  #noteFull({ mail, definition }: RunState): void {
    for (const id of this.#published) {
      const { mailbox = '', doomed } = mail?.open.get(id) ?? {};
      const limit = mailboxDefinition(definition.mailboxes, mailbox)?.limit ?? DEFAULT_MAILBOX_LIMIT;
      const isFull = (mail?.boxes.get(mailbox)?.messages.size ?? 0) > limit;
      expect(doomed, `${id} is in ${mailbox}, ${isFull ? 'which was full' : 'which had room'}`).to.equal(isFull);
      this.#there(id, 'published').doomed = isFull;
    }
  }

  /** Of the run it is its end that closes them. */
  #close({ scope, messages, open, dead }: Extract<RunEvent, { readonly type: 'MessagesClosed' }>): void {
    // The oldest 1,000 are named.
    const ids = scope === '' ? [...this.open.keys()] : messages;
    const found = [ids.length, ids.filter((id) => this.open.get(id)?.dead).length];
    expect(found, 'what is closed').to.deep.equal([open, dead]);
    if (scope === '') this.#closed = ids.length;
    else for (const id of ids) this.#end(id, 'closed');
  }

  #ended(type: string): void {
    expect(this.open.size, `what ${type} leaves open, and was not said to be closed`).to.equal(this.#closed);
    for (const id of this.open.keys()) this.#end(id, 'closed');
  }

  #there(id: string, what: string): Account {
    const one = this.open.get(id);
    if (one === undefined) throw new Error(`${id} is ${what}, and is not there`);
    return one;
  }

  #doomed(id: string): Account {
    const one = this.#there(id, 'handed on for good');
    expect([one.doomed, one.holder], `${id} is given up`).to.deep.equal([true, undefined]);
    return one;
  }

  #free(id: string, what: string): Account {
    const one = this.#there(id, what);
    expect(one.holder, `who has ${id}, which is ${what}`).to.equal(undefined);
    expect(one.doomed, `${id} is ${what}, and nobody is to have it any more`).to.equal(false);
    return one;
  }

  #open(event: MessageSent | MessageReceived, outbox: string | undefined, n: number): void {
    const { receipt, ask, performative, message } = event;
    const isOwn =
      ask !== undefined ||
      receipt === 'acknowledged' ||
      receipt === 'failed' ||
      (performative === 'failure' && message.endsWith('!'));
    if (outbox !== undefined) this.#numbers.set(outbox, n);
    const isAway = event.type === 'MessageReceived' && event.to.startsWith('@');
    this.open.set(message, {
      isAway,
      isDrop: event.drop === true,
      isOwn,
      dead: false,
      doomed: event.type === 'MessageReceived' && event.handedOn?.dead !== undefined,
      holder: undefined,
      outbox,
      n,
      was: undefined,
    });
  }

  /** The next number of an outbox. */
  #numbered(outbox: string): number {
    const n = (this.#numbers.get(outbox) ?? 0) + 1;
    this.#numbers.set(outbox, n);
    return n;
  }

  #heldBy(id: string, { type, taskId, attempt, client }: MessageAcknowledged | MessageRejected): Account {
    const one = this.#there(id, type);
    // What does not fit, and what answers a task that asked, nobody had.
    expect(one.holder, `who has ${id}: ${type}`).to.be.oneOf([client ?? `${taskId}/${attempt}`, undefined]);
    return one;
  }

  #buried(id: string): Account {
    const one = this.#free(id, 'dealt with as a dead letter');
    expect(one.dead, `${id} is a dead letter`).to.equal(true);
    return one;
  }

  #end(id: string, how: string): void {
    this.#there(id, how);
    this.open.delete(id);
    this.gone.set(how, (this.gone.get(how) ?? 0) + 1);
  }
}
