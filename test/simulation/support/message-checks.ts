import type { RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { isEnd } from '../../../core/src/orchestration/workflow/end-of-run.ts';
import type { RunState } from '../../../core/src/orchestration/workflow/state.ts';

interface Account {
  readonly isDrop: boolean;
  dead: boolean;
  /** The next event about it says that it is a dead letter. */
  doomed: boolean;
  /** The attempt that has it, `task/attempt`. */
  holder: string | undefined;
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
  #closed = 0;

  fold(event: RunEvent): void {
    if (!isEnd(event)) this.#closed = 0;
    switch (event.type) {
      case 'MessageSent':
        expect(this.#known.has(event.message), `${event.message} is sent twice`).to.equal(false);
        this.#known.add(event.message);
        this.sent += 1;
        this.open.set(event.message, { isDrop: event.drop === true, dead: false, doomed: false, holder: undefined });
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
      case 'MessageExpired':
        for (const id of event.messages) {
          const one = this.#free(id, 'expired');
          if (one.isDrop) this.#end(id, 'expired');
          else one.doomed = true;
        }
        return;
      case 'MessageDeadLettered': {
        const one = this.#there(event.message, 'dead');
        expect([one.doomed, one.dead, one.holder], `${event.message} is dead`).to.deep.equal([true, false, undefined]);
        Object.assign(one, { dead: true, doomed: false });
        return;
      }
      case 'TaskCompleted':
      case 'TasksReset':
        if (event.message === undefined) return;
        this.#free(event.message, 'taken');
        return this.#end(event.message, 'acknowledged');
      case 'DeadLettersRedriven':
        // Its time was up: it has none now.
        for (const id of event.messages) Object.assign(this.#buried(id), { dead: false, isDrop: false });
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
    const told = [...this.open].map(([id, { dead, doomed, holder }]) => ({ id, dead, doomed, holder }));
    const known = [...(state.mail?.open.values() ?? [])].map(({ id, dead, doomed, holder }) => ({
      id,
      dead: dead !== undefined,
      doomed,
      holder: holder === undefined ? undefined : `${holder.taskId}/${holder.attempt}`,
    }));
    const order = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);
    expect(known.toSorted(order), 'the messages of the state').to.deep.equal(told.toSorted(order));
    for (const { id, mailbox, holder, back } of state.mail?.open.values() ?? []) {
      expect(state.mail?.boxes.get(mailbox)?.messages.has(id), `${id} is in ${mailbox}`).to.equal(true);
      if (holder !== undefined && back === undefined)
        expect(state.mail?.attempts.get(holder.taskId)?.held.has(id), `${id} is had`).to.equal(true);
    }
    const ends = [...this.gone.values()].reduce((sum, count) => sum + count, 0);
    expect(this.open.size + ends, 'what was sent').to.equal(this.sent);
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

  #free(id: string, what: string): Account {
    const one = this.#there(id, what);
    expect(one.holder, `who has ${id}, which is ${what}`).to.equal(undefined);
    expect(one.doomed, `${id} is ${what}, and nobody is to have it any more`).to.equal(false);
    return one;
  }

  #heldBy(id: string, { type, taskId, attempt }: { type: string; taskId: string; attempt: number }): Account {
    const one = this.#there(id, type);
    expect(one.holder, `who has ${id}: ${type}`).to.equal(`${taskId}/${attempt}`);
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
