import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import { ERROR_CODES, type ErrorCode } from '../../../shared/error-codes.ts';
import { type ErrorData, RepriseError } from '../../../shared/errors.ts';
import { jsonSize } from '../../../shared/json-size.ts';
import type { ReceivedMessage } from '../../../shared/received-message.ts';
import type { CallAnswer, CallDelivery, Dispatch } from '../../messaging/messages.ts';
import type { MailCall } from '../../workflow/commands.ts';
import { dependsOn, MOST_SENT } from '../../workflow/messaging/call-shapes.ts';
import type { Outgoing } from '../../workflow/messaging/message.ts';

/** What a call asks for, but for whose it is. */
export type Asked =
  | { readonly type: 'SendMessages'; readonly message: Outgoing }
  | AskedOf<'AwaitMessages'>
  | AskedOf<'SettleMessages'>
  | AskedOf<'SubscribeMailbox'>
  | AskedOf<'UnsubscribeMailbox'>;

type AskedOf<Type> = Omit<Extract<MailCall, { readonly type: Type }>, keyof Whose>;

/** What was sent has an id; of what was published it is told how many got it. */
type Answered = Pick<CallAnswer, 'recipients'> & { readonly id: string };

type Whose = Pick<MailCall, 'commandId' | 'runId' | 'taskId' | 'attempt' | 'worker' | 'call'>;

export interface MessageCallsParts {
  readonly clock: Clock;
  readonly runId: string;
  readonly worker: string;
  readonly attemptKey: string;
  readonly dispatch: Dispatch;
  /** Hands a command to the engine. */
  send(command: MailCall): Promise<void>;
  /** The attempt waits, and takes no room. */
  rest(): void;
  /** It has what it waited for: resolves when there is room again. */
  wake(): Promise<void>;
}

interface Queued {
  readonly asked: Asked;
  readonly chars: number;
  /** Refused beside others, it is tried by itself. */
  alone: boolean;
  /** The id of what was sent. */
  readonly answered: PromiseWithResolvers<Answered>;
  /** Of a receive: what it waits for. */
  readonly came?: PromiseWithResolvers<readonly ReceivedMessage[]>;
}

interface Waiting {
  readonly came: PromiseWithResolvers<readonly ReceivedMessage[]>;
  readonly command: MailCall;
}

/** Until a call that has no answer is made again; then twice as long each time. */
const FIRST_REPEAT_MS = 2_000;
const LAST_REPEAT_MS = 30_000;
const REFUSED_AFTER_MS = 10;
/** Characters of the messages of one call. */
const MOST_CHARS = 256 * 1024;

/**
 * The calls of one attempt to the messages of its run. They are made one after another, each again until it is answered; what is to be sent meanwhile goes
 * together. So the engine sees them in their order, whatever is lost on the way.
 *
 *   queued ──made──► unanswered ──answer──► done, or (of a receive) waiting ──delivery──► done
 */
export class MessageCalls {
  readonly #parts: MessageCallsParts;
  readonly #queue: Queued[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** Deliveries that came before the answer. */
  readonly #early = new Map<number, CallDelivery>();
  #made: { readonly command: MailCall; readonly of: readonly Queued[] } | undefined;
  #repeat: ScheduledCall | undefined;
  #again: ScheduledCall | undefined;
  #calls = 0;
  readonly #unheard = new Map<Queued['came'], number>();
  #closed = false;
  #over: RepriseError | undefined;

  constructor(parts: MessageCallsParts) {
    this.#parts = parts;
  }

  /** Whether it waits for messages. */
  get listens(): boolean {
    return this.#waiting.size > 0;
  }

  async send(message: Outgoing): Promise<Answered> {
    return await this.#ask({ type: 'SendMessages', message });
  }

  /** What is done once it is on record. */
  async tell(asked: Exclude<Asked, { readonly type: 'SendMessages' | 'AwaitMessages' }>): Promise<void> {
    await this.#ask(asked);
  }

