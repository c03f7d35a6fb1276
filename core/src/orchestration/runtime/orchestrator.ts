import type { Workflow } from '../../definition/workflow.ts';
import { readStream } from '../../event-store/read-stream.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Finding } from '../../shared/finding.ts';
import { runStream, streamRunId } from '../../shared/ids.ts';
import { copyJson, type Json } from '../../shared/json.ts';
import { keepAlive } from '../../shared/system.ts';
import type { TopicChange, TopicStanding } from '../messaging/transport-topics.ts';
import type { EngineMeasures, ObservedEvent } from '../monitoring/monitor.ts';
import { lookForDrivers, silentSummary } from '../reading/drivers.ts';
import { notFound, RunReader } from '../reading/run-reader.ts';
import type { Views } from '../reading/views/views.ts';
import type { Command } from '../workflow/commands.ts';
import { isEnd } from '../workflow/end-of-run.ts';
import { circlesBetween } from '../workflow/explain/commitments.ts';
import { explainRun } from '../workflow/explain/explain-run.ts';
import type { RunExplanation } from '../workflow/explain/explanation.ts';
import type { RunView } from '../workflow/run-view.ts';
import { stateOf } from '../workflow/view-of.ts';
import type { AgentPresence } from './agent-directory.ts';
import { Engine, type EngineParts } from './engine.ts';
import type { ForkPlan } from './fork-plan.ts';
import { Health, type HealthCheck } from './health.ts';
import type { CommandOutcome } from './inbox.ts';
import type { MonitorHealth } from './monitor-hub.ts';
import { Driving, type Role } from './ownership/driving.ts';
import { SoleOwnership } from './ownership/sole-ownership.ts';
import { acceptPayload } from './payload.ts';
import { ProgramMessages } from './program-messages.ts';
import type { RegisteredWorkflow } from './registry.ts';
import { type OutcomeOptions, RunHandle, type RunOutcome, type RunStuck } from './run-handle.ts';
import type { RunHold } from './run-hold.ts';
import { type ForkRunOptions, type RetryRunOptions, RunStarts, type StartRunOptions } from './run-starts.ts';
import { startUnderId } from './start-under-id.ts';
import { type CommandOptions, type SteeringCommand, steering } from './steering.ts';
import { WaitingLines } from './waiting-lines.ts';
import { AgentWorker } from './worker/agent-worker.ts';

export interface DriveOptions {
  /** Default true. */
  readonly drive?: boolean | 'if-nobody-does';
  /** Whether its own agents work, too. Default true. */
  readonly agents?: boolean;
}

/** The topics of a transport, for the agents that an orchestrator knows of. */
export interface BoundTopics {
  look(): Promise<readonly TopicStanding[]>;
  apply(options?: { readonly configs?: boolean }): Promise<readonly TopicChange[]>;
}

/** What an orchestrator is made of; the container brings it. */
export type OrchestratorParts = Omit<EngineParts, 'id'>;

const NO_WORKER_REACHED =
  'The agents are to run in other processes, and the transport reaches none: nothing would ever be done. Add a plugin of kind `transport` that spans processes (docs/workers.md), or start with `agents: true`.';

/** How long a command waits between two looks at a run that is being copied, and in all. */
const FORKING_MS = 20;
const LONGEST_FORKING_MS = 2000;

