import type {
  Message,
  Messages,
  NackOptions,
  Published,
  PublishOptions,
  ReceiveOptions,
  RequestOptions,
  SendOptions,
  Sent,
  SubscribeOptions,
  Subscription,
} from '../../../../agent/messages.ts';
import type { ErrorCode } from '../../../../shared/error-codes.ts';
import { RepriseError } from '../../../../shared/errors.ts';
import type { Json } from '../../../../shared/json.ts';
import { systemClock } from '../../../../shared/system.ts';
import { acceptPayload } from '../../payload.ts';
import type { AskName, FromIsolate, ToIsolate } from '../protocol.ts';
import { refusalOf, thrownOf } from '../thrown.ts';

type Answer = Extract<ToIsolate, { readonly type: 'answer' | 'refusal' | 'question' }>;

interface Waiting extends PromiseWithResolvers<Json> {
  onQuery?(message: Message): unknown;
}

/** Asked and unanswered at once, at the most. */
const MOST_OPEN = 10_000;
/** As long as in the process of the worker: an agent that goes on calling whatever happens leaves time for others. */
const REFUSED_AFTER_MS = 10;

/** `context.messages`, each call of which is made in the process of the worker. */
export class AskedMessages implements Messages {
  readonly #parts: {
    readonly call: number;
    readonly maxPayloadChars: number;
    send(message: FromIsolate): void;
  };
  readonly #open = new Map<number, Waiting>();
  #asked = 0;
  #closed = false;

  constructor(parts: { readonly call: number; readonly maxPayloadChars: number; send(message: FromIsolate): void }) {
    this.#parts = parts;
    // Its members can be taken out of the context.
    for (const name of METHODS) this[name] = this[name].bind(this) as never;
  }

  async send(to: string, data: unknown, options?: SendOptions): Promise<Sent> {
    return (await this.#ask('send', [to, this.#data(data), this.#plain(options)])) as unknown as Sent;
  }

  async publish(topic: string, data: unknown, options?: PublishOptions): Promise<Published> {
    return (await this.#ask('publish', [topic, this.#data(data), this.#plain(options)])) as unknown as Published;
  }

  async subscribe(topic: string, options?: SubscribeOptions): Promise<Subscription> {
    this.#asked += 1;
    const ask = this.#asked;
    await this.#askAs(ask, 'subscribe', [topic, this.#plain(options)]);
    return {
      topic,
      close: async () => {
        await this.#ask('close', [ask]);
      },
    };
  }

  async request(to: string, data: unknown, options: RequestOptions = {}): Promise<Message> {
    const { onQuery, ...more } = options;
    const given = [to, this.#data(data), this.#plain(more)];
    return (await this.#ask('request', given, onQuery)) as unknown as Message;
  }

  async receive<Data = Json>(options?: ReceiveOptions<Data>): Promise<Message<Data> | undefined> {
    const message = await this.#ask('receive', [await this.#wanted(options)]);
    return (message ?? undefined) as Message<Data> | undefined;
  }

  async receiveMany<Data = Json>(
    options: ReceiveOptions<Data> & { readonly max: number },
  ): Promise<readonly Message<Data>[]> {
    return (await this.#ask('receiveMany', [await this.#wanted(options)])) as unknown as readonly Message<Data>[];
  }

  async reply({ id }: Pick<Message, 'id'>, data: unknown, options?: SendOptions): Promise<Sent> {
    return (await this.#ask('reply', [id, this.#data(data), this.#plain(options)])) as unknown as Sent;
  }

  async ack(...messages: readonly Pick<Message, 'id'>[]): Promise<void> {
    await this.#ask('ack', [messages.map(({ id }) => id)]);
  }

  async nack({ id }: Pick<Message, 'id'>, options: NackOptions): Promise<void> {
    const { reason, ...more } = options;
    await this.#ask('nack', [id, this.#plain({ ...more, reason: String(reason) })]);
  }

  heard(message: Answer): void {
    const waiting = this.#open.get(message.ask);
    if (waiting === undefined) return;
    if (message.type === 'question') {
      this.#tell(message.question, waiting, message.message).catch(() => undefined);
      return;
    }
    this.#open.delete(message.ask);
    if (message.type === 'answer') waiting.resolve(message.value);
    else waiting.reject(refusalOf(message.thrown));
  }

  /** The agent sees nothing any more. Gives what it had asked. */
  close(): readonly number[] {
    this.#closed = true;
    const open = [...this.#open.keys()];
    for (const waiting of this.#open.values()) waiting.reject(over());
    this.#open.clear();
    return open;
  }

  async #tell(question: number, { onQuery }: Waiting, message: Message): Promise<void> {
    const { call, send } = this.#parts;
    try {
      const answer = await onQuery?.(message);
      send({ type: 'told', call, question, value: this.#data(answer) });
    } catch (error) {
      send({ type: 'told', call, question, thrown: thrownOf(error) });
    }
  }

  #ask(name: AskName, given: readonly Json[], onQuery?: Waiting['onQuery']): Promise<Json> {
    this.#asked += 1;
    return this.#askAs(this.#asked, name, given, onQuery);
  }

  #askAs(ask: number, name: AskName, given: readonly Json[], onQuery?: Waiting['onQuery']): Promise<Json> {
    const waiting: Waiting = { ...Promise.withResolvers<Json>(), ...(onQuery === undefined ? {} : { onQuery }) };
    // Whether anybody awaits it is the agent's business, and ends nothing.
    waiting.promise.catch(() => undefined);
    const { call, send } = this.#parts;
    if (this.#closed || this.#open.size >= MOST_OPEN) {
      const reason = this.#closed ? over() : tooMany();
      systemClock.schedule(REFUSED_AFTER_MS, () => waiting.reject(reason));
      return waiting.promise;
    }
    this.#open.set(ask, waiting);
    const answers = onQuery === undefined ? {} : ({ answersQueries: true } as const);
    send({ type: 'ask', call, ask, name, given, ...answers });
    return waiting.promise;
  }

  async #wanted<Data>(options: ReceiveOptions<Data> | undefined): Promise<Json> {
    if (options?.schema === undefined) return this.#plain(options);
    const { schemaFrom } = await import('../../message-schema.ts');
    return this.#plain({ ...options, schema: schemaFrom(options.schema) });
  }

  #data(value: unknown): Json {
    return this.#taken(value, 'message', 'REPRISE_INVALID_PAYLOAD');
  }

  #plain(options: object | undefined): Json {
    return this.#taken(options, 'options of a message', 'REPRISE_MESSAGE_INVALID');
  }

  #taken(value: unknown, what: string, code: ErrorCode): Json {
    return acceptPayload(value, what, code, this.#parts.maxPayloadChars);
  }
}

const METHODS = ['send', 'publish', 'subscribe', 'request', 'receive', 'receiveMany', 'reply', 'ack', 'nack'] as const;

const over = (): RepriseError =>
  new RepriseError('REPRISE_MESSAGE_NOT_HELD', 'The attempt is over: it does nothing with messages any more.');

const tooMany = (): RepriseError =>
  new RepriseError('REPRISE_MAILBOX_FULL', `The attempt has ${MOST_OPEN} calls that were not answered yet.`);