  async receive(asked: Extract<Asked, { readonly type: 'AwaitMessages' }>): Promise<readonly ReceivedMessage[]> {
    const came = Promise.withResolvers<readonly ReceivedMessage[]>();
    came.promise.catch(() => undefined);
    await this.#ask(asked, came);
    try {
      return await came.promise;
    } finally {
      // What was refused goes on, too.
      if (!this.listens && this.#over === undefined) await this.#parts.wake();
      if (!this.#closed) this.#unheard.delete(came);
    }
  }

  /** The agent has returned: it sees nothing any more. */
  close(): void {
    this.#closed = true;
  }

  /** The calls that waited, and of which the agent has seen nothing. */
  get unheard(): readonly number[] {
    return [...this.#unheard.values()];
  }

  /** Resolves when nothing is unanswered; rejects with what was refused meanwhile. */
  async flush(): Promise<void> {
    const open = [...(this.#made?.of ?? []), ...this.#queue];
    await Promise.all(open.map(({ answered }) => answered.promise));
  }

  answered({ call, ids = [], recipients, error }: CallAnswer): void {
    const made = this.#made;
    if (made === undefined || made.command.call !== call) return;
    this.#made = undefined;
    this.#repeat?.cancel();
    this.#repeat = undefined;
    if (error === undefined) {
      for (const [index, one] of made.of.entries()) {
        this.#await(one, made.command);
        one.answered.resolve({ id: ids[index] ?? '', ...(recipients === undefined ? {} : { recipients }) });
      }
    } else if (made.of.length > 1) {
      for (const one of made.of) one.alone = true;
      this.#queue.unshift(...made.of);
    } else {
      made.of[0]?.answered.reject(errorOf(error));
    }
    this.#make();
  }

  delivered(delivery: CallDelivery): void {
    const { call } = delivery;
    const waits = this.#waiting.get(call);
    if (waits !== undefined) {
      this.#waiting.delete(call);
      end(waits.came, delivery);
    } else if (this.#made?.command.call === call) {
      this.#early.set(call, delivery);
    }
  }

  /** It was taken: from now on it waits, unless what it waits for has come already. */
  #await({ came }: Queued, command: MailCall): void {
    if (came === undefined) return;
    const early = this.#early.get(command.call);
    this.#early.delete(command.call);
    if (early !== undefined) return end(came, early);
    this.#waiting.set(command.call, { came, command });
    this.#armAgain();
    this.#parts.rest();
  }

  /** The attempt is over: whatever is asked now, or waits, is refused. */
  end(reason: RepriseError): void {
    this.#over ??= reason;
    this.#repeat?.cancel();
    this.#again?.cancel();
    const open = [...(this.#made?.of ?? []), ...this.#queue.splice(0)];
    this.#made = undefined;
    for (const { answered, came } of open) {
      answered.reject(reason);
      came?.reject(reason);
    }
    for (const { came } of this.#waiting.values()) came.reject(reason);
    this.#waiting.clear();
  }

  #ask(asked: Asked, came?: Queued['came']): Promise<Answered> {
    if (this.#over !== undefined) return this.#refused(this.#over);
    const chars = asked.type === 'SendMessages' ? jsonSize(asked.message.data, MOST_CHARS) : 0;
    const answered = Promise.withResolvers<Answered>();
    // Whether anybody awaits it is the agent's business: flush() tells of what was not.
    answered.promise.catch(() => undefined);
    this.#queue.push({ asked, chars, alone: false, answered, ...(came === undefined ? {} : { came }) });
    // What is asked in the same moment goes together.
    if (this.#queue.length === 1) queueMicrotask(() => this.#make());
    return answered.promise;
  }

  /** Not at once: an agent that goes on calling whatever happens would leave no time for anybody else. */
  #refused(reason: RepriseError): Promise<never> {
    return new Promise((_, reject) => {
      this.#parts.clock.schedule(REFUSED_AFTER_MS, () => reject(reason));
    });
  }

  #make(): void {
    if (this.#made !== undefined || this.#over !== undefined) return;
    const [first] = this.#queue;
    if (first === undefined) return;
    const of = this.#together(first);
    this.#queue.splice(0, of.length);
    this.#calls += 1;
    const messages = of.flatMap(({ asked }) => (asked.type === 'SendMessages' ? [asked.message] : []));
    const command =
      first.asked.type === 'SendMessages'
        ? ({ ...this.#whose(this.#calls), type: 'SendMessages', messages } as const)
        : this.#command(first.asked, this.#calls);
    if (first.came !== undefined) this.#unheard.set(first.came, this.#calls);
    this.#made = { command, of };
    this.#say(command);
    this.#armRepeat(FIRST_REPEAT_MS);
  }

  /** Messages that are to be sent are sent with those behind them, when nothing that is said before can make a difference to them. */
  #together(first: Queued): readonly Queued[] {
    const isPlain = ({ asked, alone }: Queued): boolean =>
      asked.type === 'SendMessages' && dependsOn(asked.message) === undefined && !alone;
    if (!isPlain(first)) return [first];
    const of: Queued[] = [];
    let chars = 0;
    for (const one of this.#queue) {
      chars += one.chars;
      if (!isPlain(one) || of.length >= MOST_SENT || (of.length > 0 && chars > MOST_CHARS)) break;
      of.push(one);
    }
    return of;
  }

  #command(asked: Exclude<Asked, { readonly type: 'SendMessages' }>, call: number): MailCall {
    return { ...asked, ...this.#whose(call) };
  }

  #whose(call: number): Whose {
    const { attemptKey, runId, worker, dispatch } = this.#parts;
    const { taskId, attempt } = dispatch;
    return { commandId: `${attemptKey}/call/${call}`, runId, taskId, attempt, worker, call };
  }

  /** Lost or not: it is said again until it is answered. */
  #say(command: MailCall): void {
    this.#parts.send(command).catch(() => undefined);
  }

  #armRepeat(ms: number): void {
    this.#repeat?.cancel();
    this.#repeat = this.#parts.clock.schedule(ms, () => {
      this.#repeat = undefined;
      if (this.#over !== undefined || this.#made === undefined) return;
      this.#say(this.#made.command);
      this.#armRepeat(Math.min(ms * 2, LAST_REPEAT_MS));
    });
  }

  /** What came for those that wait may have been lost, whatever else is answered. */
  #armAgain(): void {
    if (this.#again !== undefined) return;
    this.#again = this.#parts.clock.schedule(LAST_REPEAT_MS, () => {
      this.#again = undefined;
      if (this.#over !== undefined || !this.listens) return;
      for (const { command } of this.#waiting.values()) this.#say(command);
      this.#armAgain();
    });
  }
}

function end(came: NonNullable<Queued['came']>, { messages = [], error }: CallDelivery): void {
  if (error === undefined) came.resolve(messages);
  else came.reject(errorOf(error));
}

function errorOf({ code, message, retryable, details }: ErrorData): RepriseError {
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'REPRISE_MESSAGE_INVALID';
  return new RepriseError(known, message, { retryable, ...(details === undefined ? {} : { details }) });
}
