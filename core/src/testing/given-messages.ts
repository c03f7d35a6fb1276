import { evaluate } from '../definition/evaluate.ts';
import type { CallAnswer, CallDelivery } from '../orchestration/messaging/messages.ts';
import type { MailCall } from '../orchestration/workflow/commands.ts';
import type { Outgoing, ReceivedMessage, Wanted } from '../orchestration/workflow/messaging/message.ts';
import { protocolOf } from '../orchestration/workflow/messaging/protocols.ts';
import { isWanted } from '../orchestration/workflow/messaging/received.ts';
import type { Json } from '../shared/json.ts';
import type { Performative } from '../shared/performatives.ts';

/** A message for an agent that is called by itself. */
export interface GivenMessage {
  readonly from: string;
  readonly data: Json;
  /** Default: inform. */
  readonly performative?: Performative;
  readonly type?: string;
  /** Default of an answer: that of what it answers. */
  readonly conversation?: string;
  readonly inReplyTo?: string;
  /** A name of the run (`#desk`). Default: the agent's own mailbox. */
  readonly mailbox?: string;
}

/** A message that an agent sent which was called by itself. */
export type SentMessage = Outgoing & { readonly id: string };

/** What became of a message that it took. */
export interface SettledMessage {
  readonly id: string;
  readonly how: 'acknowledged' | 'rejected';
  readonly reason?: string;
}

/** The run of an agent that is called by itself: what it is given, what answers it, and what it sends. */
export class GivenMessages {
  readonly sent: SentMessage[] = [];
  readonly settled: SettledMessage[] = [];
  readonly #inbox: ReceivedMessage[] = [];
  readonly #waiting: {
    readonly call: number;
    readonly mailbox: string;
    readonly wanted: Wanted;
    readonly max: number;
  }[] = [];
  readonly #own: string;
  readonly #answer: ((message: SentMessage) => GivenMessage | undefined) | undefined;
  #count = 0;

  constructor(
    own: string,
    given: readonly GivenMessage[],
    answer: ((message: SentMessage) => GivenMessage | undefined) | undefined,
  ) {
    this.#own = own;
    this.#answer = answer;
    for (const message of given) this.#add(message);
  }

  /** What the engine would say to a call. Nothing that it waits for comes: it misses at once when there is a time to wait. */
  take(
    command: MailCall,
    id: string,
    answered: (answer: CallAnswer) => void,
    delivered: (delivery: CallDelivery) => void,
  ): void {
    const { taskId, attempt, call } = command;
    const base = { taskId, attempt, call };
    const ids =
      command.type === 'SendMessages' ? command.messages.map((_, index) => (index === 0 ? id : `${id}.${index}`)) : [];
    if (command.type === 'SendMessages') this.#take(command.messages, ids);
    else if (command.type === 'SettleMessages') {
      for (const id of command.acknowledge ?? []) this.settled.push({ id, how: 'acknowledged' });
      for (const { message: id, reason } of command.reject ?? []) this.settled.push({ id, how: 'rejected', reason });
    }
    answered({ ...base, ...(ids.length > 0 && { ids }) });
    if (command.type === 'AwaitMessages')
      this.#waiting.push({
        call,
        mailbox: command.mailbox ?? this.#own,
        wanted: command.wanted ?? {},
        max: command.max ?? 1,
      });
    for (const one of [...this.#waiting]) {
      const found = this.#inbox
        .filter((message) => message.mailbox === one.mailbox && fits(message, one.wanted))
        .slice(0, one.max);
      const isOver =
        found.length === 0 && command.type === 'AwaitMessages' && one.call === call && command.timeoutMs !== undefined;
      if (found.length === 0 && !isOver) continue;
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      for (const message of found) this.#inbox.splice(this.#inbox.indexOf(message), 1);
      delivered({ taskId, attempt, call: one.call, ...(isOver ? {} : { messages: found }) });
    }
  }

  #take(messages: readonly Outgoing[], ids: readonly string[]): void {
    for (const [index, message] of messages.entries()) {
      const sent = { ...message, id: ids[index] ?? '' };
      this.sent.push(sent);
      const answer = this.#answer?.(sent);
      const opens = protocolOf(sent.performative ?? 'inform') !== undefined;
      const conversation = sent.conversation ?? (opens ? sent.id : undefined);
      if (answer !== undefined)
        this.#add({ inReplyTo: sent.id, ...(conversation === undefined ? {} : { conversation }), ...answer });
    }
  }

  #add({ performative = 'inform', mailbox = this.#own, ...message }: GivenMessage): void {
    this.#count += 1;
    this.#inbox.push({ ...message, id: `given/${this.#count}`, performative, mailbox, sentAt: 0, delivery: 1 });
  }
}

function fits(message: ReceivedMessage, wanted: Wanted): boolean {
  if (!isWanted(message, wanted)) return false;
  if (wanted.where === undefined) return true;
  const scope = { input: null, outputs: {}, runId: 'run', round: 1, message: message as unknown as Json };
  try {
    return evaluate({ kind: 'cel', source: wanted.where }, scope) === true;
  } catch {
    return false;
  }
}
