import type { Message, Messages, NackOptions, ReceiveOptions, SendOptions, Sent } from '../../../agent/messages.ts';
import { type Duration, parseDuration } from '../../../shared/duration.ts';
import { RepriseError } from '../../../shared/errors.ts';
import { copyJson } from '../../../shared/json.ts';
import type { Outgoing, ReceivedMessage } from '../../workflow/messaging/message.ts';
import { MAX_MESSAGE_CHARS } from '../../workflow/messaging/outgoing.ts';
import { acceptPayload } from '../payload.ts';
import type { MessageCalls } from './message-calls.ts';

const DEFAULT_DEADLINE: Duration = '10m';

/** `context.messages` of one attempt. What can be said here of what is asked is said at once; all else the run says. */
export class AttemptMessages implements Messages {
  readonly #calls: MessageCalls;
  readonly #maxChars: number;
  /** Those that the attempt has: whom a reply goes to. */
  readonly #taken = new Map<string, ReceivedMessage>();

  constructor(calls: MessageCalls, maxPayloadChars: number) {
    this.#calls = calls;
    this.#maxChars = Math.min(MAX_MESSAGE_CHARS, maxPayloadChars);
  }

  async send(to: string, data: unknown, options: SendOptions = {}): Promise<Sent> {
    return { id: await this.#calls.send(this.#outgoing(to, data, options)) };
  }

  async request(to: string, data: unknown, options: SendOptions = {}): Promise<Message> {
    const { deadline = DEFAULT_DEADLINE, ...how } = options;
    const sent = await this.send(to, data, { performative: 'request', deadline, ...how });
    for (;;) {
      // Of its deadline the run tells.
      const answer = await this.receive({ inReplyTo: sent.id });
      if (answer === undefined) continue;
      if (answer.performative === 'inform') return answer;
      if (!GOES_ON.has(answer.performative)) {
        await this.ack(answer);
        throw refusal(to, answer);
      }
      await this.ack(answer);
    }
  }

  async receive(options: ReceiveOptions = {}): Promise<Message | undefined> {
    const [first] = await this.receiveMany({ ...options, max: 1 });
    return first;
  }

  async receiveMany(options: ReceiveOptions & { readonly max: number }): Promise<readonly Message[]> {
    const { mailbox, timeout, max, ...filter } = options;
    const wanted = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const messages = await this.#calls.receive({
      type: 'AwaitMessages',
      ...(mailbox === undefined ? {} : { mailbox }),
      ...(Object.keys(wanted).length === 0 ? {} : { wanted }),
      max,
      ...(timeout === undefined ? {} : { timeoutMs: durationOf(timeout, 'timeout') }),
    });
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
      ...(conversation === undefined ? {} : { conversation }),
      inReplyTo: id,
    });
  }

  async ack(...messages: readonly Pick<Message, 'id'>[]): Promise<void> {
    if (messages.length > 0)
      await this.#calls.settle({ type: 'SettleMessages', acknowledge: messages.map(({ id }) => id) });
  }

  async nack({ id: message }: Pick<Message, 'id'>, { reason, delay, requeue }: NackOptions): Promise<void> {
    const back = {
      message,
      reason: String(reason).slice(0, 4096),
      ...(delay === undefined ? {} : { delayMs: durationOf(delay, 'delay') }),
      ...(requeue === undefined ? {} : { requeue }),
    };
    await this.#calls.settle({ type: 'SettleMessages', reject: [back] });
  }

  #outgoing(to: string, data: unknown, options: SendOptions): Outgoing {
    const { expires, deadline, ...how } = options;
    const said = Object.fromEntries(Object.entries(how).filter(([, value]) => value !== undefined));
    return {
      ...said,
      to,
      data: acceptPayload(data, 'message', 'REPRISE_INVALID_PAYLOAD', this.#maxChars),
      ...(expires === undefined ? {} : { expiresMs: durationOf(expires, 'expires') }),
      ...(deadline === undefined ? {} : { deadlineMs: durationOf(deadline, 'deadline') }),
    };
  }
}

/** Not the end of a conversation. */
const GOES_ON: ReadonlySet<string> = new Set(['agree', 'query', 'propose']);

function durationOf(value: Duration, what: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw new RepriseError(
    'REPRISE_MESSAGE_INVALID',
    `\`${what}\` must be ms or text such as "30s", not ${JSON.stringify(value)}.`,
  );
}

function refusal(to: string, { performative, data, id }: Message): RepriseError {
  const { code, message: why } = (data ?? {}) as { readonly [key: string]: unknown };
  // What the run says for whoever does not.
  if (code === 'REPRISE_REPLY_TIMEOUT' && typeof why === 'string')
    return new RepriseError('REPRISE_REPLY_TIMEOUT', why, { details: { message: id } });
  const message = `'${to}' answered ${performative === 'refuse' ? 'that it will not' : `with ${performative}`}.`;
  return new RepriseError('REPRISE_REQUEST_REFUSED', message, { details: { message: id, performative, data } });
}
