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

/** How far a fold has come. */
export interface Folding {
  /** How many events were folded. */
  readonly events: number;
  /** The rows that were touched, as they were at first. */
  readonly first: Map<string, JsonObject | undefined>;
  /** How often rows of the next event were missing. */
  readonly missed?: number;
}

/**
 * What a fold came to. `failure`: the projection threw, or gave what is no row; what it folded before that event stands. `missing`: it goes on once these
 * rows are there.
 */
export interface Folded extends Folding {
  readonly changes: readonly ViewChange[];
  readonly failure?: RepriseError;
  readonly missing?: readonly string[];
}

/** How often a projection may name more rows of one event. */
const MOST_ROUNDS = 16;

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

/** Folds events into rows, from where `begun` has come to. `before` has the rows of all their keys, and is brought up to date. */
export function foldEvents(
  projection: Projection,
  keyed: readonly KeyedEvent[],
  before: Map<string, JsonObject | undefined>,
  { events: from, first, missed: missedBefore = 0 }: Folding = { events: 0, first: new Map() },
): Folded {
  let events = from;
  let missed = missedBefore;
  for (const { event, keys: named } of keyed.slice(from)) {
    try {
      const { keys, missing, failure } = allKeys(
        projection,
        event,
        named,
        before,
        missed < MOST_ROUNDS ? MOST_ROUNDS : 0,
      );
      if (missing !== undefined) return { changes: [], events, first, missing, missed: missed + 1 };
      if (failure !== undefined) return { ...folded(before, first, events), failure };
      const next = keys.map((key) =>
        projection.apply(before.get(key), event, { key, rows: (other) => before.get(other) }),
      );
      const problem = next.map(rowProblem).find((one) => one !== undefined);
      if (problem !== undefined) {
        const failure = failed(projection, event, `apply() gave what is no row, ${problem}`);
        return { ...folded(before, first, events), failure };
      }
      for (const [index, key] of keys.entries()) {
        if (!first.has(key)) first.set(key, before.get(key));
        before.set(key, next[index]);
      }
      events += 1;
      missed = 0;
    } catch (cause) {
      const failure = failed(projection, event, `apply() threw: ${thrownText(cause)}`, cause);
      return { ...folded(before, first, events), failure };
    }
  }
  return folded(before, first, events);
}

function folded(before: ReadonlyMap<string, JsonObject | undefined>, first: Folding['first'], events: number): Folded {
  const changes: ViewChange[] = [];
  for (const [key, was] of first) {
    const row = before.get(key);
    if (row !== was) changes.push(row === undefined ? { key } : { key, row });
  }
  return { changes, events, first };
}

/** The keys of an event with those that rows add. `missing`: rows that have to be there before that can be told. */
function allKeys(
  projection: Projection,
  event: ViewEvent,
  named: readonly string[],
  before: ReadonlyMap<string, JsonObject | undefined>,
  rounds: number,
): { readonly keys: readonly string[]; readonly missing?: readonly string[]; readonly failure?: RepriseError } {
  if (projection.keysFrom === undefined || named.length === 0) return { keys: named };
  const wrong = (what: string, cause?: unknown) => ({ keys: named, failure: failed(projection, event, what, cause) });
  const keys = new Set(named);
  for (let round = 0; round < rounds; round += 1) {
    let more: readonly string[];
    try {
      const given = projection.keysFrom(event, (key) => (keys.has(key) ? before.get(key) : undefined));
      more = given.filter((key) => !keys.has(key));
    } catch (cause) {
      return wrong(`keysFrom() threw: ${thrownText(cause)}`, cause);
    }
    if (more.length === 0) return { keys: [...keys] };
    const odd = more.find((key) => !isKey(key));
    if (odd !== undefined) return wrong(`keysFrom() gave ${JSON.stringify(odd)}, which is no key`);
    for (const key of more) keys.add(key);
    const missing = more.filter((key) => !before.has(key));
    if (missing.length > 0) return { keys: named, missing };
  }
  return wrong(`keysFrom() named more rows ${MOST_ROUNDS} times`);
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
  let done = foldEvents(projection, keyed, rows);
  while (done.missing !== undefined) {
    for (const key of done.missing) rows.set(key, undefined);
    done = foldEvents(projection, keyed, rows, done);
  }
  const thrown = done.failure ?? failure;
  if (thrown !== undefined) throw thrown;
  return new Map([...rows].flatMap(([key, row]) => (row === undefined ? [] : [[key, row] as const])));
}
