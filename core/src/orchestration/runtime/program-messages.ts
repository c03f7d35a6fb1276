import type { Message, MessageFilter, NackOptions, SendOptions, Sent } from '../../agent/messages.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Duration } from '../../shared/duration.ts';
import { isRepriseError, RepriseError } from '../../shared/errors.ts';
import { isId } from '../../shared/ids.ts';
import { copyJson, type Json } from '../../shared/json.ts';
import type { ReceivedMessage } from '../../shared/received-message.ts';
import type { RunReader } from '../reading/run-reader.ts';
import { isEnd } from '../workflow/end-of-run.ts';
import type { RunEvent } from '../workflow/events.ts';
import { mailboxRun } from '../workflow/messaging/elsewhere.ts';
import { nameOf, postedId } from '../workflow/messaging/message.ts';
import { protocolOf } from '../workflow/messaging/protocols.ts';
import { whySaid } from '../workflow/messaging/replies.ts';
import type { CommandOutcome } from './inbox.ts';
import { startMailbox } from './mailbox-run.ts';
import { durationOf, outgoingOf } from './outgoing-of.ts';
import type { CommandOptions, SteeringCommand } from './steering.ts';
import type { WaitingLines } from './waiting-lines.ts';

export interface ProgramMessagesParts {
  readonly clock: Clock;
  readonly runs: Pick<RunReader, 'follow' | 'last'>;
  /** Resolves once what the command led to is durable; rejects with what it was refused with. */
  command(runId: string, command: SteeringCommand, options: CommandOptions): Promise<Answered>;
  /** Starts the run that a name of no run is, unless it is there. */
  start(command: ReturnType<typeof startMailbox>): Promise<unknown>;
  /** Those of these messages that are open, as whoever has them sees them. */
  open(runId: string, ids: readonly string[]): Promise<readonly ReceivedMessage[]>;
  payload(value: unknown, what: string): Json;
  /** Programs of this process that wait at a mailbox for whatever comes. */
  readonly lines: WaitingLines;
}

interface Answered {
  readonly commandId: string;
  readonly outcome: CommandOutcome;
}

interface Posted extends Sent {
  readonly conversation: string;
  /** Not said before, under the same `requestId`. */
  readonly isNew: boolean;
}

/** Where a program's message goes, beside the mailbox. */
export interface Whereto {
  /** The run that the mailbox is of; not with a name of no run (`@desk`). */
  readonly run?: string;
  /** On whose behalf a name of no run is: each tenant has its own. */
  readonly tenant?: string;
}

/** `key` is what `requestId` is for here. */
export interface ProgramSendOptions extends CommandOptions, Whereto, Omit<SendOptions, 'key' | 'run'> {}

/** As for a message that is sent; the signal ends the waiting for its answer. */
export interface ProgramRequestOptions extends ProgramSendOptions {
  /** Answers a question back (query). Default: it is answered with not-understood, and the request rejects. */
  onQuery?(question: Message): unknown;
  readonly signal?: AbortSignal;
}

/** Which messages are taken from which mailbox, how long they are waited for (`timeout`), and when they come back unless they are acknowledged (`lease`). */
export interface TakeOptions extends MessageFilter, Whereto {
  /** Of a name of a run (`#desk`): which run. Of a name of no run: the run that a message came from; default: any. */
  readonly run?: string;
  /** How long to wait: ms, or text. Default: until something comes. */
  readonly timeout?: Duration;
  /** For how long the program has what it takes, unless it says so again (`extend`): 100 ms to 12 h. Then others have it. Default: 30 s. */
  readonly lease?: Duration;
  readonly signal?: AbortSignal;
}

/** A message that a program has. */
export interface TakenMessage extends Message {
  /** It is done with. */
  ack(): Promise<void>;
  /** Others may have it. */
  nack(options: NackOptions): Promise<void>;
  /** Has it for longer, from now on. Default: as long as it was taken for. */
  extend(lease?: Duration): Promise<void>;
  /** Answers it. Inform (the default), failure and refuse are final: the message is done with. */
  reply(data: unknown, options?: Omit<ProgramSendOptions, 'run' | 'tenant'>): Promise<Sent>;
}

const DEFAULT_DEADLINE: Duration = '10m';
const DEFAULT_LEASE: Duration = '30s';
/** After the deadline that the run tells of. */
const MARGIN_MS = 1000;
/** A clock may ring so long before its time. */
const EARLY_MS = 50;
/** Until it is looked again, when nothing was told: something that was given back may be had again. */
const LOOK_AGAIN_MS = 1000;

