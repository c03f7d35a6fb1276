import type { JsonObject } from '../../../../shared/json.ts';
import type { Labels } from '../../../../shared/labels.ts';
import { isEnd } from '../../../workflow/end-of-run.ts';
import type { MessageReceived, MessageSent } from '../../../workflow/events.ts';
import { isAnybodys, nextStage } from '../../../workflow/messaging/conversations.ts';
import { sentAs } from '../../../workflow/messaging/message.ts';
import { isOutbox, partyAddressed, partyKey, sentTo } from '../../../workflow/messaging/outbox.ts';
import {
  isOpen,
  type OpenStage,
  type Protocol,
  protocolOf,
  type Stage,
} from '../../../workflow/messaging/protocols.ts';
import { defineProjection, type Projection, type RowsBefore, type ViewEvent } from '../projection.ts';
import { messageKey } from './open-messages.ts';

const PROTOCOLS = ['request', 'query', 'contract-net', 'subscribe'] as const satisfies readonly Protocol[];

/** How a conversation ends that nobody ends by what they say. `expired`: an answer did not come, or will not. `left`: whoever opened it has ended. `closed`: the run has. */
export type ConversationStage = Stage | 'expired' | 'left' | 'closed';

const STAGES = [
  ...(['asked', 'agreed', 'more-needed', 'proposed', 'accepted', 'subscribed', 'cancelling'] as const),
  ...(['done', 'failed', 'refused', 'rejected', 'cancelled', 'not-understood', 'expired', 'left', 'closed'] as const),
] as const satisfies readonly ConversationStage[];

/** A conversation between two. Times are ms since the Unix epoch. */
export type ConversationRow = {
  readonly run: string;
  readonly workflow: string;
  readonly tenant?: string;
  readonly labels?: Labels;
  /** The id of the message that opened it. */
  readonly message: string;
  /** Its name: several that were asked at once share one. */
  readonly conversation: string;
  readonly protocol: Protocol;
  /** Who opened it: a task, or the name of somebody outside. */
  readonly initiator: string;
  /** Who was asked: a task, or somebody who takes from a name; until they have answered, the name (`#desk`). */
  readonly participant: string;
  /** What it is about. */
  readonly subject?: string;
  readonly status: 'open' | 'ended';
  /** Where it is, or how it ended. */
  readonly stage: ConversationStage;
  readonly opened: number;
  /** When it came to its stage. */
  readonly since: number;
  /** Until when it is to be answered. */
  readonly deadline?: number;
  readonly ended?: number;
};

/** What is remembered of one that is open, by the message that opened it: in a row for each who opened some. */
type Open = {
  readonly conversation: string;
  readonly protocol: Protocol;
  readonly stage: Stage;
  readonly mailbox: string;
  readonly participant?: string;
  /** Where it was when the question came back. */
  readonly before?: Stage;
};
type OpenRow = { readonly open: { readonly [message: string]: Open } };
/** The row `~run`: who has opened some. */
type Openers = { readonly openers: { readonly [initiator: string]: true } };

/** What an event does to a conversation; `next` is undefined when that is over. */
interface Change {
  readonly message: string;
  readonly initiator: string;
  readonly next: Open | undefined;
  readonly stage: ConversationStage;
  readonly deadline?: number;
  /** It begins. */
  readonly opening?: MessageSent | MessageReceived;
}

const openersKey = (runId: string): string => `~${runId}`;
const openKey = (runId: string, initiator: string): string => messageKey(openersKey(runId), initiator);

