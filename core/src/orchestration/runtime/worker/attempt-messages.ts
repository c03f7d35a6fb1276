import type {
  Message,
  MessageFilter,
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
} from '../../../agent/messages.ts';
import type { Duration } from '../../../shared/duration.ts';
import { RepriseError } from '../../../shared/errors.ts';
import { copyJson, type Json } from '../../../shared/json.ts';
import type { ReceivedMessage, Wanted } from '../../../shared/received-message.ts';
import type { SettleMessages } from '../../workflow/commands.ts';
import { awaitFlaw, settleFlaw, topicFlaw } from '../../workflow/messaging/call-shapes.ts';
import type { Outgoing } from '../../workflow/messaging/message.ts';
import { MAX_MESSAGE_CHARS } from '../../workflow/messaging/outgoing.ts';
import { protocolOf } from '../../workflow/messaging/protocols.ts';
import { isResult, NOT_ANSWERED, refusalOf } from '../../workflow/messaging/replies.ts';
import { schemaFrom } from '../message-schema.ts';
import { accept, durationOf, outgoingOf } from '../outgoing-of.ts';
import { acceptPayload } from '../payload.ts';
import type { MessageCalls } from './message-calls.ts';

const DEFAULT_DEADLINE: Duration = '10m';

export interface AttemptMessagesParts {
  /** Those of the attempt, made when they are first asked for. */
  calls(): MessageCalls;
  /** Sends it with the output. `isReply`: it answers what the attempt has. */
  withOutput(message: Outgoing, isReply: boolean): string;
  readonly maxPayloadChars: number;
}

/** `context.messages` of one attempt. Whether anybody awaits a call is the agent's business: what is refused unheard ends no process, but fails the attempt. */
export function messagesOf(parts: AttemptMessagesParts): Messages {
  let made: AttemptMessages | undefined;
  // Most attempts say nothing.
  const messages = (): AttemptMessages => {
    made ??= new AttemptMessages(parts);
    return made;
  };
  return {
    send: (...given) => heard(messages().send(...given)),
    publish: (...given) => heard(messages().publish(...given)),
    subscribe: (...given) => heard(messages().subscribe(...given)),
    request: (...given) => heard(messages().request(...given)),
    receive: (...given) => heard(messages().receive(...given)),
    receiveMany: (...given) => heard(messages().receiveMany(...given)),
    reply: (...given) => heard(messages().reply(...given)),
    ack: (...given) => heard(messages().ack(...given)),
    nack: (...given) => heard(messages().nack(...given)),
  };
}

function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** What can be said here of what is asked is said at once; all else the run says. */
class AttemptMessages implements Messages {
  readonly #calls: MessageCalls;
  readonly #withOutput: AttemptMessagesParts['withOutput'];
  readonly #maxChars: number;
  /** Those that the attempt has: whom a reply goes to. */
  readonly #taken = new Map<string, ReceivedMessage>();

  constructor({ calls, withOutput, maxPayloadChars }: AttemptMessagesParts) {
    this.#calls = calls();
    this.#withOutput = withOutput;
    this.#maxChars = Math.min(MAX_MESSAGE_CHARS, maxPayloadChars);
  }

  async send(to: string, data: unknown, options: SendOptions = {}): Promise<Sent> {
    const { id } = await this.#say({ to }, data, options);
    return { id };
  }

  async publish(topic: string, data: unknown, options: PublishOptions = {}): Promise<Published> {
    return await this.#say({ topic }, data, options);
  }

