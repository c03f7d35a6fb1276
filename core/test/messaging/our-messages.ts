import type { MessageProtocol, Refused, Sent, SentMessage, Taken, Talk, TalkSetup } from '@reprise/conformance';
import type { Json, RunEvent } from '@reprise/core';
import { toMessageEnvelope } from '../../src/orchestration/messaging/message-envelope.ts';
import { readMessage } from '../../src/orchestration/messaging/read-message.ts';
import type { MailCall } from '../../src/orchestration/workflow/commands.ts';
import { type A2AState, fromA2A, toA2A } from '../../src/orchestration/workflow/messaging/a2a-states.ts';
import { DEFAULT_MAILBOX_RETRY } from '../../src/orchestration/workflow/messaging/mail.ts';
import {
  advance,
  isOpen,
  type OpenStage,
  owes,
  type Protocol,
  protocolOf,
  type Stage,
} from '../../src/orchestration/workflow/messaging/protocols.ts';
import { receivedFrom } from '../../src/orchestration/workflow/messaging/received.ts';
import { jsonProblem } from '../../src/shared/json.ts';
import { mailWorkflow } from '../workflow/messaging/mail-run.ts';
import { PureRun } from '../workflow/pure-run.ts';

// The messages of this repository, as the vectors of the conformance kit ask for them: the heart, without an engine.

export const ourMessages = (): MessageProtocol => ({
  read: (text) => {
    const value = parsed(text);
    if (value === undefined) return NO_JSON;
    const message = readMessage(value);
    return 'code' in message ? { code: message.code } : { message: message as unknown as Json };
  },
  open: (setup) => new HeartTalk(setup),
  toA2A: (stage, type) => toA2A(stage as Stage, type),
  fromA2A: (state, stage) => fromA2A(state as A2AState, stage as OpenStage) ?? null,
});

const NO_JSON: Refused = { code: 'REPRISE_INVALID_PAYLOAD' };

/** Undefined: it is no JSON that anything could be made of. */
function parsed(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return jsonProblem(value) === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}

class HeartTalk implements Talk {
  readonly #run: PureRun;
  readonly #calls = new Map<string, number>();
  readonly #conversations = new Map<string, { readonly protocol: Protocol; readonly by: string; stage: Stage }>();

  constructor({ tasks, mailboxes = {} }: TalkSetup) {
    const retry = { ...DEFAULT_MAILBOX_RETRY, maxAttempts: 100, initialDelayMs: 0, maxDelayMs: 0, jitter: 0 };
    const boxes = Object.entries(mailboxes).map(([name, { limit, deliveries: maxAttempts }]) => [
      name,
      {
        ...(limit !== undefined && { limit }),
        ...(maxAttempts !== undefined && { retry: { ...DEFAULT_MAILBOX_RETRY, maxAttempts } }),
      },
    ]);
    const all = Object.entries(tasks).map(([id, { silent, once }]) => [
      id,
      // Whatever becomes of one, the others go on.
      {
        retry,
        fallback: { kind: 'value', value: null },
        ...(silent === true && { may: [] }),
        ...(once === true && { delivery: 'at-most-once' }),
      },
    ]);
    this.#run = new PureRun(mailWorkflow(Object.fromEntries(all), Object.fromEntries(boxes)));
    this.#begin();
  }

  #begin(): void {
    for (const id of this.#run.ready()) {
      this.#run.schedule(id);
      if (this.#run.status(id) === 'scheduled') this.#run.begin(id);
    }
  }

