import { sha256 } from '../../../../shared/hash.ts';
import type { JsonObject } from '../../../../shared/json.ts';
import { isEnd } from '../../../workflow/end-of-run.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import type { Projection, RowsBefore, ViewEvent } from '../projection.ts';

// What views remember of the open messages of a run, until they are gone or the run ends: a row `~run` that names those of 512 more rows that had something
// in them once. So an event costs hardly more in a run with ten thousand open messages, and an event about none that is remembered costs one row.

/** The row `~run`: the others that had something in them once. */
type OpenIndex = { readonly parts: { readonly [part: string]: true } };

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

const indexKey = ({ runId }: Pick<ViewEvent, 'runId'>): string => `~${runId}`;

const partKey = (runId: string, part: string): string => `~${runId}/${part}`;

export const partKeyOf = (runId: string, message: string): string => partKey(runId, partOf(message));

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
    case 'MessageHandedOn':
    case 'DeadLetterEdited':
      return [event.message];
    case 'TaskCompleted':
    case 'TasksReset':
      return event.message === undefined ? [] : [event.message];
    default:
      return [];
  }
}

/** The rows of what is remembered that an event is about: of its end, all of a run's. Those that never had any are left out. */
function partsFor<Row>({ runId, event }: ViewEvent, rows: RowsBefore<Row>): readonly string[] {
  const parts = (rows(indexKey({ runId })) as OpenIndex | undefined)?.parts;
  if (parts === undefined) return [];
  if (isEnd(event)) return Object.keys(parts).map((part) => partKey(runId, part));
  const wanted = new Set(messagesIn(event).map(partOf));
  return [...wanted].filter((part) => Object.hasOwn(parts, part)).map((part) => partKey(runId, part));
}

/** What is remembered of a message. */
export function entryOf<Entry, Row>(runId: string, message: string, rows: RowsBefore<Row>): Entry | undefined {
  const open = (rows(partKeyOf(runId, message)) as OpenPart<Entry> | undefined)?.open;
  const key = messageKey(runId, message);
  return open !== undefined && Object.hasOwn(open, key) ? open[key] : undefined;
}

export interface Begun<Entry> {
  readonly message: string;
  readonly entry: Entry | undefined;
  readonly keys: readonly string[];
}

/** What a view says that remembers something of open messages beside its rows. */
export interface OverMessages<Row extends JsonObject, Entry> {
  /** Of an event that begins messages: which, what is remembered of each (undefined: nothing), and the rows that the event is about because of it. */
  begun(given: ViewEvent): readonly Begun<Entry>[];
  /** Whether any other event may say something of one that is remembered. */
  isAbout(event: RunEvent): boolean;
  /** What is remembered of it after such an event; undefined forgets it. */
  next(entry: Entry, event: RunEvent): Entry | undefined;
  /** The rows that such an event is about; `parts` have what is remembered. */
  keysOf(given: ViewEvent, rows: RowsBefore<JsonObject>, parts: readonly string[]): readonly string[];
  apply(row: Row | undefined, given: ViewEvent, key: string, rows: RowsBefore<JsonObject>): Row | undefined;
}

/** The functions of the projection of such a view. */
export function overMessages<Row extends JsonObject, Entry>(
  view: OverMessages<Row, Entry>,
): Required<Pick<Projection, 'keyOf' | 'keysFrom' | 'apply'>> {
  return {
    keyOf(given) {
      const { event, runId } = given;
      const begun = view.begun(given);
      const kept = begun.filter(({ entry }) => entry !== undefined);
      const keys = begun.flatMap((one) => one.keys);
      if (kept.length > 0)
        return [indexKey(given), ...new Set([...kept.map(({ message }) => partKeyOf(runId, message)), ...keys])];
      if (begun.length > 0) return [...new Set(keys)];
      return isEnd(event) || (view.isAbout(event) && messagesIn(event).length > 0) ? indexKey(given) : undefined;
    },
    keysFrom(given, rows) {
      if (view.begun(given).length > 0) return [];
      const parts = partsFor(given, rows);
      return [...parts, ...view.keysOf(given, rows, parts)];
    },
    apply(row, given, { key, rows }) {
      const { event, runId } = given;
      if (!key.startsWith('~')) return view.apply(row as Row | undefined, given, key, rows);
      if (isEnd(event)) return undefined;
      const begun = view.begun(given);
      if (key === indexKey(given)) {
        const messages = begun.flatMap(({ message, entry }) => (entry === undefined ? [] : [message]));
        return messages.length === 0 ? row : indexed(row as OpenIndex | undefined, messages);
      }
      const open = (row as OpenPart<Entry> | undefined)?.open ?? {};
      if (begun.length > 0) {
        const here = begun.filter(({ message, entry }) => entry !== undefined && partKeyOf(runId, message) === key);
        const more = here.map(({ message, entry }) => [messageKey(runId, message), entry] as const);
        return { open: { ...open, ...Object.fromEntries(more) } } as JsonObject;
      }
      const next: Record<string, Entry> = { ...open };
      let changed = false;
      for (const name of messagesIn(event).map((message) => messageKey(runId, message))) {
        if (!Object.hasOwn(next, name)) continue;
        const entry = view.next(next[name] as Entry, event);
        if (entry === next[name]) continue;
        changed = true;
        if (entry === undefined) delete next[name];
        else next[name] = entry;
      }
      if (!changed) return row;
      return Object.keys(next).length === 0 ? undefined : ({ open: next } as JsonObject);
    },
  };
}

/** The row `~run` once messages are remembered. */
function indexed(row: OpenIndex | undefined, messages: readonly string[]): OpenIndex {
  const parts = messages.map(partOf).filter((part) => row === undefined || !Object.hasOwn(row.parts, part));
  if (row !== undefined && parts.length === 0) return row;
  return { parts: { ...row?.parts, ...Object.fromEntries(parts.map((part) => [part, true as const])) } };
}