  async subscribe(topic: string, { filter }: SubscribeOptions = {}): Promise<Subscription> {
    const wanted = filter === undefined ? {} : { filter: saidOf(filter) };
    accept(topicFlaw({ topic, ...wanted }));
    await this.#calls.tell({ type: 'SubscribeMailbox', topic, ...wanted });
    return { topic, close: () => heard(this.#calls.tell({ type: 'UnsubscribeMailbox', topic })) };
  }

  async request(to: string, data: unknown, options: RequestOptions = {}): Promise<Message> {
    const { deadline = DEFAULT_DEADLINE, performative: asks = 'request', onQuery, ...how } = options;
    if (protocolOf(asks) === undefined)
      throw new RepriseError(
        'REPRISE_MESSAGE_INVALID',
        `Nobody answers ${asks}: a request asks (request, query, cfp, subscribe).`,
      );
    const sent = await this.send(to, data, { ...how, performative: asks, deadline });
    // What answers it may answer what it was told meanwhile.
    const said = [sent.id];
    // Its deadline, and that no answer can come any more, the run tells.
    const question = { message: sent.id, conversation: how.conversation ?? sent.id };
    for (;;) {
      const wanted =
        said.length === 1 ? { inReplyTo: sent.id } : { where: `message.inReplyTo in ${JSON.stringify(said)}` };
      const [answer] = await this.#receive({ type: 'AwaitMessages', wanted, max: 1, question });
      if (answer === undefined) continue;
      const { performative } = answer;
      if (isResult(answer)) return answer;
      if (performative === 'query' && onQuery !== undefined) {
        said.push((await this.reply(answer, await onQuery(answer))).id);
        continue;
      }
      if (performative === 'query') await this.reply(answer, NOT_ANSWERED, { performative: 'not-understood' });
      await this.ack(answer);
      if (performative !== 'agree') throw refusal(to, answer);
    }
  }

  async receive<Data = Json>(options: ReceiveOptions<Data> = {}): Promise<Message<Data> | undefined> {
    const [first] = await this.receiveMany<Data>({ ...options, max: 1 });
    return first;
  }

  async receiveMany<Data = Json>(
    options: ReceiveOptions<Data> & { readonly max: number },
  ): Promise<readonly Message<Data>[]> {
    const { mailbox, timeout, max, schema, ...filter } = options;
    const wanted = saidOf(filter);
    const asked = {
      type: 'AwaitMessages',
      ...(mailbox === undefined ? {} : { mailbox }),
      ...(Object.keys(wanted).length === 0 ? {} : { wanted }),
      ...(schema === undefined ? {} : { schema: schemaFrom(schema) }),
      max,
      ...(timeout === undefined ? {} : { timeoutMs: durationOf(timeout, 'timeout') }),
    } as const;
    return (await this.#receive(asked)) as readonly Message<Data>[];
  }

  async #receive(asked: Parameters<MessageCalls['receive']>[0]): Promise<readonly Message[]> {
    accept(awaitFlaw(asked));
    const messages = await this.#calls.receive(asked);
    for (const message of messages) this.#taken.set(message.id, message);
    // The agent's own: what it does to it does not reach the state of the run.
    return messages.map((message) => ({ ...message, data: copyJson(message.data) }));
  }

  async reply({ id }: Pick<Message, 'id'>, data: unknown, options: SendOptions = {}): Promise<Sent> {
    const message = this.#taken.get(id);
    if (message === undefined)
      throw new RepriseError(
        'REPRISE_MESSAGE_NOT_HELD',
        `The attempt has not taken the message ${JSON.stringify(id)}: it cannot answer it.`,
      );
    const conversation = options.conversation ?? message.conversation;
    return this.send(message.from, data, {
      ...options,
      ...(message.run === undefined ? {} : { run: message.run }),
      ...(conversation === undefined ? {} : { conversation }),
      inReplyTo: id,
    });
  }

  async ack(...messages: readonly Pick<Message, 'id'>[]): Promise<void> {
    if (messages.length > 0) await this.#settle({ acknowledge: messages.map(({ id }) => id) });
  }

  async nack({ id: message }: Pick<Message, 'id'>, { reason, delay, requeue }: NackOptions): Promise<void> {
    const back = {
      message,
      reason: String(reason).slice(0, 4096),
      ...(delay === undefined ? {} : { delayMs: durationOf(delay, 'delay') }),
      ...(requeue === undefined ? {} : { requeue }),
    };
    await this.#settle({ reject: [back] });
  }

  async #settle(what: Pick<SettleMessages, 'acknowledge' | 'reject'>): Promise<void> {
    accept(settleFlaw(what));
    await this.#calls.tell({ type: 'SettleMessages', ...what });
  }

  async #say(where: Pick<Outgoing, 'to' | 'topic'>, data: unknown, given: SendOptions): Promise<Published> {
    const { on, ...options } = given;
    if (on !== undefined && on !== 'completion')
      throw new RepriseError(
        'REPRISE_MESSAGE_INVALID',
        `\`on\` must be "completion", or be left out, not ${String(on)}.`,
      );
    const json = acceptPayload(data, 'message', 'REPRISE_INVALID_PAYLOAD', this.#maxChars);
    const message = outgoingOf(where, json, options);
    if (on === undefined) return await this.#calls.send(message);
    const answered = this.#taken.get(message.inReplyTo ?? '');
    return { id: this.#withOutput(message, answered !== undefined && answered.from === message.to) };
  }
}

const saidOf = (filter: MessageFilter): Wanted =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));

function refusal(to: string, answer: Message): RepriseError {
  const { code, message, details } = refusalOf(to, answer);
  return new RepriseError(code, message, { details });
}