/** The way in: starts runs, steers them, reads them. One per process and store. */
export class Orchestrator {
  readonly runs: RunReader;
  readonly #parts: OrchestratorParts;
  readonly #engine: Engine;
  /** Undefined without an agent of its own. */
  readonly #worker: AgentWorker | undefined;
  readonly #stopping = new AbortController();
  readonly #lines = new WaitingLines();
  readonly #driving: Driving;
  /** The transport shares the runs out among several that drive. */
  readonly #shares: boolean;
  readonly #starts: RunStarts;
  readonly #health: Health;
  #agentsElsewhere = false;
  #transportStarted = false;
  #transportStarting: Promise<void> | undefined;
  /** It was asked something before it was started, and connected for that: stop() has something to release. */
  #transportAsked = false;
  #letExit: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #lost: RepriseError | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: OrchestratorParts) {
    this.#parts = parts;
    const { storage, clock, monitors, registry, transport } = parts;
    const id = `worker-${parts.ids.next()}`;
    const shared = storage.partitioned === true ? transport.ownership : undefined;
    const ownership = parts.ownership ?? shared ?? storage.ownership ?? new SoleOwnership();
    this.#shares = shared !== undefined;
    this.#engine = new Engine({ ...parts, id, ownership, others: shared !== undefined });
    // Where no other process can be reached, its engine ends with it: what it announces holds until then.
    const mortal = transport.spans === true;
    this.#worker =
      registry.agents.size === 0 ? undefined : new AgentWorker({ ...parts, id, agents: registry.agents, mortal });
    this.#driving = new Driving({
      ownership,
      clock,
      monitors,
      drive: () => this.#drive(),
      changed: (change) => this.#engine.ownershipChanged(change),
    });
    this.runs = new RunReader(storage, { list: parts.listRuns, stopped: this.#stopping.signal });
    this.#starts = new RunStarts({ ...parts, runs: this.runs });
    this.#health = new Health({ clock, transport, store: storage.events });
    monitors.watch({
      history: (runId, to, from) => this.#watchedHistory(runId, to, from),
      measure: () => this.#measure(),
    });
  }

  async *#watchedHistory(runId: string, to: number, from = 0): AsyncGenerator<ObservedEvent, void, undefined> {
    for await (const event of readStream(this.#parts.storage.events, runStream(runId), from)) {
      if (event.revision > to) return;
      yield { runId, revision: event.revision, event };
    }
  }

  #measure(): EngineMeasures {
    const { views, monitors } = this.#parts;
    return {
      ...this.#engine.measures,
      viewLagMs: views?.lags ?? {},
      monitors: Object.fromEntries(
        monitors.health().map(({ name, dropped, failures }) => [name, { dropped, failures }]),
      ),
    };
  }

  /** The views that this process builds. */
  get views(): Views {
    const { views } = this.#parts;
    if (views !== undefined) return views;
    throw new RepriseError('REPRISE_VIEW_UNKNOWN', 'This orchestrator was made without views.');
  }

  get workflows(): readonly RegisteredWorkflow[] {
    return this.#parts.registry.workflows;
  }

  /** What became of what each monitor was to see: how much was dropped because its queue was full, how often it threw. */
  get monitorHealth(): readonly MonitorHealth[] {
    return this.#parts.monitors.health();
  }

  /**
   * Of messages that come over a transport which others can reach: whether a result has to have the token of its dispatch, and how many were refused so far,
   * for whatever reason. Undefined where nobody else can reach it.
   */
  get border(): { readonly verifiesResults: boolean; readonly refused: number } | undefined {
    const { transport, tokens } = this.#parts;
    if (transport.spans !== true) return undefined;
    return { verifiesResults: tokens?.enabled === true, refused: this.#engine.refused };
  }

  /**
   * What its transport keeps messages in at the brokers, where it can tell: for all agents that are given or declared, or that workflows ask for by name, and
   * `more`. Works before start(). Undefined of a transport that has no topics to make.
   */
  transportTopics(more: readonly string[] = []): BoundTopics | undefined {
    const { transport, registry } = this.#parts;
    const { topics } = transport;
    if (topics === undefined) return undefined;
    this.#transportAsked = true;
    const agents = [...new Set([...registry.expected, ...more])].sort();
    return { look: () => topics.look(agents), apply: (options) => topics.apply(agents, options) };
  }

  /** What its transport says of how it is, where it can tell. Works before start(). Rejects as a publish does. */
  async inspectTransport(): Promise<readonly Finding[]> {
    const { transport, registry } = this.#parts;
    if (transport.inspect === undefined) return [];
    this.#transportAsked = true;
    return await transport.inspect([...registry.expected].sort());
  }

  /** Attempts that agents of this process work on now. */
  get running(): number {
    return this.#worker?.running ?? 0;
  }

  /** Of those: at-most-once ones, which nobody would make again. */
  get runningAtMostOnce(): number {
    return this.#worker?.runningAtMostOnce ?? 0;
  }

  /** The agents that there are, of this process and of others: known while this one drives. */
  get agents(): readonly AgentPresence[] {
    return this.#engine.agents;
  }

  /**
   * Starts driving runs, beginning with the open ones of the store. While another process drives that store, this one is a
   * client, and takes the driving over when the other ends, however it ends. When it rejects, it has stopped.
   *
   * Its agents work while it drives; where the transport spans processes, also while another one does.
   *
   * `drive: false`: it stays a client, and carries nothing out, whoever drives. `if-nobody-does`: so, where others drive that share the runs out among them
   * (where only one can, it waits for that one to end, as ever). `agents: false`: the agents that it was made with are left to workers
   * in other processes; rejects with REPRISE_CONFIG_INVALID where the transport reaches none.
   */
  async start({ drive = true, agents = true }: DriveOptions = {}): Promise<Role> {
    if (this.role !== 'new') throw new RepriseError('REPRISE_STOPPED', 'start() was called already.');
    if (!agents && !this.spans) throw new RepriseError('REPRISE_CONFIG_INVALID', NO_WORKER_REACHED);
    this.#agentsElsewhere = !agents;
    this.#driving.begin();
    this.#letExit = keepAlive();
    const { foreign } = this.#parts.storage;
    const deaf = foreign?.onAppend((stream, _revision, type) => this.#onForeignAppend(stream, type));
    const blind = foreign?.onLost?.((error) => this.#onLost(error));
    this.#unwatch = () => {
      deaf?.();
      blind?.();
    };
    try {
      await this.#parts.views?.start();
      const stands = drive === 'if-nobody-does' ? !(await this.#othersShare()) : drive;
      // Also of one that only stands by: what cannot be loaded is told now.
      if (stands) await this.#worker?.load();
      if (stands && this.spans) await this.#work();
      if (stands) await this.#driving.stand();
    } catch (error) {
      // What stopping cannot release either says less than what made the start fail.
      await this.stop({ drainMs: 0 }).catch(() => undefined);
      throw error;
    }
    return this.role as Role;
  }

  /** Whether agents may run in other processes: the transport spans them. */
  get spans(): boolean {
    return this.#parts.transport.spans === true;
  }

  /** Whether this process does its work, by what that takes. Does not throw; a store that does not answer is waited for for 2 s. */
  async health(): Promise<readonly HealthCheck[]> {
    const { role, fault } = this;
    const ownership: HealthCheck = { name: 'ownership', ...this.#driving.settlement };
    const store = await this.#health.store();
    const standing = role === 'stopped' ? role : this.#transportStarted ? 'started' : 'starting';
    // One that waits to take the runs over has no use for a transport yet that reaches nobody else.
    const idle = role === 'client' && !this.spans && ownership.ok;
    const transport: HealthCheck = idle
      ? { name: 'transport', ok: true, detail: 'not needed while another process drives' }
      : this.#health.transport(standing);
    const draining = this.#health.draining(standing);
    return [...store, transport, ownership, fault === undefined ? draining : { ...draining, detail: fault.message }];
  }

  get role(): Role | 'stopped' | 'new' {
    return this.#driving.role;
  }

  /** Whether others share the runs of this store out among them. */
  async #othersShare(): Promise<boolean> {
    const { ownership } = this.#parts.transport;
    if (!this.#shares || ownership?.drivers === undefined) return false;
    await this.#startTransport();
    return (await ownership.drivers()).length > 0;
  }

  async #work(): Promise<void> {
    await this.#startTransport();
    if (!this.#agentsElsewhere) await this.#worker?.start();
  }

  async #startTransport(): Promise<void> {
    if (this.#transportStarted) return;
    this.#transportStarting ??= this.#parts.transport.start();
    try {
      await this.#transportStarting;
      this.#transportStarted = true;
    } finally {
      this.#transportStarting = undefined;
    }
  }

  /** When it rejects, it may be tried again. */
  async #drive(): Promise<void> {
    if (this.spans) {
      await this.#engine.drive();
      return;
    }
    await this.#work();
    try {
      await this.#engine.drive();
    } catch (error) {
      await this.#worker?.withdraw();
      throw error;
    }
  }

  /** Why an open run does not move in this process, although it is open; undefined when nothing is known that holds it. */
  holdOf(runId: string): RunHold | undefined {
    return this.#engine.holdOf(runId);
  }

  /** What ended this orchestrator from outside: its store is gone, or is another one now. */
  get fault(): RepriseError | undefined {
    return this.#lost;
  }

  /** Nothing can be put on record any more, so whatever runs is aborted at once, and everybody who waits is told why. */
  #onLost(error: RepriseError): void {
    this.#lost ??= error;
    const { message, code } = error;
    this.#parts.monitors.notice({ kind: 'log', level: 'error', message: `stopping: ${message}`, fields: { code } });
    // What stopping cannot release either says less than what made it stop.
    this.stop({ drainMs: 0 }).catch(() => undefined);
  }

  /** Starts a run of a registered workflow. Resolves once its first event is durable. */
  async startRun<Input, Output = Json>(
    workflow: string | Workflow<Input, Output>,
    input: Input,
    options: StartRunOptions = {},
  ): Promise<RunHandle<Output>> {
    if (this.role === 'new')
      throw new RepriseError(
        'REPRISE_NOT_STARTED',
        'startRun() was called before start(): nothing would carry the run out.',
      );
    const begin = async (id?: string): Promise<string> => {
      const named = id === undefined ? options : { ...options, id };
      const command = await this.#starts.start(workflow as string | RegisteredWorkflow, input, named);
      await this.#submit(command);
      return command.runId;
    };
    const name = typeof workflow === 'string' ? workflow : workflow.definition.name;
    return this.run<Output>(await startUnderId(this.runs, { workflow: name, ...options }, begin));
  }

  /**
   * A new run that goes on from one that failed or was cancelled, where it took the turn to its end: with its history, rounds and signals; what
   * failed is done again, and what was undone. Rejects with REPRISE_WOULD_REPEAT when an at-most-once task would be done again that neither
   * `again` nor `outcomes` names. Of an open run: what waits for a retry is done now; with `raise`, its budgets are raised, and no more.
   */
  async retryRun(runId: string, options: RetryRunOptions = {}): Promise<RunHandle> {
    const { event } = await this.runs.last(runId);
    if (!isEnd(event)) {
      const raised = Object.entries(options.raise ?? {});
      const { by, reason } = options;
      const said = { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
      const run = this.run(runId);
      for (const [scope, more] of raised) await run.raiseBudget(more, { scope, ...said });
      if (raised.length === 0) await run.retry(undefined, said);
      return run;
    }
    if (event.type === 'RunCompleted')
      throw new RepriseError('REPRISE_COMMAND_INVALID', `Run '${runId}' completed: there is nothing to try again.`, {
        fix: AFTER_COMPLETION,
      });
    return this.#goOnFrom(runId, 'retry', options);
  }

  /**
   * A new run that begins with the history of another, open or ended, up to revision `at` (default: as far as it came, without its end), and goes
   * on from there on its own. The other one is left as it is, and nothing that it did is undone. Idempotency keys stay the same, but for what comes
   * after a task that is given another outcome.
   */
  async forkRun(runId: string, options: ForkRunOptions = {}): Promise<RunHandle> {
    return this.#goOnFrom(runId, 'fork', options);
  }

  /** What forkRun() with the same options would take over, and what it would do again. Writes nothing; rejects as forkRun() does, but for REPRISE_WOULD_REPEAT, which `repeats` tells. */
  async planFork(runId: string, options: ForkRunOptions = {}): Promise<ForkPlan> {
    return this.#starts.plan(runId, 'fork', options);
  }

  async #goOnFrom(runId: string, as: 'retry' | 'fork', options: ForkRunOptions): Promise<RunHandle> {
    const command = await this.#starts.goOn(runId, as, options);
    await this.#submit(command);
    return this.run(command.runId);
  }

  /** A handle of a run that exists or will. */
  run<Output = Json>(runId: string): RunHandle<Output> {
    return new RunHandle<Output>(runId, {
      outcome: (id, options) => this.#outcome(id, options),
      command: (id, command, options) => this.#steer(id, command, options),
      payload: (value, what) =>
        acceptPayload(value, what, 'REPRISE_INVALID_PAYLOAD', this.#parts.options.maxPayloadChars),
      state: (id, at) => this.runs.state(id, at),
      explain: (id) => this.#explain(id),
      follow: (id, signal) => this.runs.follow(id, 0, signal),
    });
  }

  /** Messages as a program outside the runs has them, under a name that it gives itself: it sends, asks, and takes from names. */
  messages(name: string): ProgramMessages {
    return new ProgramMessages(name, {
      clock: this.#parts.clock,
      runs: this.runs,
      command: async (runId, body, options) => {
        const command = steering(runId, body, options, this.#parts.ids);
        return { commandId: command.commandId, outcome: await this.#submit(command) };
      },
      start: (command) => this.#submit(command),
      open: (runId, ids) => this.#engine.openMessages(runId, ids),
      payload: (value, what) =>
        acceptPayload(value, what, 'REPRISE_INVALID_PAYLOAD', this.#parts.options.maxPayloadChars),
      lines: this.#lines,
    });
  }

  /**
   * Drains and stops; a second call with `drainMs: 0` ends the drain. Open runs go on at the next start. At-most-once attempts under way are waited for as long as
   * all others, or for `atMostOnceMs` where that is longer.
   */
  stop(options: { readonly drainMs?: number; readonly atMostOnceMs?: number } = {}): Promise<void> {
    const { drainMs = this.#parts.options.drainMs, atMostOnceMs = drainMs } = options;
    if (this.#stopped !== undefined && drainMs === 0) this.#worker?.abandon();
    this.#stopped ??= this.#stop(drainMs, atMostOnceMs);
    return this.#stopped;
  }

  /** Each step is done whatever became of the one before; the first error is passed on. */
  async #stop(drainMs: number, atMostOnceMs: number): Promise<void> {
    this.#driving.stop();
    this.#letExit ??= keepAlive();
    this.#unwatch?.();
    const { monitors, storage, transport, views } = this.#parts;
    const failures: unknown[] = [];
    const finish: Steps = [() => this.#worker?.stop(drainMs, atMostOnceMs)];
    // Where others drive, too, its runs go on there at once: what its agents have in hand is reported to whoever has the run.
    const handOver: Steps = this.#shares
      ? [() => this.#engine.stop(0), () => this.#driving.release()]
      : [() => this.#engine.stop(drainMs)];
    const steps: Steps = [
      () => this.#driving.takeover,
      () => this.#engine.drain(),
      ...(this.#shares ? handOver.concat(finish) : finish.concat(handOver)),
      () => (this.#transportStarted || this.#transportAsked ? transport.stop() : undefined),
      async () => this.#stopping.abort(),
      () => views?.close(),
      () => monitors.shutdown(),
      () => (this.#shares ? undefined : this.#driving.release()),
      () => storage.events.close(),
    ];
    for (const step of steps) {
      try {
        const done = step();
        // Without a takeover the engine takes no command from the moment of the call on.
        if (done !== undefined) await done;
      } catch (error) {
        failures.push(error);
      }
    }
    this.#letExit?.();
    if (failures.length > 0) throw failures[0];
  }

  #onForeignAppend(stream: string, type: string | undefined): void {
    const runId = streamRunId(stream);
    if (runId === undefined) return this.#engine.heard(stream);
    this.#engine.refresh(runId);
    // Also as driver: the last appends of the one before may be told after the hand-over.
    this.#engine.waiters.appended(runId, type);
  }

  async #outcome(runId: string, { orStuck = false }: OutcomeOptions): Promise<RunOutcome | RunStuck> {
    let known = this.#engine.cachedState(runId);
    for (;;) {
      // Registered before the look, so that an end between the two is not missed.
      const waiter = this.#engine.waiters.wait(runId, orStuck);
      try {
        const outcome = outcomeOf(known ?? (await this.#stateIfEnded(runId)));
        if (outcome !== undefined) return outcome;
        const stuck = orStuck ? await this.#stuck(runId) : undefined;
        if (stuck !== undefined) return stuck;
        // Nothing would tell it: neither its own engine, nor the store what others append.
        if (this.role === 'new')
          throw new RepriseError(
            'REPRISE_NOT_STARTED',
            `Run '${runId}' has not ended, and this orchestrator was not started: it would never hear of the end.`,
            {
              fix: 'Call `await reprise.start()` first, or `start({ drive: false })` only to follow what another process drives.',
            },
          );
        known = await waiter.changed;
      } finally {
        waiter.cancel();
      }
      if (known === undefined && this.role === 'stopped') throw this.#stoppedBefore(runId);
    }
  }

  /** Whether the run is parked or held; undefined while it moves, as far as this process knows. */
  async #stuck(runId: string): Promise<RunStuck | undefined> {
    const hold = this.#engine.holdOf(runId);
    if (hold !== undefined) return { status: 'held', hold };
    // Results may have come since it was parked, so its last event need not say so.
    const { status, parked } = this.#engine.cachedState(runId) ?? (await this.runs.state(runId));
    return status === 'parked' && parked !== undefined ? { status, error: parked } : undefined;
  }

  async #explain(runId: string): Promise<RunExplanation> {
    const { clock, storage } = this.#parts;
    const run = await this.runs.state(runId);
    const hold = this.holdOf(runId);
    const admission = (agent: string | undefined, capability: string | undefined) =>
      this.#engine.waitingAt(runId, agent, capability);
    const { takers } = this.#engine;
    const circles = await circlesBetween(stateOf(run), async (id) => {
      const cached = this.#engine.cachedState(id);
      return cached ?? (await this.runs.state(id).then(stateOf, () => undefined));
    });
    const mutexes = await this.#engine.mutexPlaces(stateOf(run));
    const facts = { now: clock.now(), takers, hold, admission, mutexes, circles };
    if (this.#engine.drives(runId))
      return explainRun(run, { ...facts, driven: true, draining: this.role === 'stopped' });
    const { driven, silent, draining } = await lookForDrivers(storage);
    return explainRun(run, { ...facts, driven, draining, silent: silent[0] && silentSummary(silent[0]) });
  }

  #stoppedBefore(runId: string): RepriseError {
    if (this.#lost !== undefined) return this.#lost;
    const message = `The orchestrator stopped before run '${runId}' ended. It goes on at the next start.`;
    return new RepriseError('REPRISE_STOPPED', message);
  }

  /** Folds a history only when its last event is an end: a long open run is looked at often. */
  async #stateIfEnded(runId: string): Promise<RunView | undefined> {
    if (this.#stopping.signal.aborted) throw this.#stoppedBefore(runId);
    const { event } = await this.runs.last(runId);
    return isEnd(event) ? this.runs.state(runId) : undefined;
  }

  async #steer(runId: string, body: SteeringCommand, options: CommandOptions): Promise<string> {
    const command = steering(runId, body, options, this.#parts.ids);
    await this.#submit(command);
    return command.commandId;
  }

  /** An answer that does not come in time is not waited for any longer; the command may take effect all the same. */
  async #inTime<T>({ type, runId }: Command, answer: Promise<T>): Promise<T> {
    const { clock, options } = this.#parts;
    const late = Promise.withResolvers<never>();
    const timer = clock.schedule(options.commandMs, () => {
      const message = `${type} of run '${runId}' got no answer within ${options.commandMs} ms (limits.commandMs): the store does not answer, or the run is busy. It may take effect yet.`;
      late.reject(new RepriseError('REPRISE_OUTCOME_UNKNOWN', message, { details: { runId } }));
    });
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      timer.cancel();
    }
  }

  /** A run that goes on from another takes commands once it has the history of that one: a matter of a moment, where somebody drives it. */
  async #forked(command: Command): Promise<CommandOutcome> {
    for (let waited = 0; ; waited += FORKING_MS) {
      const outcome = await this.#engine.submit(command);
      if (outcome.rejection?.code !== 'REPRISE_RUN_FORKING' || waited >= LONGEST_FORKING_MS) return outcome;
      await new Promise<void>((resolve) => this.#parts.clock.schedule(FORKING_MS, resolve));
    }
  }

  async #answerTo(command: Command): Promise<CommandOutcome> {
    if (!this.#engine.sends(command)) return this.#inTime(command, this.#forked(command));
    await this.#startTransport();
    return this.#engine.submit(command);
  }

  async #submit(command: Command): Promise<CommandOutcome> {
    if (this.#lost !== undefined) throw this.#lost;
    // Before start() nothing else keeps the process alive until the answer is there.
    const letGo = this.role === 'new' ? keepAlive() : undefined;
    const outcome = await this.#answerTo(command).finally(letGo);
    if (outcome.rejection === undefined) return outcome;
    const { code, message } = outcome.rejection;
    if (code === 'REPRISE_RUN_NOT_FOUND') throw notFound(command.runId);
    const fix = code === 'REPRISE_RUN_CLOSED' ? await this.#afterEnd(command.runId) : undefined;
    throw new RepriseError(code as 'REPRISE_COMMAND_INVALID', message, {
      details: { runId: command.runId },
      ...(fix === undefined ? {} : { fix }),
    });
  }

  /** What can still be done with a run that has ended. */
  async #afterEnd(runId: string): Promise<string | undefined> {
    const last = await this.runs.last(runId).catch(() => undefined);
    if (last === undefined || !isEnd(last.event)) return undefined;
    return last.event.type === 'RunCompleted' ? AFTER_COMPLETION : AFTER_FAILURE;
  }
}

type Steps = readonly (() => unknown)[];

const AFTER_COMPLETION = 'Start a new run; `reprise run fork` begins one with the history of this.';
const AFTER_FAILURE =
  '`reprise run retry` goes on from it in a new run; `reprise run fork` does from any of its events.';

function outcomeOf(
  state: Pick<RunView, 'status' | 'output' | 'error' | 'cancelReason'> | undefined,
): RunOutcome | undefined {
  if (state === undefined) return undefined;
  if (state.status === 'completed') return { status: 'completed', output: copyJson(state.output ?? null) };
  if (state.status === 'cancelled') return { status: 'cancelled', reason: state.cancelReason };
  if (state.status !== 'failed') return undefined;
  return {
    status: 'failed',
    error: state.error ?? { code: 'REPRISE_TASK_FAILED', message: 'no error recorded', retryable: false },
  };
}
