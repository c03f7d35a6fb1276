import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { jsonSize } from '../../shared/json-size.ts';
import type { Performative } from '../../shared/performatives.ts';
import type { Said } from '../workflow/command-base.ts';
import type { MessageHandedOn, MessageReceived, MessageSent, RunEvent } from '../workflow/events.ts';
import { DEAD_LETTERS, type Party, sentAs, whyDead } from '../workflow/messaging/message.ts';
import { isClient, sentTo } from '../workflow/messaging/outbox.ts';

// Who told whom what in a run, from its history.

/**
 * `on-its-way`: another run has yet to take it. `handed-over`: that has it, and its history says what becomes of it. `open`: it waits in its mailbox. `held`: an
 * attempt or a program has it. `acknowledged`: somebody is done with it; of one to a program, it is on record. `dead`: it lies in `#dead-letters`. `expired`:
 * nobody took it in time, and it was to be dropped then. `discarded`: a person threw it away. `closed`: its block, or the run, ended; or it was on its way when a
 * fork or a retry went on from the run, which does not send it again.
 */
export type RunMessageStatus =
  | 'on-its-way'
  | 'handed-over'
  | 'open'
  | 'held'
  | 'acknowledged'
  | 'dead'
  | 'expired'
  | 'discarded'
  | 'closed';

/** A time that somebody had a message. Times are ms since the Unix epoch. */
export interface MessageDelivery {
  /** Who had it: a task, or a program by its name. */
  readonly task?: string;
  readonly client?: string;
  /** Of a task; absent: that is a wait. */
  readonly attempt?: number;
  readonly at: number;
  /** Of a program: until when it has, or had, it. */
  readonly until?: number;
  /** How it ended; absent while somebody has it. `returned`: it came back, or became a dead letter. */
  readonly outcome?: 'acknowledged' | 'returned';
  readonly endedAt?: number;
  /** Of one that was returned. */
  readonly reason?: string;
  readonly code?: string;
  readonly because?: 'lost' | 'ended';
}

/** Why and when a message became a dead letter, the last time. */
export interface MessageDeath {
  readonly at: number;
  /** What it was given back with for good, or why else it is dead. */
  readonly code: string;
  readonly reason: string;
  readonly error: ErrorData;
  /** Ids of messages that it answers, or that led to it, the nearest first. */
  readonly causes: readonly string[];
}

/** When a person changed what a message says; who that was and why, as far as it was said. */
export interface MessageEdit extends Said {
  readonly at: number;
}

/** What another run has told of a message that its sender waits for; `error`: nobody there could do anything with it. */
export interface MessageReceipt {
  readonly at: number;
  readonly outcome: 'acknowledged' | 'failed';
  readonly error?: ErrorData;
}

/** A message of a run, and what has become of it. */
export interface RunMessage {
  readonly id: string;
  /** The revision of the event that sent it, or by which it came from another run. */
  readonly revision: number;
  readonly sentAt: number;
  /** With the run that it came from, unless that is this one. */
  readonly from: Party;
  /** The run said it for whoever would not: its task had ended, or did not answer in time. */
  readonly onBehalf?: true;
  /** Where it was put the last time: a task by its path, a name (`#desk`), or a program (`client:NAME`); with `run`, of that run, or a name of no run (`@desk`). */
  readonly mailbox: string;
  /** The other run that it goes to. */
  readonly run?: string;
  /** That run has asked here, where messages of a name of no run lie. */
  readonly handedOn?: true;
  /** What it was published under (`#news`): each that has it has a message of its own. */
  readonly topic?: string;
  readonly performative: Performative;
  readonly type?: string;
  readonly conversation?: string;
  readonly inReplyTo?: string;
  /** Until when it is to be answered; a moment. */
  readonly deadline?: number;
  /** Characters of its data as JSON. */
  readonly size: number;
  /** Where it was asked for: what it says, as a person may have changed it. */
  readonly data?: Json;
  readonly status: RunMessageStatus;
  /** Since when it is that. */
  readonly since: number;
  readonly deliveries: readonly MessageDelivery[];
  /** Of one to another run: what became of it there. */
  readonly receipt?: MessageReceipt;
  readonly death?: MessageDeath;
  /** How often people changed what it says, and had it delivered again. */
  readonly edited: number;
  readonly redriven: number;
  /** The last change of what it says; absent without one. */
  readonly lastEdit?: MessageEdit;
}

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };
type Kept = Changing<Omit<RunMessage, 'deliveries'>> & { deliveries: Changing<MessageDelivery>[] };

