import type { EventStore, NewEvent, StreamSummary } from '../../../event-store/event-store.ts';
import type { Clock, Random } from '../../../shared/clock.ts';
import { isRepriseError } from '../../../shared/errors.ts';
import { runStream } from '../../../shared/ids.ts';
import type { Transport } from '../../messaging/transport.ts';
import type { Notice } from '../../monitoring/monitor.ts';
import { summaryOf } from '../../reading/run-summary.ts';
import type { Command } from '../../workflow/commands.ts';
import type { Effect } from '../../workflow/effects.ts';
import type { Takers } from '../../workflow/explain/explanation.ts';
import { sleepOf } from '../../workflow/sleep.ts';
import { isTerminal, type RunState } from '../../workflow/state.ts';
import type { Admission } from '../admission/admission.ts';
import type { AgentDirectory } from '../agent-directory.ts';
import type { Heart } from '../heart.ts';
import { type InboxItem, RunMoved } from '../inbox.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import type { EngineOptions } from '../options.ts';
import type { Registry } from '../registry.ts';
import { heldByFunctions, type RunHold } from '../run-hold.ts';
import { type CachedRun, newRun, type RunRepository } from '../run-repository.ts';
import type { SharedMutexes } from '../shared-mutexes.ts';
import { StandingRuns } from '../standing-runs.ts';
import { type RetryOptions, untilKnown } from '../until-known.ts';
import { Batch } from './batch.ts';
import { ClientWriter } from './client-writer.ts';
import { settled, Undecidable, Unfoldable } from './containment.ts';
import { RunReports } from './run-reports.ts';
import { RunScheduler } from './run-scheduler.ts';
import { type Decided, handled, TurnDecider } from './turn-decider.ts';
import { TurnFaults } from './turn-faults.ts';
import { TurnRelease } from './turn-release.ts';

export interface RunWriterParts {
  /** Names this writer: unique to this process. Part of every event id. */
  readonly id: string;
  readonly store: EventStore;
  readonly repository: RunRepository;
  readonly registry: Registry;
  readonly agents: AgentDirectory;
  readonly monitors: MonitorHub;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Pick<Transport, 'spans'>;
  readonly options: EngineOptions;
  readonly heart: Heart;
  readonly admission: Admission;
  readonly mutexes: SharedMutexes;
  /** Whether this process drives the run: schedules its tasks and carries effects out. Else it only adds commands' events. */
  drives(runId: string): boolean;
  /** As of Ownership. */
  unsettled(): Promise<void> | undefined;
  stopping(): boolean;
  busy(runId: string): boolean;
  /** Puts an item behind those that wait for the run. */
  post(runId: string, item: InboxItem): void;
  carryOut(run: CachedRun, effects: readonly Effect[]): Promise<void> | undefined;
  /** As of TurnRelease. */
  endedElsewhere(state: RunState): readonly Effect[];
  /** A run was ended by a process that does not drive it: whoever waits here is to know. */
  ended(state: RunState): void;
  /** The run stands still (parked or held), or does no more: whoever waits here may want to know. */
  stood(runId: string): void;
}

/** Commands that follow from a run's history and its clock. */
const DRIVERS_COMMANDS: ReadonlySet<string> = new Set([
  'ScheduleTasks',
  'FireTimer',
  'CopyEvents',
  'CloseFork',
  'GrantMutex',
  'ParkRun',
]);

/** Commands after which a run that is held in memory is looked at again. */
const WAKING: ReadonlySet<string> = new Set(['StartRun', 'CancelRun', 'ResumeRun']);

/** Conflicts in a row after which there is a pause before the next try, in ms, doubled each time. */
const CONFLICTS_AT_ONCE = 8;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;
/** Of how many appends one is measured. */
const MEASURED = 8;
/** Faults that a turn may have beside those of its items before the run is held. */
const FAULTS = 4;
/**
 * The one writer of a run: decides a batch of commands against the state, lets the strategy schedule, appends all events at
 * the expected revision, and only then lets anything leave. When another writer was first, it reads again and decides again.
 *
 * Nothing that throws leaves a turn without ending, refusing or parking (containment.ts): a person's command is refused, a worker's
 * result fails its attempt, everything else parks the run, on record. When even that cannot be put on record, the run is held:
 *
 *   moving ──throw──► parked (RunParked) ──ResumeRun──► moving
 *   moving ──throw, and the park cannot be appended──► held in memory ──CancelRun, ResumeRun, a refresh──► moving
 */
