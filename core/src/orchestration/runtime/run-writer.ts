import type { EventStore, NewEvent } from '../../event-store/event-store.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { isRepriseError, RepriseError, toErrorData } from '../../shared/errors.ts';
import { uuidv5 } from '../../shared/hash.ts';
import { runStream } from '../../shared/ids.ts';
import type { SchedulingView } from '../scheduler/scheduler-strategy.ts';
import type { Command, ScheduleTasks } from '../workflow/commands.ts';
import type { DecisionContext } from '../workflow/decisions/decision-context.ts';
import { type Effect, effectsOf, openEffects } from '../workflow/effects.ts';
import { encodeEvent } from '../workflow/event-schema.ts';
import type { CommandRejected, RunEvent } from '../workflow/events.ts';
import { handle } from '../workflow/handle.ts';
import { isTerminal, type RunState } from '../workflow/state.ts';
import type { CommandOutcome, InboxItem } from './inbox.ts';
import type { MonitorHub } from './monitor-hub.ts';
import type { EngineOptions } from './options.ts';
import type { Registry } from './registry.ts';
import { summaryOf } from './run-reader.ts';
import { type CachedRun, newRun, type RunRepository } from './run-repository.ts';
import { readyView, standstill } from './scheduling-view.ts';
import { type RetryOptions, untilKnown } from './until-known.ts';

export interface RunWriterParts {
  /** Names this writer: unique to this process. Part of every event id. */
  readonly id: string;
  readonly store: EventStore;
  readonly repository: RunRepository;
  readonly registry: Registry;
  readonly monitors: MonitorHub;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: EngineOptions;
  /** Whether this process drives runs: schedules tasks and carries effects out. Else it only adds commands' events. */
  drives(): boolean;
  stopping(): boolean;
  busy(runId: string): boolean;
  carryOut(run: CachedRun, effects: readonly Effect[]): void;
  /** A run was ended by a process that does not drive it: whoever waits here is to know. */
  ended(state: RunState): void;
}

interface Handled {
  readonly item: InboxItem;
  readonly outcome: CommandOutcome;
}

interface Batch {
  /** Revision that the first event gets. */
  readonly from: number;
  readonly handled: Handled[];
  readonly events: RunEvent[];
  readonly encoded: NewEvent[];
}

/** Commands that need no function of a definition, and so work on a run that is held. */
const HELD_COMMANDS: ReadonlySet<string> = new Set(['StartRun', 'CancelRun', 'PauseRun', 'ResumeRun']);

/**
 * The one writer of a run: decides a batch of commands against the state, lets the strategy schedule, appends all events at
 * the expected revision, and only then lets anything leave. When another writer was first, it reads again and decides again.
 */
export class RunWriter {
  readonly #parts: RunWriterParts;

  constructor(parts: RunWriterParts) {
    this.#parts = parts;
  }

  /** One turn. Every item is told its outcome or its error; does not reject. */
  async turn(runId: string, items: readonly InboxItem[]): Promise<void> {
    let left = items;
    // A run that is being started is taken for new; if it is not, the append conflicts and the run is read.
    let unread = items[0]?.command?.type === 'StartRun';
    while (left.length > 0) {
      try {
        await this.#attempt(runId, left, unread);
        return;
      } catch (error) {
        unread = false;
        this.#parts.repository.drop(runId);
        if (isRepriseError(error, 'REPRISE_STORE_CONFLICT')) continue;
        left = await this.#isolate(runId, left, error);
      }
    }
  }

