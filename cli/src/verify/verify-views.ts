import {
  BEGINNING,
  canonicalJson,
  createInMemoryViewStore,
  type EventStore,
  isOutdated,
  type JsonObject,
  lastDeletion,
  type Position,
  type Projection,
  systemClock,
  toErrorData,
  type ViewStore,
  Views,
} from '@reprise/core';

export interface ViewVerified {
  readonly view: string;
  readonly status: 'same' | 'differs' | 'not-built' | 'failed';
  /** Rows that were compared. */
  readonly rows: number;
  /** How many rows differ, and the first of them. */
  readonly differ: number;
  readonly examples: readonly { readonly key: string; readonly detail: string }[];
  /** Why it could not be verified. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

const PAGE = 500;
const EXAMPLES = 10;

/** Folds a view anew in memory, up to where the kept one was built, and compares the rows. Changes nothing. */
export async function verifyView(events: EventStore, kept: ViewStore, projection: Projection): Promise<ViewVerified> {
  const { name } = projection;
  const none = { view: name, rows: 0, differ: 0, examples: [], error: undefined };
  try {
    const upTo = await kept.checkpoint(projection);
    if (upTo === undefined || upTo === BEGINNING) return { ...none, status: 'not-built' };
    // Runs were deleted since: whoever builds it next builds it anew.
    if (await isOutdated(kept, projection, await lastDeletion(events))) return { ...none, status: 'not-built' };
    // Whoever builds a view waits for a store that cannot be read to be well again.
    const unreadable = Promise.withResolvers<never>();
    const views = new Views({
      store: until(events, upTo, unreadable.reject),
      views: createInMemoryViewStore(),
      projections: [projection],
      clock: systemClock,
      notice: () => undefined, // what stops it is thrown by reachEnd()
    });
    try {
      await Promise.race([views.start().then(() => views.reachEnd(name)), unreadable.promise]);
      const [was, is] = [
        await rowsOf((query) => kept.list(projection, query)),
        await rowsOf((query) => views.list(name, query)),
      ];
      const examples = differences(was, is);
      const status = examples.length === 0 ? 'same' : 'differs';
      return { ...none, status, rows: is.size, differ: examples.length, examples: examples.slice(0, EXAMPLES) };
    } finally {
      await views.close();
    }
  } catch (error) {
    const { code, message } = toErrorData(error, 'REPRISE_PROJECTION_FAILED');
    return { ...none, status: 'failed', error: { code, message } };
  }
}

type Rows = ReadonlyMap<string, JsonObject>;

async function rowsOf(list: (query: Parameters<ViewStore['list']>[1]) => ReturnType<ViewStore['list']>): Promise<Rows> {
  const rows = new Map<string, JsonObject>();
  for (let after: string | undefined; ; ) {
    const page = await list({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { key, row } of page.rows) rows.set(key, row);
    if (page.next === undefined) return rows;
    after = page.next;
  }
}

function differences(was: Rows, is: Rows): readonly { readonly key: string; readonly detail: string }[] {
  const found: { key: string; detail: string }[] = [];
  for (const [key, row] of is) {
    const other = was.get(key);
    if (other === undefined) found.push({ key, detail: 'the row is missing' });
    else if (canonicalJson(other) !== canonicalJson(row))
      found.push({ key, detail: `it differs in ${membersOf(other, row).join(', ')}` });
  }
  for (const key of was.keys()) if (!is.has(key)) found.push({ key, detail: 'no event has it' });
  return found;
}

const membersOf = (one: JsonObject, other: JsonObject): readonly string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (member) => canonicalJson(one[member] ?? null) !== canonicalJson(other[member] ?? null),
  );

/** The store as it was up to a position: nothing follows. `failed` is told when it cannot be read. */
function until(
  events: EventStore,
  upTo: Position,
  failed: (error: unknown) => void,
): Pick<EventStore, 'read' | 'readAll' | 'subscribe'> {
  const told = (error: unknown): never => {
    failed(error);
    throw error;
  };
  const readAll: EventStore['readAll'] = async (options) =>
    (await events.readAll(options).catch(told)).filter(({ position }) => position <= upTo);
  return {
    read: (...request) => events.read(...request).catch(told),
    readAll,
    subscribe: async ({ stream, after, onEvents, onCaughtUp, onError }) => {
      let closed = false;
      const bring = async (): Promise<void> => {
        for (let at = typeof after === 'string' && after !== 'end' ? after : BEGINNING; !closed; ) {
          const page = await readAll({ after: at, limit: PAGE });
          const last = page.at(-1);
          if (last === undefined) return onCaughtUp?.();
          await onEvents(page);
          at = last.position;
        }
      };
      if (stream === undefined && after !== 'end') bring().catch((error: unknown) => onError?.(error));
      return {
        close: async () => {
          closed = true;
        },
      };
    },
  };
}