/** The conversations of every run: who talks with whom, where they are, and how they ended. */
export const conversations: Projection = defineProjection({
  name: 'conversations',
  version: 1,
  about: 'conversations between two: who asked whom, where it is, until when, how it ended',
  fields: {
    run: { type: 'text', path: ['run'], about: 'the id of the run' },
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the run' },
    tenant: { type: 'text', path: ['tenant'], about: 'on whose behalf the run is' },
    label: { type: 'text', path: ['labels'], keys: true, about: 'the label of the run of that key' },
    message: { type: 'text', path: ['message'], about: 'the id of the message that opened it' },
    conversation: { type: 'text', path: ['conversation'], about: 'its name' },
    protocol: { type: 'text', path: ['protocol'], values: PROTOCOLS, about: 'what may be said when' },
    initiator: { type: 'text', path: ['initiator'], about: 'who opened it' },
    participant: { type: 'text', path: ['participant'], about: 'who was asked: a task, or a name (`#desk`)' },
    subject: { type: 'text', path: ['subject'], about: 'what it is about' },
    status: { type: 'text', path: ['status'], values: ['open', 'ended'], about: 'whether it goes on' },
    stage: { type: 'text', path: ['stage'], values: STAGES, about: 'where it is, or how it ended' },
    opened: { type: 'time', path: ['opened'], about: 'when it was opened' },
    since: { type: 'time', path: ['since'], about: 'when it came to its stage' },
    deadline: { type: 'time', path: ['deadline'], about: 'until when it is to be answered' },
    ended: { type: 'time', path: ['ended'], about: 'when it ended' },
  },
  order: { path: ['opened'] },
  keyOf({ event, runId }) {
    if (isEnd(event)) return openersKey(runId);
    switch (event.type) {
      case 'MessageSent':
      case 'MessageReceived': {
        const said = saidBy(event);
        if (event.conversation === undefined || said.length === 0) return undefined;
        const opens = protocolOf(event.performative ?? 'inform') !== undefined;
        const mailboxes = said.map(({ mailbox }) => openKey(runId, mailbox));
        const own = [openersKey(runId), ...said.map(({ id }) => messageKey(runId, id))];
        return [...new Set([openKey(runId, partyKey(event.from)), ...mailboxes, ...(opens ? own : [])])];
      }
      case 'RunForked':
        return openersKey(runId);
      case 'ConversationExpired':
      case 'MessageRejected':
      case 'MessageHandedOn':
        return messageKey(runId, event.message);
      case 'TaskCompleted':
      case 'TaskFailed':
      case 'TaskSkipped':
      case 'TaskCancelled':
      case 'TaskAdopted':
        return openKey(runId, event.taskId);
      default:
        return undefined;
    }
  },
  keysFrom(given, rows) {
    const { event, runId } = given;
    if (isEnd(event) || event.type === 'RunForked') {
      const openers = Object.keys((rows(openersKey(runId)) as Openers | undefined)?.openers ?? {});
      const open = openers.map((one) => openKey(runId, one));
      return [...open, ...open.flatMap((key) => Object.keys(openIn(rows, key)).map((id) => messageKey(runId, id)))];
    }
    if (event.type === 'ConversationExpired' || event.type === 'MessageRejected' || event.type === 'MessageHandedOn') {
      const row = rows(messageKey(runId, event.message)) as ConversationRow | undefined;
      return row === undefined ? [] : [openKey(runId, row.initiator)];
    }
    return changesOf(given, rows).map(({ message }) => messageKey(runId, message));
  },
  apply(row, given, { key, rows }) {
    const { event, runId } = given;
    const changes = changesOf(given, rows);
    if (key === openersKey(runId)) {
      if (isEnd(event)) return undefined;
      const more = changes.filter(({ opening }) => opening !== undefined).map(({ initiator }) => [initiator, true]);
      if (more.length === 0) return row;
      return { openers: { ...(row as Openers | undefined)?.openers, ...Object.fromEntries(more) } };
    }
    if (!key.startsWith('~')) {
      const change = changes.find(({ message }) => messageKey(runId, message) === key);
      return change === undefined ? row : changed(row as ConversationRow | undefined, given, change);
    }
    const here = changes.filter(({ initiator }) => openKey(runId, initiator) === key);
    if (here.length === 0) return row;
    const open: Record<string, Open> = { ...(row as OpenRow | undefined)?.open };
    for (const { message, next } of here) {
      if (next === undefined) delete open[message];
      else open[message] = next;
    }
    return Object.keys(open).length === 0 ? undefined : { open };
  },
});

const openIn = (rows: RowsBefore<JsonObject>, key: string): OpenRow['open'] =>
  (rows(key) as OpenRow | undefined)?.open ?? {};

/** What the event does to the conversations of its run, as the run itself has it: see workflow/messaging/conversations.ts. */
function changesOf({ event, runId }: ViewEvent, rows: RowsBefore<JsonObject>): readonly Change[] {
  const over = (initiator: string, stage: ConversationStage): readonly Change[] =>
    Object.keys(openIn(rows, openKey(runId, initiator))).map((message) => ({
      message,
      initiator,
      next: undefined,
      stage,
    }));
  if (isEnd(event)) {
    const openers = Object.keys((rows(openersKey(runId)) as Openers | undefined)?.openers ?? {});
    return openers.flatMap((one) => over(one, 'closed'));
  }
  switch (event.type) {
    case 'RunForked': {
      // What was said to other runs, and was asked from there, is that of the run that this one goes on from.
      const openers = Object.keys((rows(openersKey(runId)) as Openers | undefined)?.openers ?? {});
      return openers.flatMap((initiator) =>
        Object.entries(openIn(rows, openKey(runId, initiator))).flatMap(([message, { mailbox, participant = '' }]) =>
          [initiator, mailbox, participant].some(isOutbox)
            ? [{ message, initiator, next: undefined, stage: 'left' as const }]
            : [],
        ),
      );
    }
    case 'MessageHandedOn': {
      const { message, run, to } = event;
      const row = rows(messageKey(runId, message)) as ConversationRow | undefined;
      if (row === undefined) return [];
      const { initiator, conversation, protocol } = row;
      if (run !== undefined) return [{ message, initiator, next: undefined, stage: 'left' }];
      // Nobody is there any more who asked for it: it is open here again.
      return [{ message, initiator, next: { conversation, protocol, stage: 'asked', mailbox: to }, stage: 'asked' }];
    }
    case 'MessageSent':
    case 'MessageReceived':
      return event.conversation === undefined
        ? []
        : saidBy(event).flatMap(({ id, mailbox }) => saidIn(event, event.conversation ?? '', id, mailbox, runId, rows));
    case 'ConversationExpired':
    case 'MessageRejected': {
      const { message } = event;
      const row = rows(messageKey(runId, message)) as ConversationRow | undefined;
      const one = row === undefined ? undefined : openIn(rows, openKey(runId, row.initiator))[message];
      if (row === undefined || one === undefined) return [];
      const { initiator } = row;
      if (event.type === 'ConversationExpired') return [{ message, initiator, next: undefined, stage: 'expired' }];
      // Whoever takes it next answers anew.
      const { participant: _participant, ...before } = one;
      const stage: OpenStage = one.stage === 'cancelling' ? one.stage : 'asked';
      const said = one.stage === 'cancelling' || one.stage === 'asked' ? {} : { before: one.stage };
      const next = { ...before, stage, ...said, ...(isAnybodys(one.mailbox) ? {} : { participant: one.mailbox }) };
      return [{ message, initiator, next, stage }];
    }
    case 'TaskCompleted':
    case 'TaskFailed':
    case 'TaskSkipped':
    case 'TaskCancelled':
    case 'TaskAdopted':
      return over(event.taskId, 'left');
    default:
      return [];
  }
}

