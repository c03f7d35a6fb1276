import { RepriseError } from '../../../shared/errors.ts';
import { type JsonObject, jsonProblem } from '../../../shared/json.ts';
import { thrownText } from '../../../shared/thrown-text.ts';
import type { Projection, ViewEvent } from './projection.ts';
import type { ViewChange } from './view-store.ts';

const MAX_KEY_CHARS = 1024;
/** As jsonProblem has it. */
const MAX_DEPTH = 200;

/** An event with the keys of its rows. */
export interface KeyedEvent {
  readonly event: ViewEvent;
  readonly keys: readonly string[];
}

/** What a fold came to. `failure`: the projection threw, or gave what is no row; what it folded before that event stands. */
export interface Folded {
  readonly changes: readonly ViewChange[];
  /** How many events were folded. */
  readonly events: number;
  readonly failure?: RepriseError;
}

/** The keys of each event, up to the first one of which the projection cannot tell them. */
export function keysOf(
  projection: Projection,
  events: readonly ViewEvent[],
): { readonly keyed: readonly KeyedEvent[]; readonly failure?: RepriseError } {
  const keyed: KeyedEvent[] = [];
  for (const event of events) {
    try {
      const given: unknown = projection.keyOf(event);
      const keys = given === undefined ? [] : Array.isArray(given) ? [...new Set<string>(given)] : [given as string];
      const wrong = keys.findIndex((key) => !isKey(key));
      if (wrong >= 0) {
        const what = `keyOf() gave ${JSON.stringify(keys[wrong])}, which is no key`;
        return { keyed, failure: failed(projection, event, what) };
      }
      keyed.push({ event, keys });
    } catch (cause) {
      return { keyed, failure: failed(projection, event, `keyOf() threw: ${thrownText(cause)}`, cause) };
    }
  }
  return { keyed };
}

const isKey = (key: unknown): boolean =>
  typeof key === 'string' && key.length > 0 && key !== '~' && key.length <= MAX_KEY_CHARS && key.isWellFormed();

/** Folds events into rows. `before` has the rows of all their keys, and is brought up to date. */
export function foldEvents(
  projection: Projection,
  keyed: readonly KeyedEvent[],
  before: Map<string, JsonObject | undefined>,
): Folded {
  const first = new Map<string, JsonObject | undefined>();
  let events = 0;
  let failure: RepriseError | undefined;
  for (const { event, keys } of keyed) {
    try {
      const next = keys.map((key) =>
        projection.apply(before.get(key), event, { key, rows: (other) => before.get(other) }),
      );
      const problem = next.map(rowProblem).find((one) => one !== undefined);
      if (problem !== undefined) {
        failure = failed(projection, event, `apply() gave what is no row, ${problem}`);
        break;
      }
      for (const [index, key] of keys.entries()) {
        if (!first.has(key)) first.set(key, before.get(key));
        before.set(key, next[index]);
      }
      events += 1;
    } catch (cause) {
      failure = failed(projection, event, `apply() threw: ${thrownText(cause)}`, cause);
      break;
    }
  }
  const changes: ViewChange[] = [];
  for (const [key, was] of first) {
    const row = before.get(key);
    if (row !== was) changes.push(row === undefined ? { key } : { key, row });
  }
  return { changes, events, ...(failure === undefined ? {} : { failure }) };
}

/** A row is a plain object. */
function rowProblem(row: JsonObject | undefined): string | undefined {
  if (row === undefined) return undefined;
  return typeof row !== 'object' || row === null || Array.isArray(row) ? 'but no object' : partProblem(row, '', 0);
}

/** Parts of rows that were looked through, and are frozen: a projection that changes what it was handed is told so by its throw. */
const taken = new WeakSet<object>();

/** Why a part of a row is no plain JSON. What rows have in common with those before them is not looked through again. */
function partProblem(part: unknown, path: string, depth: number): string | undefined {
  if (typeof part !== 'object' || part === null) return part === undefined ? undefined : jsonProblem(part, path);
  if (taken.has(part)) return undefined;
  const isPlain =
    Array.isArray(part) || [Object.prototype, null].includes(Object.getPrototypeOf(part) as object | null);
  if (!isPlain || depth > MAX_DEPTH || Object.hasOwn(part, '__proto__')) return jsonProblem(part, path, depth);
  for (const key of Object.keys(part)) {
    const problem = partProblem((part as Readonly<Record<string, unknown>>)[key], `${path}.${key}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  taken.add(Object.freeze(part));
  return undefined;
}

/** REPRISE_PROJECTION_FAILED: the projection and the event. */
function failed(projection: Projection, event: ViewEvent, what: string, cause?: unknown): RepriseError {
  const { name, version } = projection;
  const { runId, revision, position } = event;
  const { type } = event.event;
  return new RepriseError(
    'REPRISE_PROJECTION_FAILED',
    `The projection '${name}' (version ${version}) failed at ${type}, event ${revision} of run '${runId}': ${what}.`,
    {
      details: { projection: name, version, runId, revision, position, type },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** All rows that a projection folds events to: what any view of it comes to, however it was built. Throws REPRISE_PROJECTION_FAILED. */
export function foldView(projection: Projection, events: readonly ViewEvent[]): ReadonlyMap<string, JsonObject> {
  const rows = new Map<string, JsonObject | undefined>();
  const { keyed, failure } = keysOf(projection, events);
  const folded = foldEvents(projection, keyed, rows);
  const thrown = folded.failure ?? failure;
  if (thrown !== undefined) throw thrown;
  return new Map([...rows].flatMap(([key, row]) => (row === undefined ? [] : [[key, row] as const])));
}
