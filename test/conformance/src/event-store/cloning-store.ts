import { isDeepStrictEqual } from 'node:util';
import type { EventStore } from '@reprise/core/plugin';

/**
 * The same store as the engine would use it: handed plain JSON that nobody else holds. Every event is cloned before its append
 * (structuredClone: one that it does not take fails the test), so that what comes back is compared with what the store never
 * had in hand; and a store that changes what it was handed is found out.
 */
export function cloningStore(store: EventStore): EventStore {
  return {
    append: async (stream, events, expectedRevision, options) => {
      const handed = structuredClone(events);
      const append = store.append(stream, handed, expectedRevision, structuredClone(options));
      await Promise.allSettled([append]);
      if (!isDeepStrictEqual(handed, events)) throw new Error('The store changed events that it was handed.');
      return append;
    },
    read: (...request) => store.read(...request),
    readAll: (...request) => store.readAll(...request),
    subscribe: (options) => store.subscribe(options),
    close: () => store.close(),
    ...(store.streams && { streams: store.streams }),
    ...(store.snapshots && { snapshots: store.snapshots }),
    ...(store.ownership && { ownership: store.ownership }),
  };
}
