import { RepriseError, type Storage } from '@reprise/core';

/** What may go wrong with one use of a store, and how likely it is (0 to 1). */
export interface StoreFaults {
  /** The append is made, and reported as unknown. */
  readonly unknownDone: number;
  /** The append is not made, and reported as unknown. */
  readonly unknownNotDone: number;
  /** Nothing is done, and the store is unavailable. */
  readonly unavailable: number;
  /** Nothing is done, and a conflict is reported although there is none. */
  readonly conflict: number;
  /** The process ends just before the append. */
  readonly crashBefore: number;
  /** The process ends just after the append, before it hears of it. */
  readonly crashAfter: number;
  /** A read finds the store unavailable. */
  readonly readUnavailable: number;
}

export const NO_FAULTS: StoreFaults = {
  unknownDone: 0,
  unknownNotDone: 0,
  unavailable: 0,
  conflict: 0,
  crashBefore: 0,
  crashAfter: 0,
  readUnavailable: 0,
};

export interface FaultyStoreOptions {
  readonly faults: StoreFaults;
  readonly dice: () => number;
  /** Called at every use: what else is to happen before it, such as the passing of time. */
  pass(): Promise<void>;
  /** Whether the process that uses the store is alive. */
  alive(): boolean;
  crash(): void;
}

type Fault = keyof StoreFaults | 'none';

const unknown = (): RepriseError => new RepriseError('REPRISE_STORE_UNKNOWN_OUTCOME', 'injected: the answer was lost');
const unavailable = (): RepriseError => new RepriseError('REPRISE_STORE_UNAVAILABLE', 'injected: not there');
const gone = (): RepriseError => new RepriseError('REPRISE_STORE_CLOSED', 'injected: the process has ended');

/** A storage seen from one process, with faults thrown in. The dead get nothing from it, and do nothing to it. */
export function faultyStorage({ events: store, catalog, snapshots }: Storage, options: FaultyStoreOptions): Storage {
  const { faults, dice } = options;
  const roll = (kinds: readonly (keyof StoreFaults)[]): Fault => {
    let left = dice();
    for (const kind of kinds) {
      left -= faults[kind];
      if (left < 0) return kind;
    }
    return 'none';
  };
  const enter = async (): Promise<void> => {
    await options.pass();
    if (!options.alive()) throw gone();
  };
  const read = async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    if (roll(['readUnavailable']) !== 'none') throw unavailable();
    return work();
  };
  const events: Storage['events'] = {
    append: async (stream, given, expectedRevision, more) => {
      await enter();
      const fault = roll(['unknownDone', 'unknownNotDone', 'unavailable', 'conflict', 'crashBefore', 'crashAfter']);
      if (fault === 'crashBefore') options.crash();
      if (!options.alive()) throw gone();
      if (fault === 'unavailable') throw unavailable();
      if (fault === 'unknownNotDone') throw unknown();
      if (fault === 'conflict') {
        throw new RepriseError('REPRISE_STORE_CONFLICT', 'injected', { details: { actualRevision: expectedRevision } });
      }
      const result = await store.append(stream, given, expectedRevision, more);
      if (fault === 'crashAfter') options.crash();
      if (!options.alive()) throw gone();
      if (fault === 'unknownDone') throw unknown();
      return result;
    },
    read: (...request) => read(() => store.read(...request)),
    readAll: (...request) => read(() => store.readAll(...request)),
    subscribe: (request) => store.subscribe(request),
    close: async () => undefined,
  };
  return {
    events,
    ...(catalog && { catalog: { list: (query) => read(() => catalog.list(query)) } }),
    ...(snapshots && {
      snapshots: {
        load: (stream) => read(() => snapshots.load(stream)),
        save: async (stream, snapshot) => {
          await enter();
          await snapshots.save(stream, snapshot);
        },
      },
    }),
  };
}