/** What is on its way to one mailbox of another run: by number, and the last number. */
interface Outbox {
  readonly messages: Map<number, Kept | undefined>;
  last: number;
}

const OPEN: ReadonlySet<RunMessageStatus> = new Set(['on-its-way', 'open', 'held', 'dead']);

/**
 * Folds the messages of one run, in the order in which they were sent from it or came to it. What runs tell each other about messages is none. Keeps what they say
 * only when asked to.
 */
export class RunMessages {
  readonly #all: Kept[] = [];
  /** Those that there were last, by id. */
  readonly #byId = new Map<string, Kept>();
  readonly #open = new Set<Kept>();
  readonly #outboxes = new Map<string, Outbox>();
  /** By message that is on its way: its number. */
  readonly #numbers = new Map<Kept, number>();
  readonly #withData: boolean;

  constructor({ data = false }: { readonly data?: boolean | undefined } = {}) {
    this.#withData = data;
  }

  get all(): readonly RunMessage[] {
    return [...this.#all];
  }

  /** `said`: who asked for the event, and why. */
  fold(event: RunEvent, revision: number, { by, reason }: Said = {}): void {
    switch (event.type) {
      case 'MessageSent':
        return this.#sent(event, revision);
      case 'MessageReceived':
        return this.#received(event, revision);
      case 'MessagesHandedOver':
        return this.#handedOver(sentTo(event), event.upTo, event.at);
      case 'MessageHandedOn':
        return this.#handedOn(event);
      case 'RunForked':
        return this.#leaveOthers(event.at);
      case 'MessageTaken':
        return this.#lent(event.messages, event.client, event);
      case 'MessageDelivered': {
        const { taskId: task, attempt, at, messages } = event;
        for (const one of this.#these(messages)) {
          one.deliveries.push({ task, attempt, at });
          this.#stand(one, one.status === 'dead' ? 'dead' : 'held', at);
        }
        return;
      }
      case 'MessageAcknowledged':
        for (const one of this.#these(event.messages)) this.#done(one, event.at);
        return;
      case 'TaskCompleted':
        return this.#taken(event.message, event.taskId, event.at);
      case 'TasksReset':
        return this.#taken(event.message, event.region, event.at);
      case 'MessageRejected': {
        const { message, at, code, because } = event;
        for (const one of this.#these([message])) {
          const last = one.deliveries.at(-1);
          const why = {
            reason: event.reason,
            ...(code !== undefined && { code }),
            ...(because !== undefined && { because }),
          };
          if (last !== undefined) Object.assign(last, { outcome: 'returned', endedAt: at, ...why });
          if (one.status !== 'dead') this.#stand(one, 'open', at);
        }
        return;
      }
      case 'MessageExpired':
        // What is no dead letter after it was to be dropped: the next event says so of the others.
        for (const one of this.#these(event.messages)) this.#stand(one, 'expired', event.at);
        return;
      case 'MessageDeadLettered':
        for (const one of this.#these([event.message])) {
          const { at, error, causes = [] } = event;
          const { code, message } = whyDead(error);
          one.death = { at, code, reason: message, error, causes };
          this.#stand(one, 'dead', at);
        }
        return;
      case 'DeadLetterEdited':
        for (const one of this.#these([event.message])) {
          one.edited += 1;
          one.lastEdit = {
            at: event.at,
            ...(by !== undefined && { by }),
            ...(reason !== undefined && { reason }),
          };
          one.size = jsonSize(event.data);
          if (this.#withData) one.data = event.data;
        }
        return;
      case 'DeadLettersRedriven':
        for (const one of this.#these(event.messages)) {
          one.redriven += 1;
          if (event.to !== undefined) this.#putInto(one, event.to);
          if (one.run === undefined) this.#stand(one, 'open', event.at);
          else this.#post(one, this.#outbox(one).last + 1, event.at);
        }
        return;
      case 'DeadLettersDiscarded':
        for (const one of this.#these(event.messages)) this.#stand(one, 'discarded', event.at);
        return;
      case 'MessagesClosed':
        // Of the run, its end closes them: a run that goes on from there has them.
        return event.scope === '' ? undefined : this.#closed(event.scope, event.messages, event.at);
      case 'RunCompleted':
      case 'RunFailed':
      case 'RunCancelled':
        return this.#closed('', [], event.at);
      default:
    }
  }

  #sent(event: MessageSent, revision: number): void {
    const { at, to, run, n = 0, recipients } = event;
    if (run !== undefined) this.#number(this.#outbox({ mailbox: to, run }), n, undefined);
    if (!isSaid(event)) return;
    for (const { id, mailbox } of sentAs(event)) {
      if (this.#byId.has(id)) continue;
      const one = this.#add({ ...event, message: id, to: mailbox }, revision, at);
      if (recipients !== undefined) one.topic = to;
      if (run !== undefined) {
        one.run = run;
        this.#post(one, n, at);
      } else if (isClient(mailbox)) this.#stand(one, 'acknowledged', at);
    }
  }

  #received(event: MessageReceived, revision: number): void {
    const { message: id, at, to, receipt, inReplyTo = '', data } = event;
    if (receipt === 'acknowledged' || receipt === 'failed') {
      const error = receipt === 'failed' ? { error: data as unknown as ErrorData } : {};
      for (const one of this.#these([inReplyTo])) one.receipt = { at, outcome: receipt, ...error };
      return;
    }
    // Forks of one run say the same: while it is here, it is here once.
    const before = this.#byId.get(id);
    if (!isSaid(event) || (before !== undefined && this.#open.has(before))) return;
    if (before !== undefined && event.handedOn !== undefined) {
      this.#putInto(before, to);
      return this.#stand(before, 'open', at);
    }
    const one = this.#add(event, revision, event.sentAt);
    one.since = at;
    if (isClient(to)) this.#stand(one, 'acknowledged', at);
  }

  #add(event: MessageSent | MessageReceived, revision: number, sentAt: number): Kept {
    const { message: id, at, from, to: mailbox, data, performative = 'inform' } = event;
    const { subject: type, conversation, inReplyTo, deadline, onBehalf } = event;
    const one: Kept = {
      id,
      revision,
      sentAt,
      from,
      ...(onBehalf === true && { onBehalf }),
      mailbox,
      performative,
      ...(type !== undefined && { type }),
      ...(conversation !== undefined && { conversation }),
      ...(inReplyTo !== undefined && { inReplyTo }),
      ...(deadline !== undefined && { deadline }),
      size: jsonSize(data),
      ...(this.#withData && { data }),
      status: 'open',
      since: at,
      deliveries: [],
      edited: 0,
      redriven: 0,
    };
    this.#all.push(one);
    this.#byId.set(id, one);
    this.#open.add(one);
    return one;
  }

  #outbox({ mailbox, run }: Pick<Kept, 'mailbox' | 'run'>): Outbox {
    const name = sentTo({ to: mailbox, ...(run !== undefined && { run }) });
    const outbox = this.#outboxes.get(name) ?? { messages: new Map(), last: 0 };
    this.#outboxes.set(name, outbox);
    return outbox;
  }

  #number(outbox: Outbox, n: number, one: Kept | undefined): void {
    outbox.messages.set(n, one);
    outbox.last = n;
  }

  #post(one: Kept, n: number, at: number): void {
    this.#number(this.#outbox(one), n, one);
    this.#numbers.set(one, n);
    this.#stand(one, 'on-its-way', at);
  }

  #handedOver(outbox: string, upTo: number, at: number): void {
    const { messages } = this.#outboxes.get(outbox) ?? {};
    for (const [n, one] of messages ?? []) {
      if (n > upTo) return;
      messages?.delete(n);
      // It may have been a dead letter since, and be on its way anew.
      if (one?.status === 'on-its-way' && this.#numbers.get(one) === n) this.#stand(one, 'handed-over', at);
    }
  }

  /** To a run that asked for it, or back to the name; without a run, it is back. */
  #handedOn({ message, to, run, n = 0, ask, at }: MessageHandedOn): void {
    for (const one of this.#these([message])) {
      this.#putInto(one, to);
      if (run === undefined) {
        this.#stand(one, 'open', at);
        continue;
      }
      one.run = run;
      if (ask !== undefined) one.handedOn = true;
      this.#post(one, n, at);
    }
  }

  #putInto(one: Kept, mailbox: string): void {
    one.mailbox = mailbox;
    delete one.run;
    delete one.handedOn;
  }

  /** From here on it is another run, which sends nothing of what the one before has said. */
  #leaveOthers(at: number): void {
    this.#outboxes.clear();
    // What was handed on to the one before, from a name of no run, is that one's, too.
    for (const one of this.#open)
      if (one.status === 'on-its-way' || (one.status !== 'dead' && one.mailbox.startsWith('@')))
        this.#stand(one, 'closed', at);
  }

  /** A program has them; or, has them for longer. */
  #lent(ids: readonly string[], client: string, { at, until }: { readonly at: number; readonly until: number }): void {
    for (const one of this.#these(ids)) {
      const last = one.deliveries.at(-1);
      if (last?.client === client && last.outcome === undefined) last.until = until;
      else one.deliveries.push({ client, at, until });
      this.#stand(one, one.status === 'dead' ? 'dead' : 'held', at);
    }
  }

  #these(ids: readonly string[]): readonly Kept[] {
    return ids.flatMap((id) => this.#byId.get(id) ?? []);
  }

  #stand(one: Kept, status: RunMessageStatus, at: number): void {
    if (one.status !== status) one.since = at;
    one.status = status;
    if (OPEN.has(status)) this.#open.add(one);
    else this.#open.delete(one);
    if (status !== 'on-its-way') this.#numbers.delete(one);
  }

