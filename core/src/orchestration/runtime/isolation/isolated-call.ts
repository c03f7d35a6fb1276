import type { AgentContext, AgentTask, WrittenTasks } from '../../../agent/agent.ts';
import type {
  Message,
  Messages,
  NackOptions,
  ReceiveOptions,
  RequestOptions,
  SendOptions,
  Subscription,
} from '../../../agent/messages.ts';
import type { MaxUsage } from '../../../definition/definition.ts';
import { toErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { AskName, FromIsolate, ToIsolate } from './protocol.ts';
import { errorOf, thrownOf } from './thrown.ts';

type Said = Extract<FromIsolate, { readonly call: number }>;
type Ask = Extract<FromIsolate, { readonly type: 'ask' }>;

/** The caller's side of one call: what the agent says there is said to the context here, and answered. */
export class IsolatedCall {
  readonly id: number;
  /** Of it nothing is known from here on, should the isolate end. */
  begun = false;
  readonly outcome = Promise.withResolvers<Json>();
  readonly #context: AgentContext;
  readonly #send: (message: ToIsolate) => void;
  readonly #subscriptions = new Map<number, Subscription>();
  /** What the agent was told of its questions, as far as it was messages. */
  readonly #taken = new Map<number, readonly Pick<Message, 'id'>[]>();
  readonly #questions = new Map<number, PromiseWithResolvers<Json | undefined>>();
  #asked = 0;
  /** The first of what the agent wanted that is not possible here, although its own side let it pass: the attempt fails. */
  #refused: unknown;

  constructor(id: number, context: AgentContext, send: (message: ToIsolate) => void) {
    this.id = id;
    this.#context = context;
    this.#send = send;
    // Whether anybody waits for it is the caller's business.
    this.outcome.promise.catch(() => undefined);
  }

  begin(task: AgentTask, maxPayloadChars: number): void {
    const { traceparent } = this.#context;
    const trace = traceparent === undefined ? {} : { traceparent };
    this.#send({ type: 'call', call: this.id, task, ...trace, maxPayloadChars });
  }

  abort(): void {
    const reason = toErrorData(this.#context.signal.reason, 'REPRISE_RUN_CLOSED');
    this.#send({ type: 'abort', call: this.id, reason });
  }

  heard(said: Said): void {
    try {
      this.#hear(said);
    } catch (error) {
      this.#refused ??= error;
    }
  }

  #hear(said: Said): void {
    const context = this.#context;
    switch (said.type) {
      case 'begun':
        this.begun = true;
        // Until now it could say nothing.
        return context.heartbeat();
      case 'heartbeat':
        return context.heartbeat();
      case 'emit':
        return context.emit(said.progress);
      case 'usage':
        return context.usage(said.used as MaxUsage);
      case 'log':
        return context.logger[said.level](said.message, said.fields);
      case 'directive':
        return this.#direct(said);
      case 'ask':
        this.#answer(said).catch((error: unknown) => this.outcome.reject(error));
        return;
      case 'told':
        return this.#told(said);
      case 'threw':
        return this.outcome.reject(errorOf(said.thrown));
      case 'returned':
        this.#return(said).then(this.outcome.resolve, this.outcome.reject);
    }
  }

  #direct({ name, given: [first, second] }: Extract<Said, { readonly type: 'directive' }>): void {
    const context = this.#context;
    const options = (second ?? undefined) as { readonly before?: string; readonly why?: string } | undefined;
    if (name === 'spawn') context.spawn(first as WrittenTasks, options);
    else if (name === 'link') context.link(first as string, second as string | readonly string[]);
    else if (name === 'addItems') context.addItems(first as readonly Json[]);
    else if (name === 'finish') context.finish(first ?? null);
    else if (name === 'cancel') context.cancel(first as string | readonly string[]);
    else if (name === 'goto') context.goto(first as string, options);
    else context.handOff(first as string, options);
  }

  async #answer(asked: Ask): Promise<void> {
    const { ask } = asked;
    try {
      const value = await this.#ask(asked);
      const messages = takenOf(asked.name, value);
      if (messages.length > 0) this.#taken.set(ask, messages);
      this.#send({ type: 'answer', call: this.id, ask, value: (value ?? null) as Json });
    } catch (error) {
      this.#send({ type: 'refusal', call: this.id, ask, thrown: thrownOf(error) });
    }
  }

  async #ask(asked: Ask): Promise<unknown> {
    const { messages } = this.#context;
    const [first, second, third] = asked.given;
    const given = (second ?? undefined) as object | undefined;
    switch (asked.name) {
      case 'send':
      case 'publish':
        return messages[asked.name](first as string, second, (third ?? undefined) as SendOptions | undefined);
      case 'request':
        return messages.request(first as string, second, this.#requestOptions(asked));
      case 'subscribe':
        this.#subscriptions.set(asked.ask, await messages.subscribe(first as string, given));
        return null;
      case 'close':
        return this.#subscriptions.get(first as number)?.close();
      case 'receive':
        return messages.receive((first ?? undefined) as ReceiveOptions | undefined);
      case 'receiveMany':
        return messages.receiveMany(first as unknown as Parameters<Messages['receiveMany']>[0]);
      case 'reply':
        return messages.reply(idOf(first), second, (third ?? undefined) as SendOptions | undefined);
      case 'ack':
        return messages.ack(...(first as readonly string[]).map(idOf));
      case 'nack':
        return messages.nack(idOf(first), second as unknown as NackOptions);
    }
  }

  #requestOptions({ ask, given, answersQueries }: Ask): RequestOptions {
    const options = (given[2] ?? {}) as RequestOptions;
    if (answersQueries !== true) return options;
    return { ...options, onQuery: (message) => this.#question(ask, message) };
  }

  /** A question back, which the agent answers there. */
  async #question(ask: number, message: Message): Promise<Json | undefined> {
    this.#asked += 1;
    const question = this.#asked;
    const told = Promise.withResolvers<Json | undefined>();
    this.#questions.set(question, told);
    this.#send({ type: 'question', call: this.id, ask, question, message });
    return told.promise;
  }

  #told({ question, value, thrown }: Extract<Said, { readonly type: 'told' }>): void {
    const told = this.#questions.get(question);
    this.#questions.delete(question);
    if (thrown === undefined) told?.resolve(value);
    else told?.reject(errorOf(thrown));
  }

  /** What came for the agent on its way out, and was not seen by it, is for others. */
  async #return({ output, unanswered }: Extract<Said, { readonly type: 'returned' }>): Promise<Json> {
    if (this.#refused !== undefined) throw this.#refused;
    const unseen = unanswered.flatMap((ask) => this.#taken.get(ask) ?? []);
    const back = { reason: 'the agent had returned', delay: 0 };
    await Promise.all(unseen.map((message) => this.#context.messages.nack(message, back)));
    return output;
  }
}

const idOf = (id: Json | undefined): Pick<Message, 'id'> => ({ id: id as string });

function takenOf(name: AskName, value: unknown): readonly Pick<Message, 'id'>[] {
  if (name === 'receiveMany') return value as readonly Message[];
  const takes = name === 'receive' || name === 'request';
  return takes && value !== undefined ? [value as Message] : [];
}
