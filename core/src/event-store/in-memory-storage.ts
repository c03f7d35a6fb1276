import { EventLog } from './event-log.ts';
import type { EventStore, StreamSummary } from './event-store.ts';
import type { ListedStream, Snapshot, Storage, StreamQuery } from './storage.ts';
import { storeClosed, storeConflict } from './store-errors.ts';
import { compareListed, DEFAULT_LIST_LIMIT, decodeCursor, encodeCursor, matchesQuery } from './stream-query.ts';
import { Subscriptions } from './subscriptions.ts';

/** A stream that has a summary. */
interface Listed {
  readonly ordinal: number;
  summary: StreamSummary;
}

/**
 * The reference implementation of the ports: everything in this process's memory, gone when it ends. Events are kept as they are handed over,
 * not copied. It has no ownership: a store that no other process can see needs none.
 */
export function createInMemoryStorage(): Storage {
  const log = new EventLog();
  const listed = new Map<string, Listed>();
  const snapshots = new Map<string, Snapshot>();
  let closed = false;
  let made = 0;

  const assertOpen = (): void => {
    if (closed) throw storeClosed();
  };
  const read: EventStore['read'] = async (stream, options) => {
    assertOpen();
    return log.read(stream, options);
  };
  const readAll: EventStore['readAll'] = async (options) => {
    assertOpen();
    return log.readAll(options);
  };
  const subscriptions = new Subscriptions({
    read,
    readAll,
    end: () => log.end,
    endOf: (stream) => log.endOf(stream),
  });

  const summarise = (stream: string, summary: StreamSummary): void => {
    const known = listed.get(stream);
    if (known === undefined) listed.set(stream, { ordinal: made++, summary });
    else known.summary = summary;
  };

  return {
    events: {
      async append(stream, events, expectedRevision, options) {
        assertOpen();
        const repeated = log.repeated(stream, events, expectedRevision);
        if (repeated !== undefined) return repeated;
        const result = log.add(stream, events);
        if (events.length === 0) return result;
        if (options?.summary !== undefined) summarise(stream, options.summary);
        subscriptions.appended(stream);
        return result;
      },
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

    async remove(streams, { stream, events, expectedRevision }) {
      assertOpen();
      const repeated = log.repeated(stream, events, expectedRevision);
      if (repeated !== undefined) return repeated;
      const moved = streams.find((one) => log.endOf(one.stream) !== one.revision);
      if (moved !== undefined) throw storeConflict(moved.stream, moved.revision, log.endOf(moved.stream));
      for (const one of streams) {
        log.remove(one.stream);
        listed.delete(one.stream);
        snapshots.delete(one.stream);
      }
      const result = log.add(stream, events);
      subscriptions.appended(stream);
      return result;
    },

    catalog: {
      async list(query) {
        assertOpen();
        return list(listed, log, query);
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

function list(streams: ReadonlyMap<string, Listed>, log: EventLog, query: StreamQuery): readonly ListedStream[] {
  const after = query.after === undefined ? undefined : decodeCursor(query.after);
  const found: (ListedStream & { readonly ordinal: number })[] = [];
  for (const [stream, { summary, ordinal }] of streams) {
    if (!matchesQuery(query, stream, summary)) continue;
    const place = { createdAt: summary.createdAt, ordinal };
    if (after !== undefined && compareListed(after, place) >= 0) continue;
    const [last] = log.read(stream, { direction: 'backwards', limit: 1 });
    found.push({
      ...summary,
      stream,
      revision: log.endOf(stream),
      lastEventAt: last?.time ?? 0,
      ordinal,
      cursor: encodeCursor(place),
    });
  }
  const limit = Math.max(0, query.limit ?? DEFAULT_LIST_LIMIT);
  return found
    .sort(compareListed)
    .slice(0, limit)
    .map(({ ordinal: _ordinal, ...one }) => one);
}
