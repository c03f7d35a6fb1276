import { sha256 } from '../../../../shared/hash.ts';
import type { JsonObject } from '../../../../shared/json.ts';
import type { MessageSent, RunEvent } from '../../../workflow/events.ts';
import { nameOf, sentAs } from '../../../workflow/messaging/message.ts';
import { defineProjection, type Projection, type RowsBefore, type ViewEvent } from '../projection.ts';
import { entryOf, messagesIn, overMessages } from './open-messages.ts';

/** Messages of one to another, in all runs of a workflow. */
export type WhoToldWhomRow = {
  readonly workflow: string;
  /** A task, or the name of somebody outside. Of items of a list, the list: `inspect`, `book/pay`. */
  readonly from: string;
  /** The mailbox: a task as in `from`, or a name (`#desk`). */
  readonly to: string;
  readonly sent: number;
  readonly acknowledged: number;
  /** How often one became a dead letter. */
  readonly dead: number;
  /** When the last of these was; ms since the Unix epoch. */
  readonly last: number;
};

/** What is remembered of a message that is open. */
type Told = { readonly from: string; readonly to: string; readonly dead?: true; readonly drop?: true };

/** Who tells whom what in the runs of a workflow; what a run says for whoever does not answer is left out. What a fork or a retry has copied counts where it happened only; what becomes of it, where that happens. */
export const whoToldWhom: Projection = defineProjection({
  name: 'who-told-whom',
  version: 1,
  about: 'messages by workflow, sender and mailbox: sent, acknowledged, dead',
  fields: {
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the runs' },
    from: { type: 'text', path: ['from'], about: 'who sent them: a task, or somebody outside' },
    to: { type: 'text', path: ['to'], about: 'the mailbox: a task, or a name (`#desk`)' },
    sent: { type: 'number', path: ['sent'], about: 'how many were sent' },
    acknowledged: { type: 'number', path: ['acknowledged'], about: 'with how many somebody was done' },
    dead: { type: 'number', path: ['dead'], about: 'how often one became a dead letter' },
    last: { type: 'time', path: ['last'], about: 'when the last of these was' },
  },
  order: { path: ['sent'], descending: true },
  ...overMessages<WhoToldWhomRow, Told>({
    begun(given) {
      const { event } = given;
      if (event.type !== 'MessageSent' || event.onBehalf === true) return [];
      return toldBy(event).map(([message, entry]) => ({
        message,
        entry,
        keys: isCopied(given) ? [] : [pairKey(given, entry)],
      }));
    },
    isAbout: () => true,
    next: nextOf,
    keysOf: (given, rows) =>
      COUNTS.has(given.event.type) && !isCopied(given) ? toldIn(given, rows).map((told) => pairKey(given, told)) : [],
    apply: counted,
  }),
});

/** What its messages are counted for. */
const COUNTS: ReadonlySet<string> = new Set([
  'MessageAcknowledged',
  'MessageDeadLettered',
  'TaskCompleted',
  'TasksReset',
]);

const isCopied = ({ metadata }: ViewEvent): boolean => metadata.origin !== undefined;

/** Without the numbers of items: a list of ten thousand is one. */
const listed = (path: string): string => path.replaceAll(/\[\d+\]/g, '');

/** Of what was published, each that has it was told. */
const toldBy = (event: MessageSent): readonly (readonly [message: string, told: Told])[] => {
  const { from, drop } = event;
  const whose = from.task === undefined ? nameOf(from) : listed(from.task);
  return sentAs(event).map(({ id, mailbox }) => [
    id,
    { from: whose, to: listed(mailbox), ...(drop === true && { drop }) },
  ]);
};

const pairKey = ({ run }: ViewEvent, { from, to }: Pick<Told, 'from' | 'to'>): string => {
  const key = `${run.workflow}/${JSON.stringify([from, to])}`;
  return key.length <= 1024 ? key : `${run.workflow}/${sha256(key)}`;
};

/** The messages that an event is about, as they are remembered: those that it says something new of. */
function toldIn({ event, runId }: ViewEvent, rows: RowsBefore<JsonObject>): readonly Told[] {
  const all = messagesIn(event).map((message) => entryOf<Told, JsonObject>(runId, message, rows));
  return all.filter((told) => told !== undefined).filter(({ dead }) => dead !== true);
}

/** What is remembered of a message after an event about it. */
function nextOf(told: Told, event: RunEvent): Told | undefined {
  switch (event.type) {
    case 'MessageDeadLettered':
      return { ...told, dead: true };
    case 'DeadLettersRedriven': {
      const { dead: _dead, drop: _drop, from, to } = told;
      return { from, to: event.to === undefined ? to : listed(event.to) };
    }
    case 'MessageExpired':
      return told.drop === true ? undefined : told;
    case 'DeadLetterEdited':
      return told;
    default:
      return undefined;
  }
}

function counted(
  row: WhoToldWhomRow | undefined,
  given: ViewEvent,
  key: string,
  rows: RowsBefore<JsonObject>,
): WhoToldWhomRow {
  const { event, run, time } = given;
  const told = event.type === 'MessageSent' ? toldBy(event).map(([, one]) => one) : toldIn(given, rows);
  const own = told.filter((one) => pairKey(given, one) === key);
  const { from, to } = own[0] as Told;
  const before = row ?? { workflow: run.workflow, from, to, sent: 0, acknowledged: 0, dead: 0, last: time };
  const what = event.type === 'MessageSent' ? 'sent' : event.type === 'MessageDeadLettered' ? 'dead' : 'acknowledged';
  return { ...before, [what]: before[what] + own.length, last: Math.max(before.last, time) };
}