  #done(one: Kept, at: number): void {
    const last = one.deliveries.at(-1);
    if (last !== undefined) Object.assign(last, { outcome: 'acknowledged', endedAt: at });
    this.#stand(one, 'acknowledged', at);
  }

  /** A wait has it, and is done with it at once. */
  #taken(id: string | undefined, task: string, at: number): void {
    for (const one of this.#these(id === undefined ? [] : [id])) {
      one.deliveries.push({ task, at });
      this.#done(one, at);
    }
  }

  /** Of a block, the event names the oldest. */
  #closed(scope: string, named: readonly string[], at: number): void {
    for (const one of this.#these(named)) this.#stand(one, 'closed', at);
    for (const one of this.#open) if (isWithin(one, scope)) this.#stand(one, 'closed', at);
  }
}

const isWithin = ({ mailbox, run, status }: Kept, scope: string): boolean =>
  scope === '' || (status !== 'dead' && run === undefined && mailbox.startsWith(`${scope}/`));

/** Whether somebody says something to somebody: a run that asks a name for messages, or tells what became of one, does not. */
export const isSaid = ({ receipt, ask }: Pick<MessageSent, 'receipt' | 'ask'>): boolean =>
  receipt !== 'acknowledged' && receipt !== 'failed' && ask === undefined;

/** The mailbox in which it lies. What is to go, or has gone, to another run: `>RUN/ADDRESS`. */
export const liesIn = ({ status, mailbox, run }: Pick<RunMessage, 'status' | 'mailbox' | 'run'>): string =>
  status === 'dead' ? DEAD_LETTERS : sentTo({ to: mailbox, ...(run !== undefined && { run }) });