/** After these there may be something to take. */
const STIRRING: ReadonlySet<RunEvent['type']> = new Set([
  'MessageSent',
  'MessageReceived',
  'MessageRejected',
  'DeadLettersRedriven',
  'RunResumed',
]);

const stirs = (event: RunEvent): boolean =>
  STIRRING.has(event.type) || (event.type === 'MessageHandedOn' && event.run === undefined);

/**
 * Messages as a program outside the runs has them, under the name that it gives itself. What it sends is on record when the promise resolves; what it takes it has
 * for so long, and others have it after that; what answers it is in the history of the run that it asked.
 *
 * Errors: REPRISE_RUN_NOT_FOUND, REPRISE_RUN_CLOSED, REPRISE_MAILBOX_UNKNOWN, REPRISE_MAILBOX_CLOSED, REPRISE_MAILBOX_FULL (retryable), REPRISE_MESSAGE_INVALID, REPRISE_MESSAGE_NOT_HELD,
 * REPRISE_CONVERSATION_BROKEN, REPRISE_INVALID_PAYLOAD, REPRISE_PAYLOAD_TOO_LARGE, REPRISE_OUTCOME_UNKNOWN; of `request`, too, REPRISE_REPLY_TIMEOUT, REPRISE_REQUEST_REFUSED.
 */
export class ProgramMessages {
  readonly name: string;
  readonly #parts: ProgramMessagesParts;

  constructor(name: string, parts: ProgramMessagesParts) {
    this.name = name;
    this.#parts = parts;
  }

  /** To a task, an item or a name of a run (`run`), or to a name of no run (`@desk`), which is there from the first message on. */
  async send(to: string, data: unknown, options: ProgramSendOptions = {}): Promise<Sent> {
    const { id } = await this.#post(to, data, options);
    return { id };
  }

