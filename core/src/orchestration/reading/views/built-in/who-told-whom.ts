import { sha256 } from '../../../../shared/hash.ts';
import type { JsonObject } from '../../../../shared/json.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import { nameOf, type Party, sentAs } from '../../../workflow/messaging/message.ts';
import { beyond, isClient, isOutbox } from '../../../workflow/messaging/outbox.ts';
import { isSaid } from '../../run-messages.ts';
import { defineProjection, type Projection, type RowsBefore, type ViewEvent } from '../projection.ts';
import { entryOf, messagesIn, overMessages } from './open-messages.ts';

/** `out`: they go to other runs, or to names of no run. `in`: they came from other runs. */
export const ACROSS = ['out', 'in'] as const;

type Across = (typeof ACROSS)[number];

/** Messages of one to another, in all runs of a workflow. One between runs is counted in both: by `across`, and without the ids of the others, of which there is no end. */
export type WhoToldWhomRow = {
  readonly workflow: string;
  /** A task, or the name of somebody outside. Of items of a list, the list: `inspect`, `book/pay`. */
  readonly from: string;
  /** The mailbox: a task as in `from`, a name (`#desk`, `@desk`), or a program (`client:NAME`). */
  readonly to: string;
  /** Absent: both are of one run, or one of them is a program. */
  readonly across?: Across;
  /** Of `in`: how many came. */
  readonly sent: number;
  /** Always 0 of `out`: the rows of the other run have that. */
  readonly acknowledged: number;
  /** How often one became a dead letter. */
  readonly dead: number;
  /** When the last of these was; ms since the Unix epoch. */
  readonly last: number;
};

/** What is remembered of a message that is open. */
type Told = {
  readonly from: string;
  readonly to: string;
  readonly across?: Across;
  readonly dead?: true;
  readonly drop?: true;
};

/** Who tells whom what in the runs of a workflow; what a run says for whoever does not answer is left out. What a fork or a retry has copied counts where it happened only; what becomes of it, where that happens. */
export const whoToldWhom: Projection = defineProjection({
  name: 'who-told-whom',
  version: 2,
  about: 'messages by workflow, sender and mailbox: sent, acknowledged, dead',
  fields: {
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the runs' },
    from: { type: 'text', path: ['from'], about: 'who sent them: a task, or somebody outside' },
    to: {
      type: 'text',
      path: ['to'],
      about: 'the mailbox: a task, a name (`#desk`, `@desk`), or a program (`client:kim`)',
    },
    across: {
      type: 'text',
      path: ['across'],
      values: ACROSS,
      about: 'whether they go to other runs, or came from them',
    },
    sent: { type: 'number', path: ['sent'], about: 'how many were sent' },
    acknowledged: { type: 'number', path: ['acknowledged'], about: 'with how many somebody was done' },
    dead: { type: 'number', path: ['dead'], about: 'how often one became a dead letter' },
    last: { type: 'time', path: ['last'], about: 'when the last of these was' },
  },
  order: { path: ['sent'], descending: true },
  ...overMessages<WhoToldWhomRow, Told>({
    begun(given) {
      const { event } = given;
      const isCounted = !isCopied(given) && !isBack(event);
      return toldFirst(event).map(([message, told]) => ({
        message,
        entry: isRemembered(told) ? told : undefined,
        keys: isCounted ? [pairKey(given, told)] : [],
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

/** What an event that begins a message says of it. What is on its way is not remembered: when it is dead, that says again whose it was. */
function toldFirst(event: RunEvent): readonly (readonly [message: string, told: Told])[] {
  switch (event.type) {
    case 'MessageSent':
    case 'MessageReceived': {
      const { from, to, onBehalf, drop } = event;
      if (onBehalf === true || !isSaid(event)) return [];
      const across = event.type === 'MessageReceived' ? 'in' : event.run === undefined ? undefined : 'out';
      // Of what was published, each that has it was told.
      const all = event.type === 'MessageSent' ? sentAs(event) : [{ id: event.message, mailbox: to }];
      return all.map(({ id, mailbox }) => [id, { ...toldOf(from, mailbox, across), ...(drop === true && { drop }) }]);
    }
    case 'MessageDeadLettered':
      return isOutbox(event.mailbox)
        ? [[event.message, { ...toldOf(event.from, beyond(event.mailbox).to, 'out'), dead: true }]]
        : [];
    default:
      return [];
  }
}

/** What was handed on from a name of no run comes back there: it has been counted. */
const isBack = (event: RunEvent): boolean =>
  event.type === 'MessageReceived' && event.handedOn !== undefined && event.handedOn.ask === undefined;

const toldOf = (from: Party, to: string, across: Across | undefined): Told => ({
  from: from.task === undefined ? nameOf(from) : listed(from.task),
  to: listed(to),
  ...(across !== undefined && { across }),
});

/** Whether the run knows what becomes of it: one to a program is done with as it is said. */
const isRemembered = ({ across, to, dead }: Told): boolean => dead === true || (across !== 'out' && !isClient(to));

const pairKey = ({ run }: ViewEvent, { from, to, across }: Pick<Told, 'from' | 'to' | 'across'>): string => {
  const key = `${run.workflow}/${JSON.stringify(across === undefined ? [from, to] : [from, to, across])}`;
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
      const { dead: _dead, drop: _drop, across, ...others } = told;
      if (event.to === undefined) return across === 'out' ? undefined : { ...others, ...(across && { across }) };
      return { ...others, to: listed(event.to), ...(across === 'in' && { across }) };
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
  const first = toldFirst(event).map(([, one]) => one);
  const told = first.length === 0 ? toldIn(given, rows) : first;
  const own = told.filter((one) => pairKey(given, one) === key);
  const { from, to, across } = own[0] as Told;
  const pair = { workflow: run.workflow, from, to, ...(across !== undefined && { across }) };
  const before = row ?? { ...pair, sent: 0, acknowledged: 0, dead: 0, last: time };
  const counts = COUNTED[event.type] ?? ['acknowledged'];
  const what = first.length > 0 && across !== 'out' && isClient(to) ? (['sent', 'acknowledged'] as const) : counts;
  const more = Object.fromEntries(what.map((count) => [count, before[count] + own.length]));
  return { ...before, ...more, last: Math.max(before.last, time) };
}

/** What an event counts as, beside that somebody is done with messages. */
const COUNTED: { readonly [type: string]: readonly ('sent' | 'acknowledged' | 'dead')[] } = {
  MessageSent: ['sent'],
  MessageReceived: ['sent'],
  MessageDeadLettered: ['dead'],
};
