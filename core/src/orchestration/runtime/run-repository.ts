import type { WorkflowDefinition } from '../../definition/definition.ts';
import { type BoundDefinition, bindDefinition } from '../../definition/recorded.ts';
import type { EventStore } from '../../event-store/event-store.ts';
import { readStream } from '../../event-store/read-stream.ts';
import type { Snapshot, SnapshotCache, Storage } from '../../event-store/storage.ts';
import { Fifo } from '../../shared/fifo.ts';
import { runStream } from '../../shared/ids.ts';
import { inSteps } from '../../shared/system.ts';
import { EventReader } from '../reading/event-reader.ts';
import { initialState, type RunState } from '../workflow/state.ts';
import { type BindDefinition, restoring, STATE_VERSION, serializing } from '../workflow/state-codec.ts';
import type { Heart } from './heart.ts';
import type { EngineOptions } from './options.ts';
import type { Registry } from './registry.ts';
import { Unfoldable } from './turn/containment.ts';

/** Ended runs that are kept for results that come late. */
const ENDED_RUNS = 64;

/** A run that holds more than this many characters is not snapshot. */
const MAX_SNAPSHOT_CHARS = 16 * 1024 * 1024;

/** A run as the engine holds it. */
export interface CachedRun {
  readonly runId: string;
  readonly state: RunState;
  /** Functions that the recorded definition needs and no registered one has: the run is held until they are back. */
  readonly missing: readonly string[];
  /** Functions whose source is not the one that the run started with: it goes on with the new one. */
  readonly changed: readonly string[];
  /** Revision of the last snapshot. */
  snapshotAt: number;
  /** Just read from the store: what is outstanding must be derived again. */
  fresh: boolean;
  /** It was said that no agent takes its ready tasks. */
  standstillReported: boolean;
  /** In what the strategy of each team was asked last, by block. */
  readonly asked: Map<string, string>;
  /** Tasks that the cache counts for it. */
  counted: number;
}

/** A run without a history. */
export const newRun = (runId: string): CachedRun => ({
  runId,
  state: initialState(),
  missing: [],
  changed: [],
  snapshotAt: -1,
  fresh: false,
  standstillReported: false,
  asked: new Map(),
  counted: 0,
});

/** Loads runs and keeps the recently used ones, within a bound on the number of their tasks. */
export class RunRepository {
  readonly #store: EventStore;
  readonly #snapshots: SnapshotCache | undefined;
  readonly #events: EventReader;
  readonly #registry: Registry;
  readonly #options: EngineOptions;
  readonly #evolve: Heart['evolve'];
  /** In order of use, the least recent first. */
  readonly #cache = new Map<string, CachedRun>();
  readonly #ended = new Fifo<string>();
  #cachedTasks = 0;

  constructor(storage: Storage, registry: Registry, options: EngineOptions, heart: Pick<Heart, 'evolve'>) {
    this.#evolve = heart.evolve;
    this.#store = storage.events;
    this.#snapshots = storage.snapshots;
    this.#events = new EventReader(storage.events);
    this.#registry = registry;
    this.#options = options;
  }

  cached(runId: string): CachedRun | undefined {
    const run = this.#cache.get(runId);
    if (run === undefined) return undefined;
    this.#cache.delete(runId);
    this.#cache.set(runId, run);
    return run;
  }

  /** A recorded definition with the functions that there are here. `same`: it is one that is registered. */
  bind(recorded: WorkflowDefinition, hash: string): BoundDefinition & { readonly same: boolean } {
    const registered = this.#registry.registered(recorded.name, recorded.version);
    // The very same definition: sharing the object shares its graph, too.
    if (registered?.hash === hash) return { definition: registered.definition, missing: [], changed: [], same: true };
    return { ...bindDefinition(recorded, registered?.definition), same: false };
  }