  /** A batch failed for good. Alone, an item gets the error; of several, each is tried by itself so that one cannot harm the rest. */
  async #isolate(runId: string, items: readonly InboxItem[], error: unknown): Promise<readonly InboxItem[]> {
    if (isRepriseError(error, 'REPRISE_STORE_TOO_LARGE')) {
      if (items.length > 1) {
        for (const item of items) await this.turn(runId, [item]);
        return [];
      }
      const smaller = asFailure(items[0], error);
      if (smaller !== undefined) return [smaller];
    }
    const { message, code } = toErrorData(error, 'REPRISE_STORE_UNAVAILABLE');
    this.#parts.monitors.signal({ kind: 'log', level: 'error', message, runId, fields: { code } });
    for (const item of items) item.failed?.(error);
    return [];
  }

  async #attempt(runId: string, items: readonly InboxItem[], unread: boolean): Promise<void> {
    const { repository } = this.#parts;
    if (items.some((item) => item.refresh === true)) repository.drop(runId);
    const run = repository.cached(runId) ?? (unread ? newRun(runId) : await this.#load(runId));
    const { state } = run;
    const expected = state.revision;
    const statusBefore = state.status;
    const batch: Batch = { from: expected + 1, handled: [], events: [], encoded: [] };
    const context = this.#context();
    for (const item of items) this.#handle(run, item, context, batch);
    // What were scheduled while stopping would find no worker, and count as lost at the next start.
    const schedules = this.#parts.drives() && !this.#parts.stopping();
    if (schedules && run.missing.length === 0) this.#schedule(run, context, batch);
    if (batch.events.length > 0) {
      const summary = statusBefore === state.status ? {} : { summary: summaryOf(state) };
      const append = () => this.#parts.store.append(runStream(runId), batch.encoded, expected, summary);
      await untilKnown(append, this.#parts.clock, this.#retries(runId, 'append'));
    }
    if (state.status !== 'none') {
      repository.keep(run, (id) => this.#parts.busy(id));
      if (isTerminal(state.status) && !isTerminal(statusBefore)) repository.retire(runId);
    }
    this.#release(run, batch, expected);
    if (this.#parts.drives()) await this.#snapshot(run);
  }

  /** A run whose store does not answer waits for it: whoever posted its items may not bring them again. */
  async #load(runId: string): Promise<CachedRun> {
    const { repository, clock, monitors } = this.#parts;
    const run = await untilKnown(() => repository.load(runId), clock, this.#retries(runId, 'read'));
    if (!this.#parts.drives() || isTerminal(run.state.status)) return run;
    if (run.missing.length > 0) {
      const { code, message } = heldError(run);
      monitors.signal({ kind: 'log', level: 'error', message, runId, fields: { code } });
    } else if (run.changed.length > 0) {
      const message = `the run goes on with functions that changed since it started: ${run.changed.join('; ')}`;
      monitors.signal({ kind: 'log', level: 'warn', message, runId, fields: { code: 'REPRISE_DEFINITION_CHANGED' } });
    }
    return run;
  }

  #retries(runId: string, what: 'append' | 'read'): RetryOptions {
    return {
      maxPauseMs: this.#parts.options.maxStoreRetryMs,
      stopping: () => this.#parts.stopping(),
      onRetry: (error) => this.#reportRetry(runId, what, error),
    };
  }

  #context(): DecisionContext {
    return {
      now: this.#parts.clock.now(),
      random: this.#parts.random,
      maxPayloadChars: this.#parts.options.maxPayloadChars,
    };
  }

  #handle(run: CachedRun, item: InboxItem, context: DecisionContext, batch: Batch): void {
    const commands = item.command === undefined ? (item.derive?.(run.state) ?? []) : [item.command];
    const all: RunEvent[] = [];
    for (const command of commands) {
      if (run.missing.length > 0 && !HELD_COMMANDS.has(command.type)) {
        item.failed?.(heldError(run));
        return;
      }
      const closed = isTerminal(run.state.status);
      const events = handle(run.state, command, context);
      all.push(...events);
      // A rejection finds no place in a stream that does not exist or has ended.
      if (closed || run.state.status === 'none') continue;
      addEvents(batch, command, events, this.#parts.id);
    }
    const rejection = all.find((event): event is CommandRejected => event.type === 'CommandRejected');
    batch.handled.push({ item, outcome: { events: all, ...(rejection === undefined ? {} : { rejection }) } });
  }

  /** Lets the strategy assign ready tasks, until it assigns nothing more or the slots are used up. */
  #schedule(run: CachedRun, context: DecisionContext, batch: Batch): void {
    const { state } = run;
    const { registry } = this.#parts;
    while (state.status === 'running' && state.readyCount > 0 && state.inFlight < state.definition.concurrency) {
      const chosen = this.#select(run, {
        runId: run.runId,
        now: context.now,
        ready: readyView(state),
        slots: state.definition.concurrency - state.inFlight,
        inFlight: state.inFlight,
        agents: registry.agentViews,
      });
      if (chosen.assignments.length === 0) return this.#reportStandstill(run);
      const commandId = `${run.runId}/schedule/${state.revision}`;
      const command: Command = {
        type: 'ScheduleTasks',
        commandId,
        runId: run.runId,
        ...chosen,
      };
      const events = handle(state, command, context);
      if (events.length === 0) return;
      addEvents(batch, command, events, this.#parts.id);
    }
  }

  /** What the strategy of the run says. One that is not there, or throws, holds tasks up, but neither results nor a cancellation. */
  #select(run: CachedRun, view: SchedulingView): Pick<ScheduleTasks, 'strategy' | 'assignments'> {
    const { strategy } = run.state.definition;
    try {
      return { strategy, assignments: this.#parts.registry.strategy(strategy).select(view) };
    } catch (error) {
      const { message, code } = toErrorData(error, 'REPRISE_PLUGIN_INVALID');
      this.#parts.monitors.signal({
        kind: 'log',
        level: 'error',
        message: `the strategy '${strategy}' gives no assignments: ${message}`,
        runId: run.runId,
        fields: { code },
      });
      return { strategy, assignments: [] };
    }
  }

  /** Nothing runs and nothing can be assigned: said once for every time that the run is read, because nothing else will say it. */
  #reportStandstill(run: CachedRun): void {
    if (run.standstillReported || run.state.inFlight > 0) return;
    run.standstillReported = true;
    const message = standstill(run.state);
    this.#parts.monitors.signal({
      kind: 'log',
      level: 'warn',
      message,
      runId: run.runId,
      fields: { code: 'REPRISE_AGENT_UNKNOWN' },
    });
  }

  /** The events are durable: effects are carried out, monitors see them, callers get their answers. */
  #release(run: CachedRun, batch: Batch, expected: number): void {
    const { monitors } = this.#parts;
    if (this.#parts.drives()) {
      const effects: Effect[] = batch.events.flatMap((event) => effectsOf(run.state, event));
      // A held run is left alone, unless it was ended elsewhere.
      if (run.fresh && (run.missing.length === 0 || isTerminal(run.state.status)))
        effects.push(...openEffects(run.state));
      run.fresh = false;
      if (effects.length > 0) this.#parts.carryOut(run, effects);
    } else if (batch.events.length > 0 && isTerminal(run.state.status)) {
      this.#parts.ended(run.state);
    }
    if (monitors.active) {
      for (const [index, event] of batch.encoded.entries()) {
        monitors.event({ runId: run.runId, revision: expected + 1 + index, event });
      }
    }
    for (const { item, outcome } of batch.handled) item.done?.(outcome);
  }

  async #snapshot(run: CachedRun): Promise<void> {
    try {
      await this.#parts.repository.maybeSnapshot(run);
    } catch (error) {
      const { message } = toErrorData(error, 'REPRISE_STORE_UNAVAILABLE');
      this.#parts.monitors.signal({ kind: 'log', level: 'warn', message: `no snapshot: ${message}`, runId: run.runId });
    }
  }

  #reportRetry(runId: string, what: 'append' | 'read', error: unknown): void {
    const { message, code } = toErrorData(error, 'REPRISE_STORE_UNAVAILABLE');
    this.#parts.monitors.signal({
      kind: 'log',
      level: 'warn',
      message: `the ${what} is tried again: ${message}`,
      runId,
      fields: { code },
    });
  }
}