export class RunWriter {
  readonly #parts: RunWriterParts;
  readonly #standing: StandingRuns;
  readonly #client: ClientWriter;
  readonly #reports: RunReports;
  readonly #decider: TurnDecider;
  readonly #release: TurnRelease;
  readonly #faults: TurnFaults;
  #appends = 0;

  constructor(parts: RunWriterParts) {
    this.#parts = parts;
    const reports = new RunReports(parts.monitors);
    this.#reports = reports;
    this.#client = new ClientWriter({
      ...parts,
      load: (runId, run) => this.#load(runId, run),
      appended: (runId, append) => untilKnown(append, parts.clock, this.#retries(runId, 'append')),
    });
    const standing = new StandingRuns({
      clock: parts.clock,
      againMs: parts.options.redispatchMs,
      stood: (runId) => parts.stood(runId),
      lookAgain: (runId) => {
        if (parts.drives(runId) && !parts.stopping()) parts.post(runId, { refresh: true });
      },
      wake: (runId) => {
        if (parts.drives(runId) && !parts.stopping()) parts.post(runId, {});
      },
    });
    this.#standing = standing;
    const scheduler = new RunScheduler({ ...parts, standing });
    const { agents, registry } = parts;
    const takers: Takers = {
      has: (agent) => agents.has(agent) || registry.expects(agent),
      hasCapability: (capability) => agents.hasCapability(capability) || registry.expectsCapability(capability),
    };
    this.#decider = new TurnDecider({ ...parts, standing, reports, scheduler, takers });
    this.#release = new TurnRelease({ ...parts, reports });
    this.#faults = new TurnFaults({
      ...parts,
      standing,
      reports,
      alone: (runId, item) => this.turn(runId, [item]),
      append: (runId, command) => this.#appendOne(runId, command),
    });
  }

  /** Why a run does not move here, although it is open; undefined when nothing is known that holds it. */
  holdOf(runId: string): RunHold | undefined {
    return this.#standing.of(runId);
  }

  /** Somebody takes what nobody took before. */
  agentsAppeared(): void {
    this.#standing.agentsAppeared();
  }

  /** The run is another process's now: nothing that was known of it here holds any more. */
  letGo(runId: string): void {
    this.#standing.forget(runId);
    this.#release.forget(runId);
    this.#parts.admission.releaseRun(runId, true);
    this.#parts.mutexes.forget(runId);
    this.#parts.repository.drop(runId);
  }

  /** One turn. Every item is told its outcome or its error; does not reject. */
  async turn(runId: string, items: readonly InboxItem[]): Promise<void> {
    const fault = this.#standing.faultOf(runId);
    if (fault !== undefined) {
      const wakes = items.some(({ command, refresh }) => refresh === true || WAKING.has(command?.type ?? ''));
      if (!wakes) {
        this.#parts.admission.forgo(runId);
        return this.#reports.fail(items, fault);
      }
      this.#standing.mended(runId);
    }
    let left = items;
    // A run that is being started is taken for new; if it is not, the append conflicts and the run is read.
    let unread = items[0]?.command?.type === 'StartRun';
    let faults = 0;
    for (let conflicts = 0; ; ) {
      const unsettled = this.#parts.unsettled();
      if (unsettled !== undefined) await unsettled;
      if (!this.#parts.drives(runId)) left = this.#leaveToDriver(runId, left);
      if (left.length === 0) return;
      try {
        const [first] = left;
        const adds = !this.#parts.drives(runId) && first?.command !== undefined && first.command.type !== 'StartRun';
        left = adds ? await this.#add(first, first.command, left) : await this.#attempt(runId, left, unread);
        unread = false;
      } catch (error) {
        unread = false;
        this.#parts.repository.drop(runId);
        this.#parts.admission.forgo(runId);
        if (isRepriseError(error, 'REPRISE_STORE_CONFLICT')) {
          conflicts += 1;
          if (conflicts > CONFLICTS_AT_ONCE) await this.#pause(conflicts - CONFLICTS_AT_ONCE);
        } else {
          faults += 1;
          left = await this.#faults.contain(runId, left, error, faults > 2 * items.length + FAULTS);
        }
      }
    }
  }

  /** What only the driver of a run decides: whoever drives it derives that from its history. Returns the other items. */
  #leaveToDriver(runId: string, items: readonly InboxItem[]): readonly InboxItem[] {
    if (items.some(({ refresh }) => refresh === true)) this.#parts.repository.drop(runId);
    this.#parts.admission.forgo(runId);
    const isDrivers = ({ command }: InboxItem): boolean => command === undefined || DRIVERS_COMMANDS.has(command.type);
    for (const item of items) {
      if (isDrivers(item)) this.#reports.tell(runId, () => item.done?.(settled));
      else if (item.fromOutside === true) this.#reports.tell(runId, () => item.failed?.(new RunMoved()));
    }
    return items.filter((item) => !isDrivers(item) && item.fromOutside !== true);
  }

  async #pause(times: number): Promise<void> {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (times - 1), LONGEST_PAUSE_MS);
    await new Promise<void>((resolve) => this.#parts.clock.schedule(pauseMs, resolve));
  }

  /** One command by itself, without scheduling: the run is parked, and nothing else. */
  async #appendOne(runId: string, command: Command): Promise<void> {
    const { repository, store, clock, heart } = this.#parts;
    const run = await this.#load(runId);
    const expected = run.state.revision;
    const batch = new Batch(run.state, this.#parts.id);
    const closed = run.state.status === 'none' || isTerminal(run.state.status);
    if (closed) return;
    batch.add(command, heart.handle(run.state, command, this.#decider.context()));
    if (batch.events.length === 0) return;
    const summary = summaryOf(run.state);
    const append = () => store.append(runStream(runId), batch.encoded, expected, { summary });
    await untilKnown(append, clock, this.#retries(runId, 'append'));
    repository.keep(run, (id) => this.#parts.busy(id));
    this.#release.observe(run, batch, expected);
  }

  /** One item by itself, without scheduling, because another process drives the run. Returns the rest. */
  async #add(item: InboxItem, command: Command, items: readonly InboxItem[]): Promise<readonly InboxItem[]> {
    const { run, expected, batch, events } = await this.#client.add(command, () => {
      // Who is there, only the driver hears.
      const { takers: _takers, ...known } = this.#decider.context();
      return known;
    });
    batch.handled.push(handled(item, events));
    this.#release.release(run, batch, expected);
    return items.slice(1);
  }

  /** Returns the items that are to be decided in a batch of their own. */
  async #attempt(runId: string, items: readonly InboxItem[], unread: boolean): Promise<readonly InboxItem[]> {
    const { repository, admission } = this.#parts;
    if (items.some((item) => item.refresh === true)) repository.drop(runId);
    const begun = unread ? { ...newRun(runId), ...items[0]?.begins } : undefined;
    const run = repository.cached(runId) ?? begun ?? (await this.#load(runId));
    const { state } = run;
    const expected = state.revision;
    const statusBefore = state.status;
    const batch = new Batch(state, this.#parts.id);
    if (run.fresh) admission.reconcile(state);
    const turn = admission.turn(runId, state);
    let decided: Decided;
    try {
      decided = this.#decider.decide(run, items, batch, turn);
      if (batch.events.length > 0) {
        const sleep = decided.again ? undefined : sleepOf(state);
        if (sleep !== undefined) batch.sleeps(sleep);
        const summarise = sleep !== undefined || state.status !== statusBefore;
        await this.#append(run, batch, expected, summarise ? summaryOf(state, sleep) : undefined);
      }
    } catch (error) {
      // Nothing of the turn has happened, but to the state of the run, which is to be read again.
      turn.close(false);
      turn.undo();
      throw error;
    }
    const { done, again } = decided;
    if (state.status !== 'none') {
      repository.keep(run, (id) => this.#parts.busy(id));
      if (isTerminal(state.status) && !isTerminal(statusBefore)) {
        this.#standing.hold(runId, undefined);
        repository.retire(runId);
      }
    }
    this.#release.release(run, batch, expected, done === items.length);
    // Read again, it says that it is held.
    if (run === begun && run.missing.length > 0) this.#parts.post(runId, { refresh: true });
    if (repository.wantsSnapshot(run) && this.#parts.drives(runId)) await this.#snapshot(run);
    // Behind whatever has come meanwhile: a cancellation need not wait for a large list to be recorded.
    if (again) this.#parts.post(runId, {});
    // The run was read for them already.
    return items.slice(done).map((item) => (item.refresh === true ? { ...item, refresh: false } : item));
  }

  /** Resolves once the events of a turn are durable. Some appends are measured: admission is to know how long they take. */
  async #append({ runId }: CachedRun, batch: Batch, expected: number, summary?: StreamSummary): Promise<void> {
    const { store, clock, admission, monitors } = this.#parts;
    this.#appends += 1;
    const { detailed } = monitors;
    const from = this.#appends % MEASURED === 0 || detailed ? clock.now() : undefined;
    const options = summary === undefined ? {} : { summary };
    const appends = batch.appends(store.maxAppendBytes);
    let revision = expected;
    for (const [index, events] of appends.entries()) {
      const last = index === appends.length - 1;
      const at = revision;
      const append = () => store.append(runStream(runId), events, at, last ? options : {});
      await untilKnown(append, clock, this.#retries(runId, 'append'));
      revision += events.length;
    }
    if (from === undefined) return;
    const tookMs = clock.now() - from;
    if (this.#appends % MEASURED === 0) admission.appended(tookMs);
    if (detailed) monitors.detail(appended(runId, batch.encoded, expected + 1, from, tookMs));
  }

  /** A run whose store does not answer waits for it: whoever posted its items may not bring them again. */
  async #load(runId: string, known?: CachedRun): Promise<CachedRun> {
    const { repository, clock, monitors } = this.#parts;
    let run: CachedRun;
    try {
      const read = () => (known === undefined ? repository.load(runId) : repository.catchUp(known));
      run = await untilKnown(read, clock, this.#retries(runId, 'read'));
    } catch (error) {
      throw error instanceof Unfoldable ? new Undecidable(`event ${error.revision} of the history`, error) : error;
    }
    if (!this.#parts.drives(runId) || isTerminal(run.state.status)) return run;
    const hold = heldByFunctions(run.state, run.missing);
    this.#standing.hold(runId, hold);
    if (hold !== undefined) {
      const fields = { code: 'REPRISE_DEFINITION_CHANGED' };
      monitors.notice({ kind: 'log', level: 'error', message: hold.message, runId, fields });
      this.#parts.stood(runId);
    } else if (run.changed.length > 0) {
      const message = `the run goes on with functions that changed since it started: ${run.changed.join('; ')}`;
      monitors.notice({ kind: 'log', level: 'warn', message, runId, fields: { code: 'REPRISE_DEFINITION_CHANGED' } });
    }
    return run;
  }

  #retries(runId: string, what: 'append' | 'read'): RetryOptions {
    return {
      maxPauseMs: this.#parts.options.maxStoreRetryMs,
      stopping: () => this.#parts.stopping(),
      onRetry: (error) => this.#reports.error(runId, error, `the ${what} is tried again`, 'warn'),
    };
  }

  async #snapshot(run: CachedRun): Promise<void> {
    try {
      await this.#parts.repository.snapshot(run);
    } catch (error) {
      this.#reports.error(run.runId, error, 'no snapshot', 'warn');
    }
  }
}

function appended(runId: string, events: readonly NewEvent[], revision: number, at: number, tookMs: number): Notice {
  const traceparent = events[0]?.metadata.traceparent;
  const common = { kind: 'appended', runId, revision, events: events.length, at, tookMs } as const;
  return traceparent === undefined ? common : { ...common, traceparent };
}
