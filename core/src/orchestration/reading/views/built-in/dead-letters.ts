import type { JsonObject } from '../../../../shared/json.ts';
import type { Labels } from '../../../../shared/labels.ts';
import type { Performative } from '../../../../shared/performatives.ts';
import { isEnd } from '../../../workflow/end-of-run.ts';
import type { MessageDeadLettered } from '../../../workflow/events.ts';
import { MAILBOX_INBOX, MAILBOX_WORKFLOW, mailboxRun } from '../../../workflow/messaging/elsewhere.ts';
import { nameOf, whyDead } from '../../../workflow/messaging/message.ts';
import { beyond, isOutbox } from '../../../workflow/messaging/outbox.ts';
import { defineProjection, type Projection, type RowsBefore, type RunFacts, type ViewEvent } from '../projection.ts';
import { entryOf, messageKey, messagesIn, type OpenPart, overMessages } from './open-messages.ts';
import { MAX_TOLD } from './run-index.ts';

/**
 * `open`: it lies in `#dead-letters`. `taken`: somebody took it from there, and dealt with it. `redriven`: it was made a message again. `discarded`: nothing
 * becomes of it. `closed`: its run ended.
 */
export const DEAD_LETTER_STATUSES = ['open', 'taken', 'redriven', 'discarded', 'closed'] as const;

/** What has become of a dead letter. */
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

/** A dead letter, without its data. Times are ms since the Unix epoch. */
export type DeadLetterRow = {
  readonly run: string;
  readonly workflow: string;
  readonly tenant?: string;
  readonly labels?: Labels;
  /** The id of the message. */
  readonly message: string;
  /** The mailbox that it was in, or that it was to go to in another run: a task, or a name (`#desk`, `@desk`). */
  readonly mailbox: string;
  /** The other run that it was to go to. */
  readonly toRun?: string;
  /** A task, or the name of somebody outside. */
  readonly from: string;
  /** The other run that it came from. */
  readonly fromRun?: string;
  /** What the message is about. */
  readonly subject?: string;
  readonly performative: Performative;
  /** The code that it was given back with for good; else why it is dead: that it expired, that its outcome is unknown. */
  readonly code: string;
  /** What was said with that. */
  readonly reason: string;
  /** When it became a dead letter. */
  readonly since: number;
  /** How often it was delivered and came back, as far as its last event names them: 10 may be more. */
  readonly deliveries: number;
  readonly status: DeadLetterStatus;
  /** How often its data was changed, and how often it was made a message again. */
  readonly edited: number;
  readonly redriven: number;
};

/** The messages that nobody could do anything with, in every run. */
export const deadLetters: Projection = defineProjection({
  name: 'dead-letters',
  version: 3,
  about: 'messages that nobody could do anything with: whose, since when, why, and what became of them',
  fields: {
    run: { type: 'text', path: ['run'], about: 'the id of the run' },
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the run' },
    tenant: { type: 'text', path: ['tenant'], about: 'on whose behalf the run is' },
    label: { type: 'text', path: ['labels'], keys: true, about: 'the label of the run of that key' },
    message: { type: 'text', path: ['message'], about: 'the id of the message' },
    mailbox: {
      type: 'text',
      path: ['mailbox'],
      about: 'where it was, or was to go: a task, or a name (`#desk`, `@desk`)',
    },
    toRun: { type: 'text', path: ['toRun'], about: 'the other run that it was to go to' },
    from: { type: 'text', path: ['from'], about: 'who sent it' },
    fromRun: { type: 'text', path: ['fromRun'], about: 'the other run that it came from' },
    subject: { type: 'text', path: ['subject'], about: 'what it is about' },
    performative: { type: 'text', path: ['performative'], about: 'what it does' },
    code: { type: 'text', path: ['code'], about: 'what it came back with, or why else it is dead' },
    since: { type: 'time', path: ['since'], about: 'when it became a dead letter' },
    deliveries: { type: 'number', path: ['deliveries'], about: 'how often it came back; 10 may be more' },
    status: { type: 'text', path: ['status'], values: DEAD_LETTER_STATUSES, about: 'what became of it' },
  },
  order: { path: ['since'] },
  ...overMessages<DeadLetterRow, true>({
    begun: ({ event, runId }) =>
      event.type === 'MessageDeadLettered'
        ? [{ message: event.message, entry: true, keys: [messageKey(runId, event.message)] }]
        : [],
    isAbout: ({ type }) => ABOUT.has(type),
    next: (_, { type }) => (type === 'DeadLetterEdited' ? true : undefined),
    keysOf: lettersOf,
    apply: (row, given) =>
      given.event.type === 'MessageDeadLettered' ? died(row, given, given.event) : row && became(row, given),
  }),
});

const ABOUT: ReadonlySet<string> = new Set([
  'MessageAcknowledged',
  'TaskCompleted',
  'TasksReset',
  'DeadLetterEdited',
  'DeadLettersRedriven',
  'DeadLettersDiscarded',
]);

/** The open dead letters that an event is about. */
function lettersOf(
  { event, runId }: ViewEvent,
  rows: RowsBefore<JsonObject>,
  parts: readonly string[],
): readonly string[] {
  if (isEnd(event)) return parts.flatMap((part) => Object.keys((rows(part) as OpenPart<true> | undefined)?.open ?? {}));
  return messagesIn(event)
    .filter((message) => entryOf(runId, message, rows) !== undefined)
    .map((message) => messageKey(runId, message));
}

function died(
  row: DeadLetterRow | undefined,
  { runId, run, time }: ViewEvent,
  event: MessageDeadLettered,
): DeadLetterRow {
  const { message, mailbox, from, subject, performative = 'inform', error, deliveries } = event;
  const why = whyDead(error);
  return {
    run: runId,
    workflow: run.workflow,
    ...(run.tenant === undefined ? {} : { tenant: run.tenant }),
    ...(run.labels === undefined ? {} : { labels: run.labels }),
    message,
    ...whereTo(mailbox, runId, run),
    from: nameOf(from),
    ...(from.run === undefined ? {} : { fromRun: from.run }),
    ...(subject === undefined ? {} : { subject }),
    performative,
    code: why.code,
    reason: why.message.slice(0, MAX_TOLD),
    since: time,
    deliveries: deliveries.length,
    status: 'open',
    edited: row?.edited ?? 0,
    redriven: row?.redriven ?? 0,
  };
}

/** What lies in a name of no run is in `@name`, as whoever sends there calls it. */
function whereTo(mailbox: string, runId: string, facts: RunFacts): Pick<DeadLetterRow, 'mailbox' | 'toRun'> {
  const name = facts.labels?.['mailbox'];
  if (mailbox === MAILBOX_INBOX && facts.workflow === MAILBOX_WORKFLOW && name !== undefined)
    return { mailbox: mailboxRun(facts.tenant, name) === runId ? `@${name}` : mailbox };
  if (!isOutbox(mailbox)) return { mailbox };
  const { run, to } = beyond(mailbox);
  return { mailbox: to, toRun: run };
}

function became(row: DeadLetterRow, { event }: ViewEvent): DeadLetterRow {
  switch (event.type) {
    case 'DeadLetterEdited':
      return { ...row, edited: row.edited + 1 };
    case 'DeadLettersRedriven':
      return { ...row, status: 'redriven', redriven: row.redriven + 1 };
    case 'DeadLettersDiscarded':
      return { ...row, status: 'discarded' };
    default:
      return { ...row, status: isEnd(event) ? 'closed' : 'taken' };
  }
}