  /** Asks, and resolves to the answer (inform; to a `cfp`, the proposal). Refusals and failures reject with REPRISE_REQUEST_REFUSED. Default deadline: 10 minutes. */
  async request(to: string, data: unknown, options: ProgramRequestOptions = {}): Promise<Message> {
    const { onQuery, signal, deadline = DEFAULT_DEADLINE, performative = 'request', ...how } = options;
    if (protocolOf(performative) === undefined)
      throw new RepriseError(
        'REPRISE_MESSAGE_INVALID',
        `Nobody answers ${performative}: a request asks (request, query, cfp, subscribe).`,
      );
    const run = this.#runOf(to, options);
    const last = await this.#parts.runs.last(run).catch((error: unknown) => {
      if (isRepriseError(error, 'REPRISE_RUN_NOT_FOUND')) return undefined;
      throw error;
    });
    const sent = await this.#post(to, data, { ...how, performative, deadline });
    // Asked before, under this `requestId`: it may be answered already.
    const after = sent.isNew ? (last?.revision ?? -1) : -1;
    const said = new Set([sent.id]);
    const waiting = this.#waiting(durationOf(deadline, 'deadline') + MARGIN_MS, signal);
    let until = this.#parts.clock.now() + durationOf(deadline, 'deadline') - MARGIN_MS;
    try {
      for await (const { event } of this.#parts.runs.follow(run, after + 1, waiting.signal)) {
        if (event.type === 'MessageSent' && event.message === sent.id) until = event.deadline ?? until;
        if (event.type === 'ConversationExpired' && event.message === sent.id) {
          const isLate = event.at >= until - EARLY_MS;
          const code = isLate ? 'REPRISE_REPLY_TIMEOUT' : 'REPRISE_REQUEST_REFUSED';
          const why = isLate ? `'${to}' did not answer in time.` : event.reason;
          throw new RepriseError(code, why, { details: { message: sent.id } });
        }
        if (event.type === 'MessageDeadLettered' && event.message === sent.id)
          throw refused(to, { code: event.code, message: event.error.message }, 'that it cannot be asked');
        if (isEnd(event)) throw refused(to, { code: 'REPRISE_RUN_CLOSED' }, `nothing: run '${run}' has ended`);
        const answer = answerIn(event, this.name, said);
        if (answer === undefined || answer.performative === 'agree') continue;
        if (answer.performative === 'inform' || answer.performative === 'propose') return answer;
        if (answer.performative !== 'query')
          throw refused(
            to,
            answer.data,
            answer.performative === 'refuse' ? 'that it will not' : `with ${answer.performative}`,
          );
        const told = await onQuery?.(answer);
        const back = {
          run,
          conversation: sent.conversation,
          inReplyTo: answer.id,
          performative: onQuery === undefined ? ('not-understood' as const) : ('inform' as const),
        };
        const reply = await this.#reply(run, answer, onQuery === undefined ? NOT_ANSWERED : told, back);
        if (onQuery === undefined) throw refused(to, answer.data, 'with a question, which nothing answers (onQuery)');
        said.add(reply.id);
      }
    } finally {
      waiting.end();
    }
    const late = signal?.aborted === true ? 'had not answered when the signal was aborted' : 'did not answer in time';
    throw new RepriseError('REPRISE_REPLY_TIMEOUT', `'${to}' ${late}.`, { details: { message: sent.id } });
  }

  /** The oldest message that fits of a name (`#desk` of a run, `@desk`), once there is one; undefined when the time is up. */
  async receive(mailbox: string, options: TakeOptions = {}): Promise<TakenMessage | undefined> {
    const [first] = await this.receiveMany(mailbox, { ...options, max: 1 });
    return first;
  }

  /** Up to `max` messages (256 at the most), at least one; none when the time is up. */
  async receiveMany(
    mailbox: string,
    options: TakeOptions & { readonly max: number },
  ): Promise<readonly TakenMessage[]> {
    const { run, tenant: _tenant, timeout, lease = DEFAULT_LEASE, signal, max, ...others } = options;
    // Of a name of no run it is the run that a message comes from.
    const filter = mailbox.startsWith('@') ? { ...others, run } : others;
    const runId = this.#runOf(mailbox, options);
    const wanted = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const leaseMs = durationOf(lease, 'lease');
    const takesAny = Object.keys(wanted).length === 0;
    const command = {
      type: 'TakeMessages',
      client: this.name,
      mailbox,
      ...(takesAny ? {} : { wanted }),
      max,
      leaseMs,
    } as const;
    const waiting = this.#waiting(timeout === undefined ? undefined : durationOf(timeout, 'timeout'), signal);
    let leave: (() => void) | undefined;
    try {
      for (;;) {
        const seen = await this.#seen(runId, mailbox, options.tenant);
        const { outcome } = await this.#parts.command(runId, command, {});
        const [taken] = outcome.events;
        if (taken?.type === 'MessageTaken')
          return (await this.#parts.open(runId, taken.messages)).map((one) => this.#taken(runId, one, lease));
        if (waiting.signal.aborted) return [];
        if (leave === undefined && takesAny) {
          const turn = await this.#parts.lines.turn(`${runId}/${mailbox}`, waiting.signal);
          leave = turn ?? (() => undefined);
          continue;
        }
        await this.#stirred(runId, seen + 1, waiting.signal);
      }
    } finally {
      leave?.();
      waiting.end();
    }
  }

  /** The last revision of the run, which is started when it is a name of no run. */
  async #seen(runId: string, mailbox: string, tenant: string | undefined): Promise<number> {
    try {
      return (await this.#parts.runs.last(runId)).revision;
    } catch (error) {
      if (!mailbox.startsWith('@') || !isRepriseError(error, 'REPRISE_RUN_NOT_FOUND')) throw error;
      await this.#parts.start(startMailbox(runId, mailbox.slice(1), tenant));
      return 0;
    }
  }

  /** Resolves once something has come, or may be had again, or the wait is over. */
  async #stirred(runId: string, from: number, over: AbortSignal): Promise<void> {
    const waiting = this.#waiting(LOOK_AGAIN_MS, over);
    try {
      for await (const { event } of this.#parts.runs.follow(runId, from, waiting.signal)) if (stirs(event)) return;
    } finally {
      waiting.end();
    }
  }

  /** Aborts when the time is up, or `signal` does. */
  #waiting(ms: number | undefined, signal: AbortSignal | undefined): { readonly signal: AbortSignal; end(): void } {
    const over = new AbortController();
    const timer = ms === undefined ? undefined : this.#parts.clock.schedule(ms, () => over.abort());
    const abort = (): void => over.abort();
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    return {
      signal: over.signal,
      end: () => {
        timer?.cancel();
        signal?.removeEventListener('abort', abort);
      },
    };
  }

  #taken(runId: string, message: ReceivedMessage, lease: Duration): TakenMessage {
    const { id } = message;
    const settle = async (what: object): Promise<void> => {
      await this.#parts.command(runId, { type: 'SettleTaken', client: this.name, ...what }, {});
    };
    return {
      ...message,
      data: copyJson(message.data),
      ack: () => settle({ acknowledge: [id] }),
      nack: async ({ reason, delay, requeue }) =>
        settle({
          reject: [
            {
              message: id,
              reason: String(reason).slice(0, 4096),
              ...(delay === undefined ? {} : { delayMs: durationOf(delay, 'delay') }),
              ...(requeue === undefined ? {} : { requeue }),
            },
          ],
        }),
      extend: async (again = lease) => settle({ extend: [id], leaseMs: durationOf(again, 'lease') }),
      reply: (data, options = {}) => this.#reply(runId, message, data, options),
    };
  }

  /** From the run that it has the message of: what answers it comes from there. */
  async #reply(runId: string, message: Message, data: unknown, options: ProgramSendOptions): Promise<Sent> {
    const conversation = options.conversation ?? message.conversation;
    const how = {
      ...options,
      ...(conversation === undefined ? {} : { conversation }),
      inReplyTo: message.id,
    };
    const { id } = await this.#postTo(runId, message.from, data, how, message.run);
    return { id };
  }

  async #post(to: string, data: unknown, options: ProgramSendOptions): Promise<Posted> {
    const runId = this.#runOf(to, options);
    try {
      return await this.#postTo(runId, to, data, options);
    } catch (error) {
      if (!to.startsWith('@') || !isRepriseError(error, 'REPRISE_RUN_NOT_FOUND')) throw error;
      await this.#parts.start(startMailbox(runId, to.slice(1), options.tenant));
      return await this.#postTo(runId, to, data, options);
    }
  }

  async #postTo(runId: string, to: string, data: unknown, options: ProgramSendOptions, run?: string): Promise<Posted> {
    const { by, reason, requestId, run: _run, tenant: _tenant, ...how } = options;
    if ((how as SendOptions).key !== undefined)
      throw new RepriseError(
        'REPRISE_MESSAGE_INVALID',
        'A program says something once by `requestId`: `key` is of the attempts of a task.',
      );
    const payload = this.#parts.payload(data, `message to '${to}'`);
    const message = outgoingOf({ to }, payload, { ...how, ...(run === undefined ? {} : { run }) });
    const said = {
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
      ...(requestId === undefined ? {} : { requestId }),
    };
    const command = { type: 'PostMessage', from: this.name, message } as const;
    const { commandId, outcome } = await this.#parts.command(runId, command, said);
    const id = postedId(runId, commandId);
    const isNew = outcome.events.some((event) => event.type === 'MessageSent' && event.message === id);
    return { id, conversation: message.conversation ?? id, isNew };
  }

  #runOf(mailbox: string, { run, tenant }: Whereto): string {
    if (typeof mailbox !== 'string')
      throw new RepriseError('REPRISE_MESSAGE_INVALID', `A mailbox is text such as "@desk", not ${typeof mailbox}.`);
    if (mailbox.startsWith('@')) {
      if (isId(mailbox.slice(1))) return mailboxRun(tenant, mailbox.slice(1));
      const name = JSON.stringify(mailbox.slice(0, 200));
      throw new RepriseError(
        'REPRISE_MAILBOX_UNKNOWN',
        `There is no mailbox ${name}: the name behind @ is no name (letters, digits, and . _ - in it).`,
      );
    }
    if (run !== undefined) return run;
    throw new RepriseError(
      'REPRISE_MESSAGE_INVALID',
      `'${mailbox}' is of a run: say of which ({ run }), or use a name of no run ("@desk").`,
    );
  }
}

const NOT_ANSWERED = 'Whoever asked answers no questions.';

function refused(to: string, data: Json, how: string): RepriseError {
  return new RepriseError('REPRISE_REQUEST_REFUSED', `'${to}' answered ${how}${whySaid(data)}.`, { details: { data } });
}

/** What somebody has said to the program in answer to one of these. */
function answerIn(event: RunEvent, name: string, said: ReadonlySet<string>): Message | undefined {
  if (event.type !== 'MessageSent' && event.type !== 'MessageReceived') return undefined;
  if (event.to !== `client:${name}` || event.inReplyTo === undefined || !said.has(event.inReplyTo)) return undefined;
  if (event.type === 'MessageSent' && event.run !== undefined) return undefined;
  const { message: id, from, data, performative = 'inform', subject: type, conversation, inReplyTo } = event;
  return {
    id,
    from: nameOf(from),
    ...(from.run === undefined ? {} : { run: from.run }),
    mailbox: event.to,
    data,
    performative,
    ...(type === undefined ? {} : { type }),
    ...(conversation === undefined ? {} : { conversation }),
    inReplyTo,
    sentAt: event.type === 'MessageReceived' ? event.sentAt : event.at,
    delivery: 1,
  };
}
