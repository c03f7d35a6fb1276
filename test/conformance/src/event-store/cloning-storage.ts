import { isDeepStrictEqual } from 'node:util';
import type { Storage } from '@reprise/core/plugin';

/**
 * The same storage as the engine would use it: handed plain JSON that nobody else holds. Every event is cloned before its append
 * (structuredClone: one that it does not take fails the test), so that what comes back is compared with what the store never
 * had in hand; and a store that changes what it was handed is found out.
 */
export function cloningStorage(storage: Storage): Storage {
  const { events: store } = storage;
  const { maxAppendBytes } = store;
  const events: Storage['events'] = {
    ...(maxAppendBytes === undefined ? {} : { maxAppendBytes }),
    append: async (stream, given, expectedRevision, options) => {
      const handed = structuredClone(given);
      const append = store.append(stream, handed, expectedRevision, structuredClone(options));
      await Promise.allSettled([append]);
      if (!isDeepStrictEqual(handed, given)) throw new Error('The store changed events that it was handed.');
      return append;
    },
    read: (...request) => store.read(...request),
    readAll: (...request) => store.readAll(...request),
    subscribe: (options) => store.subscribe(options),
    close: () => store.close(),
  };
  return { ...storage, events };
}
