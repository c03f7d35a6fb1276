import { BEGINNING, createInMemoryStorage, type RecordedEvent, type Storage } from '@reprise/core';
import type { EventStore, Snapshot } from '@reprise/core/plugin';

/** The storage that all processes share and that survives them, with everything in it open to inspection. */
export interface TruthStore {
  readonly storage: Storage;
  /** All events, in global order. */
  readonly log: readonly RecordedEvent[];
  readonly saved: readonly { readonly stream: string; readonly snapshot: Snapshot }[];
}

/**
 * Over a storage, by default one in memory. Nothing is shared by reference: what goes in and out is a copy by way of JSON, as in a file.
 * `begin`: told of each use of the storage; what it returns is called when that is over. `calm`: reads the same store, and nothing goes wrong
 * with it.
 */
export function createTruthStore(
  storage: Storage = createInMemoryStorage(),
  begin: () => () => void = () => () => undefined,
  calm: Pick<EventStore, 'readAll'> = storage.events,
): TruthStore {
  const { events: store, catalog, snapshots } = storage;
  const use = async <T>(work: () => Promise<T>): Promise<T> => {
    const over = begin();
    try {
      return await work();
    } finally {
      over();
    }
  };
  const log: RecordedEvent[] = [];
  const noted = new Set<string>();
  const saved: { stream: string; snapshot: Snapshot }[] = [];
  /** What was appended and unanswered is on record all the same. */
  const note = async (): Promise<void> => {
    const more = await calm.readAll({ after: log.at(-1)?.position ?? BEGINNING, limit: 1_000_000 });
    // Another append may have noted some of them meanwhile.
    for (const event of more) if (!noted.has(event.id)) log.push(event);
    for (const { id } of more) noted.add(id);
  };
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  return {
    log,
    saved,
    storage: {
      events: {
        append: (stream, given, expectedRevision, options) =>
          use(async () => {
            try {
              return await store.append(stream, copy(given), expectedRevision, options);
            } finally {
              await note();
            }
          }),
        read: (stream, options) =>
          use(async () => {
            const page = copy(await store.read(stream, options));
            if (calm !== store) await note(); // an append may have been made after its answer
            return page;
          }),
        readAll: (options) => use(async () => copy(await store.readAll(options))),
        subscribe: (options) => store.subscribe(options),
        close: async () => undefined,
      },
      ...(catalog && { catalog: { list: (query) => use(() => catalog.list(query)) } }),
      snapshots: {
        load: (stream) => use(async () => snapshots?.load(stream)),
        save: (stream, snapshot) =>
          use(async () => {
            saved.push({ stream, snapshot });
            await snapshots?.save(stream, snapshot);
          }),
      },
    },
  };
}
