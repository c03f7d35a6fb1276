import type { Permission } from '../definition/definition.ts';
import { evaluate } from '../definition/evaluate.ts';
import { flawText, schemaFlaws } from '../definition/schema/json-schema.ts';
import type { CallAnswer, CallDelivery } from '../orchestration/messaging/messages.ts';
import type { MailCall } from '../orchestration/workflow/commands.ts';
import { type Outgoing, permissionFor } from '../orchestration/workflow/messaging/message.ts';
import { protocolOf } from '../orchestration/workflow/messaging/protocols.ts';
import { isWanted } from '../orchestration/workflow/messaging/received.ts';
import { type ErrorData, errorData } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { Performative } from '../shared/performatives.ts';
import type { ReceivedMessage, Wanted } from '../shared/received-message.ts';

/** A message for an agent that is called by itself. */
export interface GivenMessage {
  readonly from: string;
  /** The run that it is from, when that is another. */
  readonly run?: string;
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

/** A message that an agent sent which was called by itself. `to`: of what it published, the topic. */
export type SentMessage = Outgoing & { readonly id: string; readonly to: string };

/** What became of a message that it took. */
export interface SettledMessage {
  readonly id: string;
  readonly how: 'acknowledged' | 'rejected';
  readonly reason?: string;
}

const noLeave = (needed: Permission): string =>
  `The agent may send no messages${needed === 'send' ? '' : ' to other runs, or to names of no run,'} but replies to what it has taken; say so on the task: may: [${needed}] (in \`callAgent\`: may).`;

const NO_SUBSCRIPTION = 'The agent may not subscribe; say so on the task: may: [send] (in `callAgent`: may).';

/** The run of an agent that is called by itself: what it is given, what answers it, and what it sends. */
export class GivenMessages {
  readonly sent: SentMessage[] = [];
  readonly settled: SettledMessage[] = [];
  readonly #inbox: ReceivedMessage[] = [];
  readonly #waiting: {
    readonly call: number;
    readonly mailbox: string;
    readonly wanted: Wanted;
    readonly schema: Json | undefined;
    readonly max: number;
  }[] = [];
  readonly #own: string;
  readonly #may: readonly Permission[];
  /** Whom it may answer: the senders of what it has taken, by the id of that. */
  readonly #taken = new Map<string, ReceivedMessage>();
  readonly #answer: ((message: SentMessage) => GivenMessage | undefined) | undefined;
  #count = 0;

  constructor(
    own: string,
    given: readonly GivenMessage[],
    answer: ((message: SentMessage) => GivenMessage | undefined) | undefined,
    may: readonly Permission[],
  ) {
    this.#own = own;
    this.#may = may;
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
    const error = this.#flaw(command);
    if (error !== undefined) return answered({ ...base, error });
    const ids =
      command.type === 'SendMessages' ? command.messages.map((_, index) => (index === 0 ? id : `${id}.${index}`)) : [];
    if (command.type === 'SendMessages') this.#take(command.messages, ids);
    else if (command.type === 'SettleMessages') {
      for (const id of command.acknowledge ?? []) this.settled.push({ id, how: 'acknowledged' });
      for (const { message: id, reason } of command.reject ?? []) this.settled.push({ id, how: 'rejected', reason });
    }
    const isPublished = command.type === 'SendMessages' && command.messages[0]?.topic !== undefined;
    // Nobody else is there.
    answered({ ...base, ...(ids.length > 0 && { ids }), ...(isPublished && { recipients: 0 }) });
    if (command.type === 'AwaitMessages')
      this.#waiting.push({
        call,
        mailbox: command.mailbox ?? this.#own,
        wanted: command.wanted ?? {},
        schema: command.schema,
        max: command.max ?? 1,
      });
    for (const one of [...this.#waiting]) {
      for (const message of this.#matching(one)) this.#turnDown(message, one.schema);
      const found = this.#matching(one).slice(0, one.max);
      const isOver =
        found.length === 0 && command.type === 'AwaitMessages' && one.call === call && command.timeoutMs !== undefined;
      if (found.length === 0 && !isOver) continue;
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      for (const message of found) {
        this.#inbox.splice(this.#inbox.indexOf(message), 1);
        this.#taken.set(message.id, message);
      }
      delivered({ taskId, attempt, call: one.call, ...(isOver ? {} : { messages: found }) });
    }
  }

  #matching({ mailbox, wanted }: { readonly mailbox: string; readonly wanted: Wanted }): readonly ReceivedMessage[] {
    return this.#inbox.filter((message) => message.mailbox === mailbox && fits(message, wanted));
  }

  /** What does not fit the schema that the agent has for it is not for the agent. */
  #turnDown(message: ReceivedMessage, schema: Json | undefined): void {
    const flaws = schema === undefined ? [] : schemaFlaws(schema, message.data);
    if (flaws.length === 0) return;
    this.#inbox.splice(this.#inbox.indexOf(message), 1);
    this.settled.push({ id: message.id, how: 'rejected', reason: flaws.map(flawText).join('; ') });
  }

  /** Why the run would refuse the call, or would wait for ever. */
  #flaw(command: MailCall): ErrorData | undefined {
    if (command.type === 'SendMessages') {
      for (const { inReplyTo, to, run } of command.messages) {
        const answered = this.#taken.get(inReplyTo ?? '');
        const needed = permissionFor({ to, run });
        if (answered !== undefined && answered.from === to && answered.run === run) continue;
        if (!this.#may.includes(needed)) return errorData('REPRISE_MESSAGE_INVALID', noLeave(needed));
      }
      return undefined;
    }
    if (command.type === 'SubscribeMailbox' && !this.#may.includes('send'))
      return errorData('REPRISE_MESSAGE_INVALID', NO_SUBSCRIPTION);
    if (command.type !== 'AwaitMessages' || command.timeoutMs !== undefined) return undefined;
    const { mailbox = this.#own, wanted = {}, question } = command;
    if (this.#inbox.some((message) => message.mailbox === mailbox && fits(message, wanted))) return undefined;
    if (question !== undefined)
      return errorData('REPRISE_REPLY_TIMEOUT', `Nothing answers '${question.message}': have \`answer\` do it.`);
    if (this.#answer !== undefined) return undefined;
    return errorData(
      'REPRISE_MESSAGE_INVALID',
      `The agent waits in '${mailbox}' without a limit, and nothing more comes: give it \`messages\`, or \`answer\` what it sends, or have it wait with a \`timeout\`.`,
    );
  }

  #take(messages: readonly Outgoing[], ids: readonly string[]): void {
    for (const [index, message] of messages.entries()) {
      const sent = { ...message, to: message.to ?? message.topic ?? '', id: ids[index] ?? '' };
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
  if (
    !isWanted(
      message,
      { client: message.from, ...(message.run === undefined ? {} : { run: message.run }) },
      message.type,
      wanted,
    )
  )
    return false;
  if (wanted.where === undefined) return true;
  const scope = { input: null, outputs: {}, runId: 'run', round: 1, message: message as unknown as Json };
  try {
    return evaluate({ kind: 'cel', source: wanted.where }, scope) === true;
  } catch {
    return false;
  }
}
