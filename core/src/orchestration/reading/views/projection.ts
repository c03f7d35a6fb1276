import type { EventMetadata } from '../../../event-store/event-store.ts';
import type { Position } from '../../../event-store/position.ts';
import { RepriseError } from '../../../shared/errors.ts';
import { isId } from '../../../shared/ids.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Labels } from '../../../shared/labels.ts';
import type { RunEvent } from '../../workflow/events.ts';
import { FIELD_TYPES, type QueryFields } from '../query/query.ts';
import type { ViewOrder } from './view-store.ts';

/** What the first event of a run says of it. */
export interface RunFacts {
  readonly workflow: string;
  readonly version: string;
  /** ms since the Unix epoch. */
  readonly startedAt: number;
  /** The rules that the run keeps: how its paths are written (see rules.ts). */
  readonly rules: number;
  /** Tasks of its definition, those inside blocks not counted. */
  readonly tasks: number;
  readonly tenant?: string;
  readonly labels?: Labels;
}

/** An event as a projection is handed it: plain JSON, shared with others and not to be changed. The input of a child run may be missing. */
export interface ViewEvent {
  readonly runId: string;
  readonly revision: number;
  readonly position: Position;
  /** ms since the Unix epoch. */
  readonly time: number;
  readonly event: RunEvent;
  readonly metadata: EventMetadata;
  readonly run: RunFacts;
}

/** The rows of an event's keys as they were before it. */
export type RowsBefore<Row> = (key: string) => Row | undefined;

/**
 * A pure fold of events into rows. The same events in the same order give the same rows, on every machine: none of its functions reads a clock, keeps
 * anything between calls or changes what it is handed. Events of all runs come in the global order of the store.
 */
export interface Projection<Row extends JsonObject = JsonObject> {
  /** An id. */
  readonly name: string;
  /** 1, 2, …: to be raised with every change of what it folds to. Another version is built anew. */
  readonly version: number;
  /** What is told of it, in a few words. */
  readonly about?: string;
  /** What its rows can be asked about, by the names that a query calls them. */
  readonly fields?: QueryFields;
  /** How its rows are listed when nobody says otherwise. */
  readonly order?: ViewOrder;
  /** The row that the event is about; several, when it is about more than one, or none. Keys have 1 to 1,024 characters; those that begin with `~` are never listed. */
  keyOf(event: ViewEvent): string | readonly string[] | undefined;
  /**
   * More rows that the event is about, which only rows can tell: `rows` has those that were named so far, as they were before it. Asked again, with those that
   * it named, until it names no new ones, 16 times at the most; not asked where keyOf() named none.
   */
  keysFrom?(event: ViewEvent, rows: RowsBefore<Row>): readonly string[];
  /** The next row, or undefined for none; `row` itself when nothing changes. Called once for each key; `rows` has all of them as they were before. */
  apply(
    row: Row | undefined,
    event: ViewEvent,
    at: { readonly key: string; readonly rows: RowsBefore<Row> },
  ): Row | undefined;
}

/** A projection that can be relied on. Throws REPRISE_CONFIG_INVALID. */
export function defineProjection<Row extends JsonObject>(projection: Projection<Row>): Projection<Row> {
  const { name, version, fields = {}, keyOf, keysFrom, apply } = projection;
  const wrong = (problem: string): RepriseError =>
    new RepriseError('REPRISE_CONFIG_INVALID', `The projection ${JSON.stringify(name)} cannot be used: ${problem}.`);
  if (!isId(name)) throw wrong('its `name` is no id (1 to 128 letters, digits, ".", "_" or "-")');
  if (!Number.isSafeInteger(version) || version < 1) throw wrong('its `version` is no whole number from 1');
  for (const [field, { type }] of Object.entries(fields)) {
    if (!FIELD_TYPES.includes(type))
      throw wrong(
        `its field '${field}' is of the type ${JSON.stringify(type)}, and there are ${FIELD_TYPES.join(', ')}`,
      );
  }
  if (typeof keyOf !== 'function') throw wrong('it has no `keyOf` function');
  if (keysFrom !== undefined && typeof keysFrom !== 'function') throw wrong('its `keysFrom` is no function');
  if (typeof apply !== 'function') throw wrong('it has no `apply` function');
  return projection;
}
