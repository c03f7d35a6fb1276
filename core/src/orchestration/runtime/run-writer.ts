import type { EventStore } from '../../event-store/event-store.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { type ErrorData, isRepriseError, RepriseError, toErrorData } from '../../shared/errors.ts';
import { runStream } from '../../shared/ids.ts';
import { summaryOf } from '../reading/run-summary.ts';
import type { Command } from '../workflow/commands.ts';
import type { DecisionContext } from '../workflow/decisions/decision-context.ts';
import type { Effect } from '../workflow/effects.ts';
import type { CommandRejected, RunEvent } from '../workflow/events.ts';
import { isUnsettled } from '../workflow/settle.ts';
import { isTerminal, type RunState, recordsRejections } from '../workflow/state.ts';
import type { Admission } from './admission/admission.ts';
import type { AdmissionTurn } from './admission/admission-turn.ts';
import type { AgentDirectory } from './agent-directory.ts';
import { Batch, type Handled } from './batch.ts';
import { ClientWriter } from './client-writer.ts';
import {
  asFailure,
  isStoreError,
  settled,
  substituteFor,
  Undecidable,
  Unfoldable,
  undecidable,
} from './containment.ts';
import type { Heart } from './heart.ts';
import type { InboxItem } from './inbox.ts';
import type { MonitorHub } from './monitor-hub.ts';
import type { EngineOptions } from './options.ts';
import { appendUnfolded } from './park-unfolded.ts';
import { overdue } from './recovery.ts';
import type { Registry } from './registry.ts';
import { heldByFunctions, heldError, type RunHold } from './run-hold.ts';
import { type CachedRun, newRun, type RunRepository } from './run-repository.ts';
import { canSchedule, RunScheduler } from './run-scheduler.ts';
import { StandingRuns } from './standing-runs.ts';
import { type RetryOptions, untilKnown } from './until-known.ts';

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
  readonly options: EngineOptions;
  readonly heart: Heart;
  readonly admission: Admission;
  /** Whether this process drives the run: schedules its tasks and carries effects out. Else it only adds commands' events. */
  drives(runId: string): boolean;
  stopping(): boolean;
  busy(runId: string): boolean;
  /** Puts an item behind those that wait for the run. */
  post(runId: string, item: InboxItem): void;
  carryOut(run: CachedRun, effects: readonly Effect[]): void;
  /** A run was ended by a process that does not drive it: whoever waits here is to know. */
  ended(state: RunState): void;
  /** The run stands still (parked or held), or does no more: whoever waits here may want to know. */
  stood(runId: string): void;
}

/** Commands that need no function of a definition, and so work on a run that is held. */
const HELD_COMMANDS: ReadonlySet<string> = new Set([
  'StartRun',
  'CancelRun',
  'PauseRun',
  'ResumeRun',
  'SendSignal',
  'ParkRun',
  'RefuseCommand',
]);

/** Commands that follow from a run's history and its clock. */
const DRIVERS_COMMANDS: ReadonlySet<string> = new Set([
  'ScheduleTasks',
  'FireTimer',
  'CopyEvents',
  'CloseFork',
  'ParkRun',
]);

/** Commands after which a run that is held in memory is looked at again. */
const WAKING: ReadonlySet<string> = new Set(['StartRun', 'CancelRun', 'ResumeRun']);