  /** Folds the run's history, from the snapshot on if there is one. A run that does not exist has status 'none'. */
  async load(runId: string): Promise<CachedRun> {
    const stream = runStream(runId);
    let binding: Pick<CachedRun, 'missing' | 'changed'> = { missing: [], changed: [] };
    const bind = (recorded: WorkflowDefinition, hash: string): WorkflowDefinition => {
      const bound = this.bind(recorded, hash);
      binding = bound;
      return bound.definition;
    };
    const snapshot = await this.#snapshots?.load(stream);
    const restored = snapshot?.schema === STATE_VERSION ? await fromSnapshot(snapshot, bind) : undefined;
    const state = restored ?? initialState();
    const snapshotAt = state.revision;
    await this.#foldOn(runId, state, bind);
    const fresh = state.status !== 'none';
    const { missing, changed } = binding;
    return {
      runId,
      state,
      missing,
      changed,
      snapshotAt,
      fresh,
      standstillReported: false,
      asked: new Map(),
      counted: 0,
    };
  }

  /** Folds what was appended since. Nothing but the history may have been folded into the run's state. */
  async catchUp(run: CachedRun): Promise<CachedRun> {
    if (run.state.status === 'none') return this.load(run.runId);
    await this.#foldOn(run.runId, run.state, (recorded) => recorded);
    return run;
  }

  async #foldOn(runId: string, state: RunState, bind: BindDefinition): Promise<void> {
    for await (const recorded of readStream(this.#store, runStream(runId), state.revision + 1)) {
      const read = this.#events.read(recorded);
      const event = read instanceof Promise ? await read : read;
      const bound =
        event.type === 'RunStarted' ? { ...event, definition: bind(event.definition, event.definitionHash) } : event;
      try {
        this.#evolve(state, bound);
      } catch (cause) {
        throw new Unfoldable(recorded.revision, cause);
      }
    }
  }

  /** Puts a run at hand, or counts it again after a turn. `busy` says which others may not be let go of now. */
  keep(run: CachedRun, busy: (runId: string) => boolean): void {
    this.drop(run.runId);
    this.#cache.set(run.runId, run);
    this.#count(run, run.state.tasks.size + 1);
    if (this.#cachedTasks <= this.#options.maxCachedTasks) return;
    for (const candidate of this.#cache.values()) {
      if (this.#cachedTasks <= this.#options.maxCachedTasks) return;
      if (candidate !== run && !busy(candidate.runId)) this.drop(candidate.runId);
    }
  }

  /** The run has ended: only latecomers can still ask for it, so it is let go of soon. */
  retire(runId: string): void {
    this.#ended.push(runId);
    if (this.#ended.size > ENDED_RUNS) this.drop(this.#ended.shift() ?? '');
  }

  drop(runId: string): void {
    const run = this.#cache.get(runId);
    if (run === undefined) return;
    this.#cache.delete(runId);
    this.#count(run, 0);
  }

  /** Keeps those only that `stays` says: others may have gone on elsewhere. */
  keepOnly(stays: (runId: string) => boolean): void {
    for (const runId of [...this.#cache.keys()]) if (!stays(runId)) this.drop(runId);
  }

  // The state of a run whose turn failed may have grown since it was counted.
  #count(run: CachedRun, tasks: number): void {
    this.#cachedTasks += tasks - run.counted;
    run.counted = tasks;
  }

  /** Whether enough has happened since the last snapshot, so that the cost of one is constant per event. */
  wantsSnapshot({ state, snapshotAt }: CachedRun): boolean {
    const since = state.revision - snapshotAt;
    if (this.#snapshots === undefined || since < Math.max(this.#options.snapshotEvery, 2 * state.tasks.size))
      return false;
    // Making its text would keep the loop for too long; reading its history goes page by page.
    return state.held <= MAX_SNAPSHOT_CHARS;
  }

  async snapshot(run: CachedRun): Promise<void> {
    run.snapshotAt = run.state.revision;
    await this.#snapshots?.save(runStream(run.runId), {
      revision: run.state.revision,
      schema: STATE_VERSION,
      state: await inSteps(serializing(run.state)),
    });
  }
}

/** The state of a snapshot; undefined when it cannot be read, which costs no more than reading the history instead. */
async function fromSnapshot(snapshot: Snapshot, bind: BindDefinition): Promise<RunState | undefined> {
  try {
    const state = await inSteps(restoring(snapshot.state, bind));
    return state.revision === snapshot.revision ? state : undefined;
  } catch {
    return undefined;
  }
}
