import type { WorkflowDefinition } from '../../definition/definition.ts';
import type { EventStore, RecordedEvent } from '../../event-store/event-store.ts';
import { readStream } from '../../event-store/read-stream.ts';
import type { Storage } from '../../event-store/storage.ts';
import { RepriseError } from '../../shared/errors.ts';
import { runStream } from '../../shared/ids.ts';
import { diffOutlines } from '../workflow/diff/diff-runs.ts';
import { RunOutline } from '../workflow/diff/outline.ts';
import type { RunDiff } from '../workflow/diff/run-diff.ts';
import { isEnd } from '../workflow/end-of-run.ts';
import type { RunEvent } from '../workflow/events.ts';
import { Replay, type ReplayResult } from '../workflow/replay.ts';
import type { RunView } from '../workflow/run-view.ts';
import { EventReader } from './event-reader.ts';
import { bothOf } from './query/query.ts';
import { type ListRuns, listByCatalog, type RunQuery, runsWhere } from './run-list.ts';
import { type RunMessage, RunMessages } from './run-messages.ts';
import type { RunSummary } from './run-summary.ts';

/** One event of a run's history, decoded. */
export interface HistoryEntry {
  readonly revision: number;
  readonly recorded: RecordedEvent;
  readonly event: RunEvent;
}

/** Reads runs. Calls no agent, evaluates no expression, writes nothing. */
export class RunReader {
  readonly #store: EventStore;
  readonly #runs: ListRuns | undefined;
  readonly #sorted: ListRuns | undefined;
  readonly #events: EventReader;
  readonly #stopped: AbortSignal | undefined;

  /** `list`: how runs are listed by their index: where the store has no catalog, and in an order other than newest first. `stopped` aborts when the store is about to be closed: it ends whoever follows. */
  constructor(
    { events, catalog }: Pick<Storage, 'events' | 'catalog'>,
    { list, stopped }: { readonly list?: ListRuns | undefined; readonly stopped?: AbortSignal } = {},
  ) {
    this.#store = events;
    this.#runs = catalog === undefined ? list : listByCatalog(catalog);
    this.#sorted = list;
    this.#events = new EventReader(events);
    this.#stopped = stopped;
  }

  /** Whether list() can be asked. */
  get lists(): boolean {
    return this.#runs !== undefined;
  }

  /**
   * Newest first, unless the query has an order. Throws REPRISE_CONFIG_INVALID when no run index is kept beside the store, and it cannot list streams,
   * or not in that order.
   */
  async list(query: RunQuery = {}): Promise<readonly RunSummary[]> {
    const list = query.order === undefined ? this.#runs : this.#sorted;
    if (list !== undefined) return list(query);
    const message = `The event store cannot list runs${query.order === undefined ? '' : ' in that order'}, and no run index is kept beside it.`;
    throw new RepriseError('REPRISE_CONFIG_INVALID', message);
  }

  /** The runs that go on from this one, as retries or forks of it, newest first; as the run index has them. Throws REPRISE_RUN_NOT_FOUND, and as list() does. */
  async successors(runId: string, page: Pick<RunQuery, 'limit' | 'after'> = {}): Promise<readonly RunSummary[]> {
    // They are of the same workflow, by which any store finds runs at once.
    const { name } = await this.definition(runId);
    return this.list({ ...page, where: bothOf(runsWhere('workflow', [name]), runsWhere('from', [runId])) });
  }

  /** The events of a run from revision `from` on. Throws REPRISE_RUN_NOT_FOUND when there are none at all. */
  async *history(runId: string, from = 0): AsyncGenerator<HistoryEntry, void, undefined> {
    let found = false;
    for await (const recorded of readStream(this.#store, runStream(runId), from)) {
      found = true;
      const event = this.#events.read(recorded);
      yield { revision: recorded.revision, recorded, event: event instanceof Promise ? await event : event };
    }
    if (!found && (await this.#store.read(runStream(runId), { limit: 1 })).length === 0) throw notFound(runId);
  }

  /** The last event of a run. Throws REPRISE_RUN_NOT_FOUND. */
  async last(runId: string): Promise<HistoryEntry> {
    const [recorded] = await this.#store.read(runStream(runId), { direction: 'backwards', limit: 1 });
    if (recorded === undefined) throw notFound(runId);
    return { revision: recorded.revision, recorded, event: await this.#events.read(recorded) };
  }

  /**
   * The history from revision `from` on, then what is appended from now on; ends with the run's terminal event or when `signal`
   * aborts. Throws REPRISE_STOPPED when the orchestrator stops meanwhile.
   */
  async *follow(runId: string, from = 0, signal?: AbortSignal): AsyncGenerator<HistoryEntry, void, undefined> {
    let arrived = Promise.withResolvers<void>();
    let failure: unknown;
    const wake = (): void => arrived.resolve();
    const subscription = await this.#store.subscribe({
      stream: runStream(runId),
      after: 'end',
      onEvents: wake,
      onError: (error) => {
        failure = error;
        wake();
      },
    });
    signal?.addEventListener('abort', wake);
    this.#stopped?.addEventListener('abort', wake);
    try {
      let next = from;
      for (;;) {
        for await (const entry of this.history(runId, next)) {
          next = entry.revision + 1;
          yield entry;
          if (isEnd(entry.event)) return;
        }
        // From beyond the end of an ended run, nothing will ever come.
        if (next === from && from > 0 && isEnd((await this.last(runId)).event)) return;
        if (signal?.aborted === true) return;
        await arrived.promise;
        if (failure !== undefined) throw failure;
        if (this.#stopped?.aborted === true) {
          const message = `The orchestrator stopped before run '${runId}' ended. It goes on at the next start.`;
          throw new RepriseError('REPRISE_STOPPED', message);
        }
        arrived = Promise.withResolvers<void>();
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      this.#stopped?.removeEventListener('abort', wake);
      await subscription.close();
    }
  }

  /** Folds the history from the first event, to revision `to` at most, and compares with the recorded state. */
  async replay(runId: string, to = Number.POSITIVE_INFINITY): Promise<ReplayResult> {
    const replay = new Replay();
    for await (const { revision, event } of this.history(runId)) {
      if (revision > to) break;
      replay.fold(event);
    }
    return replay.result();
  }

  /** The state of a run at revision `at` (the last one by default). */
  async state(runId: string, at?: number): Promise<RunView> {
    return (await this.replay(runId, at)).state;
  }

  /** Its messages in the order in which they were sent, and what has become of each; with `data`, what they say, too. Throws REPRISE_RUN_NOT_FOUND. */
  async messages(runId: string, options: { readonly data?: boolean } = {}): Promise<readonly RunMessage[]> {
    const messages = new RunMessages(options);
    for await (const { event, revision, recorded } of this.history(runId))
      messages.fold(event, revision, recorded.metadata);
    return messages.all;
  }

  /** What two runs have in common, and in what they differ. Each history is read once. */
  async diff(a: string, b: string): Promise<RunDiff> {
    const [one, other] = [new RunOutline(), new RunOutline()];
    for await (const { event } of this.history(a)) one.fold(event);
    for await (const { event } of this.history(b)) other.fold(event);
    return diffOutlines(one, other);
  }

  /** The definition that the run started with, as recorded. */
  async definition(runId: string): Promise<WorkflowDefinition> {
    return (await this.state(runId, 0)).definition;
  }
}

export const notFound = (runId: string): RepriseError =>
  new RepriseError('REPRISE_RUN_NOT_FOUND', `There is no run '${runId}' in this store.`, { details: { runId } });
