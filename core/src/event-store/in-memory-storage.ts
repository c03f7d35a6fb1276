import {
  type AppendResult,
  type EventStore,
  type NewEvent,
  NO_STREAM,
  type RecordedEvent,
  type StreamSummary,
} from './event-store.ts';
import { BEGINNING, decodePosition, encodePosition } from './position.ts';
import type { ListedStream, Snapshot, Storage, StreamQuery } from './storage.ts';
import { storeClosed, storeConflict } from './store-errors.ts';
import { compareListed, DEFAULT_LIST_LIMIT, decodeCursor, encodeCursor, matchesQuery } from './stream-query.ts';
import { Subscriptions } from './subscriptions.ts';

const DEFAULT_READ_LIMIT = 1000;

interface Stream {
  readonly ordinal: number;
  readonly events: RecordedEvent[];
  summary?: StreamSummary;
}

/**
 * The reference implementation of the ports: everything in this process's memory, gone when it ends. Events are kept as they are handed over,
 * not copied. It has no ownership: a store that no other process can see needs none.
 */
export function createInMemoryStorage(): Storage {
  const streams = new Map<string, Stream>();
  const log: RecordedEvent[] = [];
  const snapshots = new Map<string, Snapshot>();
  let closed = false;

  const assertOpen = (): void => {
    if (closed) throw storeClosed();
  };
  const eventsOf = (name: string): readonly RecordedEvent[] => streams.get(name)?.events ?? [];
  const end = (): string => log.at(-1)?.position ?? BEGINNING;

  const readAll: EventStore['readAll'] = async ({ after = BEGINNING, limit = DEFAULT_READ_LIMIT } = {}) => {
    assertOpen();
    return page(log, decodePosition(after) + 1, limit);
  };
  const read: EventStore['read'] = async (name, options = {}) => {
    assertOpen();
    const { from, direction = 'forwards', limit = DEFAULT_READ_LIMIT } = options;
    const events = eventsOf(name);
    if (direction === 'forwards') return page(events, from ?? 0, limit);
    const last = Math.min(from ?? events.length, events.length - 1) + 1;
    return events.slice(Math.max(0, last - limit), Math.max(0, last)).reverse();
  };
  const subscriptions = new Subscriptions({ read, readAll, end, endOf: (name) => eventsOf(name).length - 1 });

  const record = (name: string, stream: Stream, events: readonly NewEvent[]): void => {
    for (const { id, type, time, data, metadata } of events) {
      const revision = stream.events.length;
      const position = encodePosition(log.length);
      const recorded = { id, type, time, data, metadata, stream: name, revision, position };
      stream.events.push(recorded);
      log.push(recorded);
    }
    subscriptions.appended(name);
  };

  const append: EventStore['append'] = async (name, events, expectedRevision, options): Promise<AppendResult> => {
    assertOpen();
    let stream = streams.get(name);
    const actual = (stream?.events.length ?? 0) - 1;
    if (actual !== expectedRevision) {
      const last = lastRepeated(stream, events, expectedRevision);
      if (last === undefined) throw storeConflict(name, expectedRevision, actual);
      return { revision: last.revision, position: last.position };
    }
    if (events.length > 0) {
      if (stream === undefined) {
        stream = { ordinal: streams.size, events: [] };
        streams.set(name, stream);
      }
      if (options?.summary !== undefined) stream.summary = options.summary;
      record(name, stream, events);
    }
    return { revision: actual + events.length, position: stream?.events.at(-1)?.position ?? BEGINNING };
  };

  return {
    events: {
      append,
      read,
      readAll,
      async subscribe(options) {
        assertOpen();
        return subscriptions.open(options);
      },
      async close() {
        closed = true;
        await subscriptions.close();
      },
    },

    catalog: {
      async list(query) {
        assertOpen();
        return list(streams, query);
      },
    },

    snapshots: {
      async load(stream) {
        assertOpen();
        return snapshots.get(stream);
      },
      async save(stream, snapshot) {
        assertOpen();
        snapshots.set(stream, snapshot);
      },
    },
  };
}

const page = (events: readonly RecordedEvent[], from: number, limit: number): readonly RecordedEvent[] =>
  events.slice(Math.max(0, from), Math.max(0, from) + Math.max(0, limit));

/** The last of `events` as recorded, when all of them are already there right after `expectedRevision`. */
function lastRepeated(
  stream: Stream | undefined,
  events: readonly NewEvent[],
  expectedRevision: number,
): RecordedEvent | undefined {
  if (stream === undefined || events.length === 0 || expectedRevision < NO_STREAM) return undefined;
  const same = events.every((event, index) => stream.events[expectedRevision + 1 + index]?.id === event.id);
  return same ? stream.events[expectedRevision + events.length] : undefined;
}

function list(streams: ReadonlyMap<string, Stream>, query: StreamQuery): readonly ListedStream[] {
  const after = query.after === undefined ? undefined : decodeCursor(query.after);
  const found: (ListedStream & { readonly ordinal: number })[] = [];
  for (const [stream, { summary, ordinal, events }] of streams) {
    if (summary === undefined || !matchesQuery(query, stream, summary)) continue;
    const place = { createdAt: summary.createdAt, ordinal };
    if (after !== undefined && compareListed(after, place) >= 0) continue;
    found.push({
      ...summary,
      stream,
      revision: events.length - 1,
      lastEventAt: events.at(-1)?.time ?? 0,
      ordinal,
      cursor: encodeCursor(place),
    });
  }
  const limit = Math.max(0, query.limit ?? DEFAULT_LIST_LIMIT);
  return found
    .sort(compareListed)
    .slice(0, limit)
    .map(({ ordinal: _ordinal, ...listed }) => listed);
}