  #call(
    task: string,
    call: { readonly type: MailCall['type'] } & Readonly<Record<string, unknown>>,
  ): readonly RunEvent[] {
    const { attempt } = this.#run.task(task);
    const key = `${task}/${attempt}`;
    const number = (this.#calls.get(key) ?? 0) + 1;
    this.#calls.set(key, number);
    return this.#run.send({ ...call, taskId: task, attempt, worker: 'w', call: number } as never);
  }

  send(by: string, text: string): Sent {
    const message = parsed(text);
    if (message === undefined) return NO_JSON;
    const isTask = this.#run.state.tasks.has(by);
    const events = isTask
      ? this.#call(by, { type: 'SendMessages', messages: [message as never] })
      : this.#run.send({ type: 'PostMessage', from: by, message: message as never });
    const refused = refusal(events);
    if (refused !== undefined) return refused;
    const sent = events.find((event) => event.type === 'MessageSent');
    if (sent === undefined) return { id: this.#saidBefore(by, message) };
    this.#follow(by, sent);
    // Whatever is sent can go over a border.
    const metadata = { causationId: sent.commandId ?? 'cause', correlationId: this.#run.runId };
    const read = readMessage(toMessageEnvelope({ runId: this.#run.runId, event: sent, metadata }));
    if ('code' in read) throw new Error(read.message);
    return { id: sent.message, message: this.#onRecord(sent) };
  }

  #onRecord(sent: Extract<RunEvent, { type: 'MessageSent' }>): NonNullable<SentMessage['message']> {
    const {
      to,
      data,
      performative = 'inform',
      subject,
      conversation,
      inReplyTo,
      expiresAt,
      deadline,
      drop,
      key,
    } = sent;
    return {
      to,
      data,
      performative,
      ...(subject !== undefined && { type: subject }),
      ...(conversation !== undefined && { conversation }),
      ...(inReplyTo !== undefined && { inReplyTo }),
      ...(expiresAt !== undefined && { expiresMs: expiresAt - sent.at }),
      ...(deadline !== undefined && { deadlineMs: deadline - sent.at }),
      ...(drop === true && { drop }),
      ...(key !== undefined && { key }),
    };
  }

  /** The id of what was said under the key. */
  #saidBefore(by: string, message: Json): string {
    const { key } = message as { readonly key?: string };
    const before = this.#run.of('MessageSent').find((event) => event.from.task === by && event.key === key);
    if (before === undefined) throw new Error('Nothing was sent, and nothing was before.');
    return before.message;
  }

  /** Of a conversation that is over the run keeps nothing: that it ended as its table says is seen from here. */
  #follow(by: string, sent: Extract<RunEvent, { type: 'MessageSent' }>): void {
    const { message: id, conversation = '', performative = 'inform' } = sent;
    const one = this.#conversations.get(conversation);
    const opens = protocolOf(performative);
    if (one === undefined) {
      if (opens !== undefined) this.#conversations.set(id, { protocol: opens, by, stage: 'asked' });
      return;
    }
    const next = advance(one.protocol, one.stage, one.by === by ? 'initiator' : 'participant', performative);
    if (next !== undefined) one.stage = next;
  }

  stage(id: string): { readonly stage: string; readonly owes: string | null } {
    const kept = this.#run.state.mail?.conversations.get(id);
    const seen = this.#conversations.get(id);
    const stage = kept?.stage ?? seen?.stage ?? 'none';
    // What has come back is asked again; all else the table says.
    if (kept === undefined && isOpen(stage as Stage)) return { stage: 'expired', owes: null };
    if (kept !== undefined && seen !== undefined) seen.stage = kept.stage;
    return { stage, owes: owes(stage as Stage) ?? null };
  }

  take(by: string, filter: Readonly<Record<string, Json>>): Taken | Refused | null {
    const { mailbox, ...wanted } = filter;
    const asked = this.#call(by, {
      type: 'AwaitMessages',
      ...(mailbox !== undefined && { mailbox: mailbox as string }),
      ...(Object.keys(wanted).length > 0 && { wanted }),
      timeoutMs: 0,
    });
    const refused = refusal(asked);
    if (refused !== undefined) return refused;
    const delivered = asked.find((event) => event.type === 'MessageDelivered');
    const message = this.#run.state.mail?.open.get(delivered?.messages[0] ?? '');
    if (message !== undefined) return received(message);
    this.#due();
    return null;
  }

  ack(by: string, id: string): Refused | undefined {
    return refusal(this.#call(by, { type: 'SettleMessages', acknowledge: [id] }));
  }

  nack(by: string, id: string, options: Readonly<Record<string, Json>>): Refused | undefined {
    return refusal(
      this.#call(by, { type: 'SettleMessages', reject: [{ message: id, reason: 'not now', ...options } as never] }),
    );
  }

  end(by: string, how: 'completed' | 'failed' | 'failed-for-good' | 'lost'): void {
    if (how === 'completed') this.#run.complete(by);
    else this.#run.fail(by, { retryable: how !== 'failed-for-good', ...(how === 'lost' && { lost: true }) });
    if (this.#run.status(by) === 'waiting') this.#run.retry(by);
    this.#begin();
  }

  pass(ms: number): void {
    this.#run.now += ms;
    this.#due();
  }

  #due(): void {
    while (this.#run.send({ type: 'FireTimer', timer: { kind: 'messages' }, at: this.#run.now }).length > 0);
  }
}

function received(message: Parameters<typeof receivedFrom>[0]): Taken {
  const { sentAt: _, dead, ...rest } = receivedFrom(message);
  return { ...rest, ...(dead !== undefined && { dead: { code: dead.code, mailbox: dead.mailbox } }) };
}

const refusal = ([first]: readonly RunEvent[]): Refused | undefined =>
  first?.type === 'CommandRejected' ? { code: first.code } : undefined;
