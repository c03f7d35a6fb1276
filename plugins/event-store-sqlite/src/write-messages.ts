import type { AppendOptions, NewEvent, Snapshot, StreamEnd } from '@reprise/core/plugin';
import type { WatchedFile } from './file-identity.ts';
import { EVENT_WIDTH, type EventColumns, toColumns } from './mapping.ts';
import type { StoreFault } from './store-fault.ts';

// What crosses between the caller's thread and the writer's. Appends travel as one flat array of strings and numbers per
// message, which the structured clone copies several times faster than it does nested objects.

type Cell = string | number | null;

/** `APPEND_HEAD` cells, then EVENT_WIDTH cells for each event. `summary` and `removes` are JSON or null. */
export const APPEND_HEAD = 5;

/** Flat: `[stream, expectedRevision, eventCount, summary, removes, ...columns of the events]`, once per append. */
export type AppendCells = Cell[];

export interface WriteMessage {
  readonly kind: 'write';
  readonly appends: AppendCells;
  readonly snapshots: readonly (readonly [stream: string, snapshot: Snapshot])[];
}

/**
 * To the writer. `poll` asks it to look for appends of other processes; `own` names the lock file that must be at its place, too,
 * before a commit is acknowledged. `mark` has it write the mark beside the file, which `close` does, too; `time` is now, in ms.
 */
export type ToWriter =
  | WriteMessage
  | { readonly kind: 'poll' }
  | { readonly kind: 'own'; readonly file: WatchedFile | undefined }
  | { readonly kind: 'mark'; readonly time: number }
  | { readonly kind: 'close'; readonly time: number };

/** How one append ended: `[0, revision, position]`, `[1, actualRevision, 0]` for a conflict, `[2, index, actualRevision]` for one with a stream that it removes. */
export const APPENDED = 0;
export const CONFLICT = 1;
export const REMOVAL_CONFLICT = 2;
export const RESULT_WIDTH = 3;

export type WriteOutcome = readonly number[] | StoreFault;

/**
 * From the writer. `done` answers the oldest unanswered write messages, as many as it has outcomes: RESULT_WIDTH numbers
 * per append, or the fault that all of the message failed with. `opened`: the files that the store is in. `foreign`: another process appended the positions
 * from..to (inclusive).
 */
export type FromWriter =
  | { readonly kind: 'opened'; readonly head: number; readonly files: readonly WatchedFile[] }
  | { readonly kind: 'failed'; readonly fault: StoreFault }
  | { readonly kind: 'done'; readonly outcomes: readonly WriteOutcome[] }
  | { readonly kind: 'foreign'; readonly from: number; readonly to: number };

/** Adds one append to `cells`. `data` holds the events' data as JSON text. */
export function pushAppend(
  cells: AppendCells,
  stream: string,
  expectedRevision: number,
  events: readonly NewEvent[],
  data: readonly string[],
  { summary, removes }: AppendOptions & { readonly removes?: readonly StreamEnd[] } = {},
): void {
  cells.push(
    stream,
    expectedRevision,
    events.length,
    summary === undefined ? null : JSON.stringify(summary),
    removes === undefined ? null : JSON.stringify(removes),
  );
  for (const [index, event] of events.entries()) cells.push(...toColumns(stream, event, data[index] ?? 'null'));
}

export interface AppendRequest {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly summary: string | null;
  /** Streams that are removed in the same transaction. */
  readonly removes: string | null;
  readonly events: readonly EventColumns[];
}

/** The appends of a message, one by one. */
export function* appendsOf(cells: AppendCells): Generator<AppendRequest, void, undefined> {
  for (let at = 0; at < cells.length; ) {
    const count = cells[at + 2] as number;
    const first = at + APPEND_HEAD;
    const events = Array.from({ length: count }, (_, index) => {
      const start = first + index * EVENT_WIDTH;
      return cells.slice(start, start + EVENT_WIDTH) as unknown as EventColumns;
    });
    yield {
      stream: cells[at] as string,
      expectedRevision: cells[at + 1] as number,
      summary: cells[at + 3] as string | null,
      removes: cells[at + 4] as string | null,
      events,
    };
    at = first + count * EVENT_WIDTH;
  }
}