/** Conflicts in a row after which there is a pause before the next try, in ms, doubled each time. */
const CONFLICTS_AT_ONCE = 8;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;
/** Faults that a turn may have beside those of its items before the run is held. */
const FAULTS = 4;
/** How often what an append led to is tried to be carried out before the run is parked. */
const RELEASES = 3;

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
  readonly #scheduler: RunScheduler;
  /** What was due before a run was read here, or while it was parked. */
  readonly #pastDue: InboxItem;
  /** Runs whose effects could not be carried out, and how often that was tried. */
  readonly #unreleased = new Map<string, number>();

  constructor(parts: RunWriterParts) {
    this.#parts = parts;
    this.#pastDue = {
      derive: (state, now) => (parts.drives(state.runId) ? overdue(state, parts.heart.openEffects, now) : []),
    };
    this.#client = new ClientWriter({
      ...parts,
      load: (runId, run) => this.#load(runId, run),
      appended: (runId, append) => untilKnown(append, parts.clock, this.#retries(runId, 'append')),
    });
    this.#standing = new StandingRuns({
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
    this.#scheduler = new RunScheduler({ ...parts, standing: this.#standing });
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
    this.#unreleased.delete(runId);
    this.#parts.admission.releaseRun(runId);
    this.#parts.repository.drop(runId);
  }

  /** One turn. Every item is told its outcome or its error; does not reject. */
  async turn(runId: string, items: readonly InboxItem[]): Promise<void> {
    const fault = this.#standing.faultOf(runId);
    if (fault !== undefined) {
      const wakes = items.some(({ command, refresh }) => refresh === true || WAKING.has(command?.type ?? ''));
      if (!wakes) {
        this.#parts.admission.forgo(runId);
        return this.#fail(items, fault);
      }
      this.#standing.mended(runId);
    }
    let left = items;
    // A run that is being started is taken for new; if it is not, the append conflicts and the run is read.
    let unread = items[0]?.command?.type === 'StartRun';
    let faults = 0;
    for (let conflicts = 0; ; ) {
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
          left = await this.#contain(runId, left, error, faults > 2 * items.length + FAULTS);
        }
      }
    }
  }

  async #appended(runId: string, append: () => Promise<unknown>): Promise<void> {
    const { clock, admission } = this.#parts;
    const from = clock.now();
    await untilKnown(append, clock, this.#retries(runId, 'append'));
    admission.appended(clock.now() - from);
  }

  /** What only the driver of a run decides: whoever drives it derives that from its history. Returns the other items. */
  #leaveToDriver(runId: string, items: readonly InboxItem[]): readonly InboxItem[] {
    if (items.some(({ refresh }) => refresh === true)) this.#parts.repository.drop(runId);
    this.#parts.admission.forgo(runId);
    const isDrivers = ({ command }: InboxItem): boolean => command === undefined || DRIVERS_COMMANDS.has(command.type);
    for (const item of items) if (isDrivers(item)) this.#tell(runId, () => item.done?.(settled));
    return items.filter((item) => !isDrivers(item));
  }

  async #pause(times: number): Promise<void> {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (times - 1), LONGEST_PAUSE_MS);
    await new Promise<void>((resolve) => this.#parts.clock.schedule(pauseMs, resolve));
  }

  /** Something threw. Returns the items that are still to be decided, what is to blame replaced or gone. */
  async #contain(
    runId: string,
    items: readonly InboxItem[],
    error: unknown,
    hopeless: boolean,
  ): Promise<readonly InboxItem[]> {
    if (hopeless) {
      this.#report(runId, error, 'the run is held: whatever is done, something throws');
      this.#standing.fault(runId, undecidable('a turn', error instanceof Undecidable ? error.cause : error));
      this.#fail(items, this.#standing.faultOf(runId));
      return [];
    }
    if (isRepriseError(error, 'REPRISE_STORE_TOO_LARGE')) return this.#isolate(runId, items, error);
    if (isStoreError(error)) {
      this.#report(runId, error);
      if (isRepriseError(error, 'REPRISE_EVENT_UNREADABLE') || isRepriseError(error, 'REPRISE_STORE_CORRUPT'))
        this.#standing.fault(runId, error);
      this.#fail(items, error);
      return [];
    }
    const fault = error instanceof Undecidable ? error : new Undecidable('a turn', error);
    const { item, cause } = fault;
    if (item === undefined) return this.#park(runId, fault, items);
    const at = items.indexOf(item);
    const substitute = substituteFor(item, cause);
    if (substitute === undefined) {
      const rest = items.filter((other) => other !== item);
      // A result that cannot even fail its attempt is let go of: the attempt stays open, and is made again once the run is resumed.
      this.#tell(runId, () => item.done?.(settled));
      return this.#park(runId, fault, rest);
    }
    this.#report(runId, cause, `${fault.what} could not be decided`);
    // A run that cannot be started has no stream that could tell.
    if (item.command?.type === 'StartRun') {
      this.#tell(runId, () => substitute.done?.(settled));
      return items.filter((other) => other !== item);
    }
    return items.with(at, substitute);
  }

  /** A batch is larger than the store takes: each item is tried by itself, so that one cannot harm the rest. */
  async #isolate(runId: string, items: readonly InboxItem[], error: RepriseError): Promise<readonly InboxItem[]> {
    if (items.length > 1) {
      for (const item of items) await this.turn(runId, [item]);
      return [];
    }
    const [item] = items;
    const smaller = asFailure(item, error);
    if (smaller !== undefined) return [smaller];
    if (item?.failed !== undefined && item.command !== undefined) {
      this.#report(runId, error);
      this.#fail(items, error);
      return [];
    }
    return this.#park(runId, new Undecidable(item?.command?.type ?? 'what follows by itself', error), []);
  }

  /** Puts on record that the run cannot be decided; in memory, when that cannot be done. Returns the items that are left. */
  async #park(runId: string, { what, cause }: Undecidable, items: readonly InboxItem[]): Promise<readonly InboxItem[]> {
    const { repository, store } = this.#parts;
    const error = undecidable(what, cause instanceof Unfoldable ? cause.cause : cause);
    if (!this.#parts.drives(runId)) {
      // Whoever drives the run may have no such trouble.
      this.#fail(items, new RepriseError('REPRISE_UNDECIDABLE', error.message));
      return [];
    }
    this.#report(runId, cause, `the run is parked: ${what} could not be decided`);
    repository.drop(runId);
    try {
      for (let conflicts = 0; ; conflicts += 1) {
        try {
          const at = this.#parts.clock.now();
          if (cause instanceof Unfoldable) await appendUnfolded(store, runId, error, what, at, this.#parts.id);
          else await this.#append(runId, parkCommand(runId, error, what, at));
          break;
        } catch (failure) {
          repository.drop(runId);
          if (!isRepriseError(failure, 'REPRISE_STORE_CONFLICT') || conflicts >= CONFLICTS_AT_ONCE) throw failure;
        }
      }
      if (cause instanceof Unfoldable) this.#standing.fault(runId, error);
    } catch (failure) {
      this.#report(runId, failure, 'that the run is parked could not be put on record; it is held in memory');
      this.#standing.fault(runId, error);
    }
    this.#parts.stood(runId);
    if (this.#standing.faultOf(runId) === undefined) return items;
    this.#fail(items, this.#standing.faultOf(runId));
    return [];
  }

  /** One command by itself, without scheduling: the run is parked, and nothing else. */
  async #append(runId: string, command: Command): Promise<void> {
    const { repository, store, clock, heart } = this.#parts;
    const run = await this.#load(runId);
    const expected = run.state.revision;
    const batch = new Batch(run.state, this.#parts.id);
    const closed = run.state.status === 'none' || isTerminal(run.state.status);
    if (closed) return;
    batch.add(command, heart.handle(run.state, command, this.#context()));
    if (batch.events.length === 0) return;
    const summary = summaryOf(run.state);
    const append = () => store.append(runStream(runId), batch.encoded, expected, { summary });
    await untilKnown(append, clock, this.#retries(runId, 'append'));
    repository.keep(run, (id) => this.#parts.busy(id));
    this.#observe(run, batch, expected);
  }

  /** One item by itself, without scheduling, because another process drives the run. Returns the rest. */
  async #add(item: InboxItem, command: Command, items: readonly InboxItem[]): Promise<readonly InboxItem[]> {
    const { run, expected, batch, events } = await this.#client.add(command, () => this.#context());
    batch.handled.push(handled(item, events));
    this.#release(run, batch, expected);
    return items.slice(1);
  }

  /** Returns the items that are to be decided in a batch of their own. */
  async #attempt(runId: string, items: readonly InboxItem[], unread: boolean): Promise<readonly InboxItem[]> {
    const { repository, options } = this.#parts;
    if (items.some((item) => item.refresh === true)) repository.drop(runId);
    const run = repository.cached(runId) ?? (unread ? newRun(runId) : await this.#load(runId));
    const { state } = run;
    const expected = state.revision;
    const statusBefore = state.status;
    const batch = new Batch(run.state, this.#parts.id);
    if (run.fresh) this.#parts.admission.reconcile(state);
    const admission = this.#parts.admission.turn(runId, state);
    const context = { ...this.#context(), folded: this.#collector(run, batch, admission) };
    const full = (): boolean => batch.chars > options.sliceChars;
    let done = 0;
    let again = false;
    try {
      if (!run.fresh || this.#handle(run, this.#pastDue, context, batch, full)) {
        for (const item of items) {
          if (!this.#handle(run, item, context, batch, full)) break;
          done += 1;
          if (full()) break;
        }
      }
      again = this.#goOn(run, context, batch, admission, done === items.length);
      admission.close(this.#parts.drives(runId) && canSchedule(state));
      if (batch.events.length > 0) {
        const summary = statusBefore === state.status ? {} : { summary: summaryOf(state) };
        await this.#appended(runId, () => this.#parts.store.append(runStream(runId), batch.encoded, expected, summary));
      }
    } catch (error) {
      admission.close(false);
      admission.undo();
      throw error;
    }
    if (state.status !== 'none') {
      repository.keep(run, (id) => this.#parts.busy(id));
      if (isTerminal(state.status) && !isTerminal(statusBefore)) {
        this.#standing.hold(runId, undefined);
        repository.retire(runId);
      }
    }
    this.#release(run, batch, expected, done === items.length);
    if (this.#parts.drives(runId)) await this.#snapshot(run);
    // Behind whatever has come meanwhile: a cancellation need not wait for a large list to be recorded.
    if (again) this.#parts.post(runId, {});
    // The run was read for them already.
    return items.slice(done).map((item) => (item.refresh === true ? { ...item, refresh: false } : item));
  }

  /** What follows by itself: the rest of what is to be settled, then scheduling. True when there is more, for another turn. */
  #goOn(run: CachedRun, context: DecisionContext, batch: Batch, admission: AdmissionTurn, last: boolean): boolean {
    // What were scheduled while stopping would find no worker, and count as lost at the next start.
    if (!this.#parts.drives(run.runId) || this.#parts.stopping()) return false;
    const { missing, state } = run;
    this.#standing.hold(run.runId, heldByFunctions(state, missing));
    if (missing.length > 0 || !last) return false;
    const { sliceChars } = this.#parts.options;
    const full = (): boolean => batch.chars > sliceChars;
    while (isUnsettled(state) && !full()) {
      const command = { commandId: `${run.runId}/settle/${state.revision}`, runId: run.runId };
      const events = this.#try('what follows by itself', () => this.#parts.heart.settleOn(state, context));
      if (events.length === 0) break;
      batch.add(command, events);
    }
    const decide = (command: Command): readonly RunEvent[] =>
      this.#try(command.type, () => this.#parts.heart.handle(state, command, context));
    if (!full()) this.#scheduler.schedule({ run, now: context.now, batch, admission, full, decide });
    return full() && (isUnsettled(state) || canSchedule(state));
  }

  #try<T>(what: string, work: () => T, item?: InboxItem): T {
    try {
      return work();
    } catch (cause) {
      throw new Undecidable(what, cause, item);
    }
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
      onRetry: (error) => this.#report(runId, error, `the ${what} is tried again`, 'warn'),
    };
  }

  /** Effects are computed as each event is folded: they follow from the state that the event left. */
  #collector({ runId, state }: CachedRun, batch: Batch, admission: AdmissionTurn): (event: RunEvent) => void {
    const { heart } = this.#parts;
    return (event) => {
      if (!this.#parts.drives(runId)) return;
      for (const effect of heart.effectsOf(state, event)) {
        batch.effects.push(effect);
        if (effect.kind === 'close-attempt') admission.release(effect.taskId, effect.attempt);
      }
    };
  }

  #context(): DecisionContext {
    const { maxPayloadChars, maxRunChars, sliceChars } = this.#parts.options;
    return { now: this.#parts.clock.now(), random: this.#parts.random, maxPayloadChars, maxRunChars, sliceChars };
  }

  /** False when what the item derives was more than one turn may take: the rest of it is derived again in the next. */
  #handle(run: CachedRun, item: InboxItem, context: DecisionContext, batch: Batch, full: () => boolean): boolean {
    const what = item.command?.type ?? 'recovery';
    const derive = (): readonly Command[] => item.derive?.(run.state, context.now) ?? [];
    const commands = this.#try(what, () => (item.command === undefined ? derive() : [item.command]), item);
    const all: RunEvent[] = [];
    for (const command of commands) {
      if (item.command === undefined && full()) return false;
      if (run.missing.length > 0 && !HELD_COMMANDS.has(command.type)) {
        const error = heldError(run.state, run.missing);
        this.#tell(run.runId, () => item.failed?.(error));
        return true;
      }
      const before = run.state.status;
      // What was due while the run was parked comes before what follows by itself.
      const settles = this.#parts.drives(run.runId) && run.missing.length === 0 && command.type !== 'ResumeRun';
      const events = this.#try(what, () => this.#parts.heart.handle(run.state, command, { ...context, settles }), item);
      for (const event of events) all.push(event);
      const isRefused = events[0]?.type === 'CommandRejected' && !recordsRejections(before);
      if (isRefused || isTerminal(before)) continue;
      batch.add(command, events, command.type === 'CopyEvents' ? run.state.lineage?.runId : undefined);
      if (command.type === 'ResumeRun' && this.#parts.drives(run.runId))
        this.#handle(run, this.#pastDue, context, batch, full);
    }
    batch.handled.push(handled(item, all));
    return true;
  }

  /** The events are durable: effects are carried out, monitors see them, callers get their answers. `whole`: nothing of the turn's items is left. */
  #release(run: CachedRun, batch: Batch, expected: number, whole = true): void {
    try {
      this.#carryOut(run, batch, whole);
      this.#unreleased.delete(run.runId);
    } catch (error) {
      this.#notCarriedOut(run.runId, error);
    }
    this.#observe(run, batch, expected);
    if (batch.events.some(({ type }) => type === 'RunParked')) this.#parts.stood(run.runId);
    for (const { item, outcome } of batch.handled) this.#tell(run.runId, () => item.done?.(outcome));
  }

  #carryOut(run: CachedRun, batch: Batch, whole: boolean): void {
    const { heart } = this.#parts;
    if (this.#parts.drives(run.runId)) {
      let effects: readonly Effect[] = batch.effects;
      // A parked run is left alone until it is resumed, a held one until it is let go; unless it was ended elsewhere.
      const left = run.state.status === 'parked' || (run.missing.length > 0 && !isTerminal(run.state.status));
      // What recovery has yet to say (that an attempt is lost, say) comes before anything is sent again.
      if (run.fresh && !left && whole) effects = effects.concat(heart.openEffects(run.state));
      run.fresh &&= run.state.status === 'parked' || !whole;
      if (effects.length > 0) this.#parts.carryOut(run, effects);
      return;
    }
    // The run went to another process during the turn, which derives from the history what the run itself needs, but not what its end asks of others.
    this.#parts.admission.releaseRun(run.runId);
    const left = batch.effects.filter(({ kind }) => kind === 'close-run' || kind === 'cancel-child');
    if (left.length > 0) this.#parts.carryOut(run, left);
    else if (batch.events.length > 0 && isTerminal(run.state.status)) this.#parts.ended(run.state);
  }

  /** All of it can be derived again: the run is read again, and after a few times in vain it is parked. */
  #notCarriedOut(runId: string, error: unknown): void {
    const tries = (this.#unreleased.get(runId) ?? 0) + 1;
    this.#parts.repository.drop(runId);
    if (tries < RELEASES) {
      this.#unreleased.set(runId, tries);
      this.#report(runId, error, 'what the events lead to was not carried out; it is derived again');
      this.#parts.post(runId, { refresh: true });
      return;
    }
    this.#unreleased.delete(runId);
    this.#report(runId, error, 'what the events lead to cannot be carried out');
    const data = undecidable('what the events lead to', error);
    this.#parts.post(runId, { command: parkCommand(runId, data, 'effects', this.#parts.clock.now()) });
  }

  #observe(run: CachedRun, batch: Batch, expected: number): void {
    const { monitors } = this.#parts;
    if (!monitors.active) return;
    for (const [index, event] of batch.encoded.entries()) {
      // What is copied happened elsewhere, and was seen there.
      if (event.metadata.origin !== undefined) continue;
      monitors.event({ runId: run.runId, revision: expected + 1 + index, event });
    }
  }

  #fail(items: readonly InboxItem[], error: unknown): void {
    for (const item of items) this.#tell(item.command?.runId ?? '', () => item.failed?.(error));
  }

  /** Whoever is told may throw: that is theirs, and harms neither the run nor the others. */
  #tell(runId: string, tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#report(runId, error, 'who waited for an answer threw');
    }
  }

  async #snapshot(run: CachedRun): Promise<void> {
    try {
      await this.#parts.repository.maybeSnapshot(run);
    } catch (error) {
      this.#report(run.runId, error, 'no snapshot', 'warn');
    }
  }

  #report(runId: string, error: unknown, what?: string, level: 'warn' | 'error' = 'error'): void {
    const { message, code } = toErrorData(error, 'REPRISE_UNDECIDABLE');
    const said = what === undefined ? message : `${what}: ${message}`;
    this.#parts.monitors.notice({ kind: 'log', level, message: said, runId, fields: { code } });
  }
}

function handled(item: InboxItem, events: readonly RunEvent[]): Handled {
  const rejection = events.find((event): event is CommandRejected => event.type === 'CommandRejected');
  return { item, outcome: { events, ...(rejection === undefined ? {} : { rejection }) } };
}

const parkCommand = (runId: string, error: ErrorData, what: string, at: number): Command => ({
  type: 'ParkRun',
  commandId: `${runId}/park/${at}`,
  runId,
  error,
  command: what,
});