/**
 * The id of an event is a UUIDv5 of its command's id, its revision and the writer: repeating an append is harmless, and two writers
 * that decide the same command at the same revision still conflict, because what they decided may differ (in time, at the least).
 */
function addEvents(batch: Batch, command: Command, events: readonly RunEvent[], writer: string): void {
  for (const event of events) {
    const stored = encodeEvent(event);
    const revision = batch.from + batch.encoded.length;
    batch.events.push(event);
    batch.encoded.push({
      id: uuidv5(command.commandId, `${writer}/${revision}`),
      type: stored.type,
      time: stored.time,
      data: stored.data,
      metadata: {
        causationId: command.commandId,
        correlationId: command.runId,
        schemaVersion: stored.metadata.schemaVersion,
      },
    });
  }
}

/** A completion that no store takes (or what follows from it) fails its attempt instead, so that it is not brought again for ever. */
function asFailure(item: InboxItem | undefined, error: RepriseError): InboxItem | undefined {
  if (item?.command?.type !== 'CompleteTask') return undefined;
  const { runId, taskId, attempt, commandId } = item.command;
  const data = { ...toErrorData(error, 'REPRISE_STORE_TOO_LARGE'), retryable: false };
  return {
    ...item,
    command: { type: 'FailTask', commandId: `${commandId}/too-large`, runId, taskId, attempt, error: data },
  };
}

function heldError(run: CachedRun): RepriseError {
  const { name, version } = run.state.definition;
  const places = run.missing.join('; ');
  const message = `Run '${run.runId}' needs functions of ${name}@${version} that no registered workflow has: ${places}.`;
  return new RepriseError('REPRISE_DEFINITION_CHANGED', message, { details: { missing: [...run.missing] } });
}
