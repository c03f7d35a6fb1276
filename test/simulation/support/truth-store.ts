import { BEGINNING, createInMemoryStorage, type RecordedEvent, type Storage } from '@reprise/core';
import type { Snapshot } from '@reprise/core/plugin';

/** The storage that all processes share and that survives them, with everything in it open to inspection. */
export interface TruthStore {
  readonly storage: Storage;
  /** All events, in global order. */
  readonly log: readonly RecordedEvent[];
  readonly saved: readonly { readonly stream: string; readonly snapshot: Snapshot }[];
}

/** In memory, but nothing is shared by reference: what goes in and out is a copy by way of JSON, as in a file. */
export function createTruthStore(): TruthStore {
  const { events: store, catalog, snapshots } = createInMemoryStorage();
  const log: RecordedEvent[] = [];
  const noted = new Set<string>();
  const saved: { stream: string; snapshot: Snapshot }[] = [];
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  return {
    log,
    saved,
    storage: {
      events: {
        append: async (stream, given, expectedRevision, options) => {
          const result = await store.append(stream, copy(given), expectedRevision, options);
          const more = await store.readAll({ after: log.at(-1)?.position ?? BEGINNING, limit: 1_000_000 });
          // Another append may have noted some of them meanwhile.
          for (const event of more) if (!noted.has(event.id)) log.push(event);
          for (const { id } of more) noted.add(id);
          return result;
        },
        read: async (stream, options) => copy(await store.read(stream, options)),
        readAll: async (options) => copy(await store.readAll(options)),
        subscribe: (options) => store.subscribe(options),
        close: async () => undefined,
      },
      ...(catalog && { catalog }),
      snapshots: {
        load: async (stream) => snapshots?.load(stream),
        save: async (stream, snapshot) => {
          saved.push({ stream, snapshot });
          await snapshots?.save(stream, snapshot);
        },
      },
    },
  };
}