/** The messages that are there with it, and where; none that nobody takes, but what is said to a program. */
function saidBy(event: MessageSent | MessageReceived): readonly { readonly id: string; readonly mailbox: string }[] {
  const { receipt, ask, message: id } = event;
  if (ask !== undefined || receipt === 'acknowledged' || receipt === 'failed') return [];
  if (event.type === 'MessageReceived') return [{ id, mailbox: partyAddressed(event.to) }];
  if (event.run !== undefined) return [{ id, mailbox: partyAddressed(sentTo(event)) }];
  return sentAs(event).map((one) => ({ ...one, mailbox: partyAddressed(one.mailbox) }));
}

/** What a message does to the conversation that it is part of, or opens. */
function saidIn(
  event: MessageSent | MessageReceived,
  conversation: string,
  id: string,
  mailbox: string,
  runId: string,
  rows: RowsBefore<JsonObject>,
): readonly Change[] {
  const from = partyKey(event.from);
  const { performative = 'inform', inReplyTo, deadline } = event;
  const asked = Object.entries(openIn(rows, openKey(runId, from))).find(
    ([, one]) => one.conversation === conversation && (mailbox === one.participant || mailbox === one.mailbox),
  );
  const found =
    asked ??
    Object.entries(openIn(rows, openKey(runId, mailbox))).find(
      ([message, one]) =>
        one.conversation === conversation &&
        (from === one.participant || (one.participant === undefined && inReplyTo === message)),
    );
  if (found !== undefined) {
    const [message, one] = found;
    const initiator = asked === undefined ? mailbox : from;
    const stage = nextStage(one, asked === undefined ? 'participant' : 'initiator', performative);
    if (stage === undefined) return [];
    const who = asked === undefined ? { participant: one.participant ?? from } : {};
    const { before: _before, ...others } = one;
    const next = isOpen(stage) ? { ...others, stage, ...who } : undefined;
    return [{ message, initiator, next, stage, ...(deadline === undefined ? {} : { deadline }) }];
  }
  const protocol = protocolOf(performative);
  if (protocol === undefined) return [];
  const who = isAnybodys(mailbox) ? {} : { participant: mailbox };
  const next = { conversation, protocol, stage: 'asked', mailbox, ...who } as const;
  return [{ message: id, initiator: from, next, stage: 'asked', opening: event }];
}

function changed(
  row: ConversationRow | undefined,
  { runId, run, time }: ViewEvent,
  { message, initiator, next, stage, deadline, opening }: Change,
): ConversationRow | undefined {
  if (opening === undefined) {
    if (row === undefined) return undefined;
    const { ended: _ended, ...going } = row;
    const ended = next === undefined ? { status: 'ended' as const, ended: time } : { status: 'open' as const };
    const participant = next === undefined ? row.participant : (next.participant ?? next.mailbox);
    const until = deadline === undefined ? {} : { deadline };
    return { ...going, participant, stage, since: time, ...until, ...ended };
  }
  return {
    run: runId,
    workflow: run.workflow,
    ...(run.tenant === undefined ? {} : { tenant: run.tenant }),
    ...(run.labels === undefined ? {} : { labels: run.labels }),
    message,
    conversation: next?.conversation ?? '',
    protocol: next?.protocol ?? 'request',
    initiator,
    participant: next?.mailbox ?? '',
    ...(opening.subject === undefined ? {} : { subject: opening.subject }),
    status: 'open',
    stage,
    opened: time,
    since: time,
    ...(opening.deadline === undefined ? {} : { deadline: opening.deadline }),
  };
}
