import { sha256 } from '../../../../shared/hash.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import type { RowsBefore, ViewEvent } from '../projection.ts';

// What views remember of the open messages of a run, until they are gone or the run ends: a row `~run` that names those of 512 more rows that have something
// in them. So an event costs hardly more in a run with ten thousand open messages, and an event about none that is remembered costs one row.

/** The row `~run`: the others that have something in them. */
export type OpenIndex = { readonly parts: { readonly [part: string]: true } };

/** Another one: what is remembered, by messageKey(). */
export type OpenPart<Entry> = { readonly open: { readonly [message: string]: Entry } };

const PARTS = 512;
/** Characters that a key of a view may have; ids of messages may have more. */
const MAX_KEY_CHARS = 1024;

/** A message of a run, as a key: `run/message`, with a hash in place of an id that cannot be part of one. */
export function messageKey(runId: string, message: string): string {
  const key = `${runId}/${message}`;
  return key.length <= MAX_KEY_CHARS && key.isWellFormed() ? key : `${runId}/${sha256(message)}`;
}

const partOf = (message: string): string =>
  String(Number.parseInt(sha256(message).slice(0, 4), 16) % PARTS).padStart(3, '0');

export const indexKey = ({ runId }: Pick<ViewEvent, 'runId'>): string => `~${runId}`;

const partKey = (runId: string, part: string): string => `~${runId}/${part}`;

export const partKeyOf = (runId: string, message: string): string => partKey(runId, partOf(message));

const ENDS: ReadonlySet<string> = new Set(['RunCompleted', 'RunFailed', 'RunCancelled']);

export const endsRun = ({ type }: RunEvent): boolean => ENDS.has(type);

/** The messages that an event says something of, beside that they are sent. */
export function messagesIn(event: RunEvent): readonly string[] {
  switch (event.type) {
    case 'MessageAcknowledged':
    case 'MessageExpired':
    case 'DeadLettersRedriven':
    case 'DeadLettersDiscarded':
    case 'MessagesClosed':
      return event.messages;
    case 'MessageDeadLettered':
    case 'DeadLetterEdited':
      return [event.message];
    case 'TaskCompleted':
    case 'TasksReset':
      return event.message === undefined ? [] : [event.message];
    default:
      return [];
  }
}

/** The rows of what is remembered that an event is about: of its end, all of a run's. Those that are empty are left out. */
export function partsFor<Row>({ runId, event }: ViewEvent, rows: RowsBefore<Row>): readonly string[] {
  const parts = (rows(indexKey({ runId })) as OpenIndex | undefined)?.parts;
  if (parts === undefined) return [];
  if (endsRun(event)) return Object.keys(parts).map((part) => partKey(runId, part));
  const wanted = new Set(messagesIn(event).map(partOf));
  return [...wanted].filter((part) => Object.hasOwn(parts, part)).map((part) => partKey(runId, part));
}

/** What is remembered of a message. */
export function entryOf<Entry, Row>(runId: string, message: string, rows: RowsBefore<Row>): Entry | undefined {
  const open = (rows(partKeyOf(runId, message)) as OpenPart<Entry> | undefined)?.open;
  const key = messageKey(runId, message);
  return open !== undefined && Object.hasOwn(open, key) ? open[key] : undefined;
}

/** The row `~run` once a message is remembered. */
export function indexed(row: OpenIndex | undefined, message: string): OpenIndex {
  const part = partOf(message);
  return row !== undefined && Object.hasOwn(row.parts, part) ? row : { parts: { ...row?.parts, [part]: true } };
}

/** A row of what is remembered, with what becomes of these messages; undefined forgets one. */
export function remembering<Entry>(
  row: OpenPart<Entry> | undefined,
  key: string,
  runId: string,
  messages: readonly string[],
  next: (entry: Entry | undefined) => Entry | undefined,
): OpenPart<Entry> | undefined {
  const open: Record<string, Entry> = { ...row?.open };
  for (const message of messages) {
    if (partKeyOf(runId, message) !== key) continue;
    const name = messageKey(runId, message);
    const entry = next(Object.hasOwn(open, name) ? open[name] : undefined);
    if (entry === undefined) delete open[name];
    else open[name] = entry;
  }
  return Object.keys(open).length === 0 ? undefined : { open };
}
