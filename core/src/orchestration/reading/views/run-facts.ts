import type { EventStore, RecordedEvent } from '../../../event-store/event-store.ts';
import { runStream } from '../../../shared/ids.ts';
import { decodeEvent } from '../../workflow/event-schema.ts';
import type { RunEvent } from '../../workflow/events.ts';
import type { RunFacts } from './projection.ts';

/** Runs that are remembered: about as many as move at once. Of any other, the first event is read again. */
const KEPT = 20_000;

/** What the first events of runs say. */
export class RunFactsCache {
  readonly #store: Pick<EventStore, 'read'>;
  readonly #kept = new Map<string, RunFacts>();

  constructor(store: Pick<EventStore, 'read'>) {
    this.#store = store;
  }

  /** Of the run that `event` is of, at `revision`. A promise only when its first event has to be read. Undefined when that is no start. */
  of(runId: string, revision: number, event: RunEvent): RunFacts | undefined | Promise<RunFacts | undefined> {
    if (revision === 0) return this.#keep(runId, factsOf(event));
    return this.#kept.get(runId) ?? this.#read(runId);
  }

  async #read(runId: string): Promise<RunFacts | undefined> {
    const [first]: readonly RecordedEvent[] = await this.#store.read(runStream(runId), { limit: 1 });
    try {
      return first === undefined ? undefined : this.#keep(runId, factsOf(decodeEvent(first)));
    } catch {
      return undefined; // whoever asked counts the event as one that cannot be read
    }
  }

  #keep(runId: string, facts: RunFacts | undefined): RunFacts | undefined {
    if (facts === undefined) return undefined;
    this.#kept.set(runId, facts);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '');
    return facts;
  }
}

function factsOf(event: RunEvent): RunFacts | undefined {
  if (event.type !== 'RunStarted') return undefined;
  const { definition, at, rules = 1, tenant, labels } = event;
  return Object.freeze({
    workflow: definition.name,
    version: definition.version,
    startedAt: at,
    rules,
    tasks: definition.tasks.length,
    ...(tenant === undefined ? {} : { tenant }),
    ...(labels === undefined ? {} : { labels }),
  });
}
