import type { RecordedEvent } from '../../event-store/event-store.ts';
import type { Storage } from '../../event-store/storage.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { FaultPlan } from './fault.ts';

export interface SimProcess {
  readonly alive: () => boolean;
  readonly crash: () => void;
}

const unavailable = (): RepriseError =>
  new RepriseError('REPRISE_STORE_UNAVAILABLE', 'simulated: the store was not there');
const unknown = (): RepriseError => new RepriseError('REPRISE_STORE_UNKNOWN_OUTCOME', 'simulated: the answer was lost');
const gone = (): RepriseError => new RepriseError('REPRISE_STORE_CLOSED', 'simulated: the process has ended');

/** The store that all processes of a simulation share, seen from one of them. The dead get nothing from it, and do nothing to it. */
export function seenBy({ events, catalog }: Storage, { alive, crash }: SimProcess, plan: FaultPlan): Storage {
  const enter = (): void => {
    if (!alive()) throw gone();
  };
  const read = async <T>(place: string, work: () => Promise<T>): Promise<T> => {
    enter();
    if (plan.use(place, ['unavailable']) !== undefined) throw unavailable();
    return work();
  };
  return {
    events: {
      append: async (stream, given, expectedRevision, options) => {
        enter();
        const fault = plan.use(`append ${stream}`, ['unavailable', 'unknown', 'crash']);
        if (fault?.kind === 'unavailable') throw unavailable();
        if (fault?.when === 'before') crash();
        enter();
        const result = await events.append(stream, given, expectedRevision, options);
        if (fault?.when === 'after') crash();
        enter();
        if (fault?.kind === 'unknown') throw unknown();
        return result;
      },
      read: (stream, options) => read(`read ${stream}`, () => events.read(stream, options)),
      readAll: async (options) => {
        enter();
        return events.readAll(options);
      },
      subscribe: (options) => events.subscribe(options),
      close: async () => undefined,
    },
    ...(catalog && {
      catalog: {
        list: async (query) => {
          enter();
          return catalog.list(query);
        },
      },
    }),
  };
}

/** The same store, which tells of each event once it is there. */
export function toldOf(
  storage: Storage,
  tell: (event: Pick<RecordedEvent, 'stream' | 'type' | 'data'>) => void,
): Storage {
  const { events } = storage;
  const ends = new Map<string, number>();
  return {
    ...storage,
    events: {
      append: async (stream, given, expectedRevision, options) => {
        const result = await events.append(stream, given, expectedRevision, options);
        const before = ends.get(stream) ?? -1;
        // One that was made before is not told again.
        if (result.revision > before) for (const event of given) tell({ ...event, stream });
        ends.set(stream, Math.max(before, result.revision));
        return result;
      },
      read: (...given) => events.read(...given),
      readAll: (...given) => events.readAll(...given),
      subscribe: (options) => events.subscribe(options),
      close: () => events.close(),
    },
  };
}
