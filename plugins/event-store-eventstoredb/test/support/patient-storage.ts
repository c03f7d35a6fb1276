import { isRepriseError, type Storage } from '@reprise/core/plugin';

/**
 * A storage that is asked again as the engine asks: the same append, with the same ids at the same revision, until its outcome is known. It does not tell
 * what others append: while the server does not say where its log ends, that begins later (faults.int.ts has what is promised of it).
 */
export function patientStorage(storage: Storage): Storage {
  const { events, snapshots, foreign: _foreign, ...rest } = storage;
  const appends = new Set<Promise<unknown>>();
  const append: Storage['events']['append'] = (...request) => {
    const appended = untilKnown(() => events.append(...request));
    const over = () => appends.delete(appended);
    appends.add(appended);
    appended.then(over, over);
    return appended;
  };
  return {
    ...rest,
    ...(snapshots && {
      snapshots: {
        load: (stream) => untilKnown(() => snapshots.load(stream)),
        save: (stream, snapshot) => untilKnown(() => snapshots.save(stream, snapshot)),
      },
    }),
    events: {
      ...(events.maxAppendBytes === undefined ? {} : { maxAppendBytes: events.maxAppendBytes }),
      append,
      read: (...request) => untilKnown(() => events.read(...request)),
      readAll: (...request) => untilKnown(() => events.readAll(...request)),
      subscribe: (request) => untilKnown(() => events.subscribe(request)),
      close: async () => {
        await Promise.allSettled(appends);
        await events.close();
      },
    },
  };
}

async function untilKnown<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passes = (['REPRISE_STORE_UNKNOWN_OUTCOME', 'REPRISE_STORE_UNAVAILABLE'] as const).some((code) =>
        isRepriseError(error, code),
      );
      // What was opened for reading only, or is closed, does not pass.
      if (!passes || (error as { readonly retryable?: boolean }).retryable === false) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
