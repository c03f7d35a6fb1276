import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { jsonSize } from '../../shared/json-size.ts';
import type { Performative } from '../../shared/performatives.ts';
import type { Said } from '../workflow/command-base.ts';
import type { MessageSent, RunEvent } from '../workflow/events.ts';
import { DEAD_LETTERS, type Party, sentAs, whyDead } from '../workflow/messaging/message.ts';

// Who told whom what in a run, from its history.

/**
 * `open`: it waits in its mailbox. `held`: an attempt has it. `acknowledged`: somebody is done with it. `dead`: it lies in `#dead-letters`. `expired`: nobody
 * took it in time, and it was to be dropped then. `discarded`: a person threw it away. `closed`: its block, or the run, ended.
 */
export type RunMessageStatus = 'open' | 'held' | 'acknowledged' | 'dead' | 'expired' | 'discarded' | 'closed';

/** A time that somebody had a message. Times are ms since the Unix epoch. */
export interface MessageDelivery {
  readonly task: string;
  /** Absent: the task is a wait. */
  readonly attempt?: number;
  readonly at: number;
  /** How it ended; absent while the attempt has it. `returned`: it came back, or became a dead letter. */
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

/** A message of a run, and what has become of it. */
export interface RunMessage {
  readonly id: string;
  /** The revision of the event that sent it, and its time. */
  readonly revision: number;
  readonly sentAt: number;
  readonly from: Party;
  /** The run said it for whoever would not: its task had ended, or did not answer in time. */
  readonly onBehalf?: true;
  /** Where it was put the last time: a task by its path, or a name (`#desk`). */
  readonly mailbox: string;
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
  readonly death?: MessageDeath;
  /** How often people changed what it says, and had it delivered again. */
  readonly edited: number;
  readonly redriven: number;
  /** The last change of what it says; absent without one. */
  readonly lastEdit?: MessageEdit;
}

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };
type Kept = Changing<Omit<RunMessage, 'deliveries'>> & { deliveries: Changing<MessageDelivery>[] };

const OPEN: ReadonlySet<RunMessageStatus> = new Set(['open', 'held', 'dead']);

/** Folds the messages of one run, in the order in which they were sent. Keeps what they say only when asked to. */
export class RunMessages {
  readonly #all = new Map<string, Kept>();
  readonly #open = new Set<Kept>();
  readonly #withData: boolean;

  constructor({ data = false }: { readonly data?: boolean | undefined } = {}) {
    this.#withData = data;
  }

  get all(): readonly RunMessage[] {
    return [...this.#all.values()];
  }

  /** `said`: who asked for the event, and why. */
  fold(event: RunEvent, revision: number, { by, reason }: Said = {}): void {
    switch (event.type) {
      case 'MessageSent':
        for (const { id, mailbox } of sentAs(event)) this.#sent(event, id, mailbox, revision);
        return;
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
          one.mailbox = event.to ?? one.mailbox;
          this.#stand(one, 'open', event.at);
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

  #sent(event: MessageSent, id: string, mailbox: string, revision: number): void {
    const { at: sentAt, from, to, recipients, data, performative = 'inform' } = event;
    if (this.#all.has(id)) return;
    const { subject: type, conversation, inReplyTo, deadline, onBehalf } = event;
    const one: Kept = {
      id,
      revision,
      sentAt,
      from,
      ...(onBehalf === true && { onBehalf }),
      mailbox,
      ...(recipients !== undefined && { topic: to }),
      performative,
      ...(type !== undefined && { type }),
      ...(conversation !== undefined && { conversation }),
      ...(inReplyTo !== undefined && { inReplyTo }),
      ...(deadline !== undefined && { deadline }),
      size: jsonSize(data),
      ...(this.#withData && { data }),
      status: 'open',
      since: sentAt,
      deliveries: [],
      edited: 0,
      redriven: 0,
    };
    this.#all.set(id, one);
    this.#open.add(one);
  }

  #these(ids: readonly string[]): readonly Kept[] {
    return ids.flatMap((id) => this.#all.get(id) ?? []);
  }

  #stand(one: Kept, status: RunMessageStatus, at: number): void {
    if (one.status !== status) one.since = at;
    one.status = status;
    if (OPEN.has(status)) this.#open.add(one);
    else this.#open.delete(one);
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

const isWithin = ({ mailbox, status }: Kept, scope: string): boolean =>
  scope === '' || (status !== 'dead' && mailbox.startsWith(`${scope}/`));

/** The mailbox in which it lies. */
export const liesIn = ({ status, mailbox }: Pick<RunMessage, 'status' | 'mailbox'>): string =>
  status === 'dead' ? DEAD_LETTERS : mailbox;
