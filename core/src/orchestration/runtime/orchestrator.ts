import type { Workflow } from '../../definition/workflow.ts';
import { RepriseError } from '../../shared/errors.ts';
import { assertId, streamRunId } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import { keepAlive } from '../../shared/system.ts';
import { isTraceparent } from '../../shared/trace.ts';
import type { Command } from '../workflow/commands.ts';
import { isTerminal, type RunState } from '../workflow/state.ts';
import { adoptable } from './adoption.ts';
import { Engine, type EngineParts } from './engine.ts';
import type { CommandOutcome } from './inbox.ts';
import { acceptPayload, checkSchema } from './payload.ts';
import type { RegisteredWorkflow } from './registry.ts';
import { RunHandle, type RunOutcome } from './run-handle.ts';
import { notFound, RunReader } from './run-reader.ts';

/** How often a process that waits for the store's owner to end looks whether it has, in ms. */
const OWNERSHIP_POLL_MS = 250;

export interface StartRunOptions {
  /** Default: a new one. Starting the same id again with the same requestId is the same start. */
  readonly id?: string;
  readonly version?: string;
  /** Makes the start idempotent across repeats. Default: unique. */
  readonly requestId?: string;
  /** W3C trace context that the run belongs to. Default: a trace of its own, which follows from the run's id. */
  readonly traceparent?: string;
}

/** `driver`: this process carries runs out. `client`: another one does; commands given here reach it through the store. */
export type Role = 'driver' | 'client';

/** The way in: starts runs, steers them, reads them. One per process and store. */
export class Orchestrator {
  readonly runs: RunReader;
  readonly #parts: EngineParts;
  readonly #engine: Engine;
  #role: Role | 'stopped' | 'new' = 'new';
  #release: (() => Promise<void>) | undefined;
  #letExit: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#engine = new Engine(parts);
    this.runs = new RunReader(parts.store);
  }

  get workflows(): readonly RegisteredWorkflow[] {
    return this.#parts.registry.workflows;
  }

  /** Attempts that agents of this process work on now. */
  get running(): number {
    return this.#engine.running;
  }

  /**
   * Starts driving runs, beginning with the open ones of the store. While another process drives that store, this one is a
   * client, and takes the driving over when the other ends, however it ends.
   */
  async start(): Promise<Role> {
    if (this.#role !== 'new') throw new RepriseError('REPRISE_STOPPED', 'start() was called already.');
    this.#role = 'client';
    this.#letExit = keepAlive();
    this.#unwatch = this.#parts.store.ownership?.onForeignAppend((stream) => this.#onForeignAppend(stream));
    if (!(await this.#tryToDrive())) this.#waitForOwnership();
    return this.#role;
  }

  get role(): Role | 'stopped' | 'new' {
    return this.#role;
  }

  /** Starts a run. Resolves once its first event is durable. */
  async startRun<Input, Output = Json>(
    workflow: string | Workflow<Input, Output>,
    input: Input,
    options: StartRunOptions = {},
  ): Promise<RunHandle<Output>> {
    const registered =
      typeof workflow === 'string' ? this.#parts.registry.workflow(workflow, options.version) : workflow;
    const id = options.id === undefined ? this.#parts.ids.next() : assertId(options.id, 'run id');
    const checked =
      registered.inputSchema === undefined
        ? input
        : await checkSchema(registered.inputSchema, input, 'REPRISE_INPUT_INVALID', 'input of the run');
    const accepted = acceptPayload(
      checked,
      'input of the run',
      'REPRISE_INVALID_PAYLOAD',
      this.#parts.options.maxPayloadChars,
    );
    await this.#submit({
      type: 'StartRun',
      commandId: options.requestId ?? `start-${this.#parts.ids.next()}`,
      runId: id,
      definition: registered.definition,
      definitionHash: registered.hash,
      input: accepted,
      ...(options.traceparent === undefined ? {} : { traceparent: assertTraceparent(options.traceparent) }),
    });
    return this.run<Output>(id);
  }

  /** A new run that goes on from the results of one that failed or was cancelled. */
  async retryRun(runId: string, options: Pick<StartRunOptions, 'id'> = {}): Promise<RunHandle> {
    const source = await this.runs.state(runId);
    if (!isTerminal(source.status)) {
      await this.#submit({ type: 'RetryTasks', commandId: `retry-${this.#parts.ids.next()}`, runId });
      return this.run(runId);
    }
    if (source.status === 'completed') {
      throw new RepriseError('REPRISE_COMMAND_INVALID', `Run '${runId}' completed: there is nothing to try again.`);
    }
    const { definition, hash } = this.#parts.registry.workflow(source.definition.name, source.definition.version);
    const id = options.id === undefined ? this.#parts.ids.next() : assertId(options.id, 'run id');
    await this.#submit({
      type: 'StartRun',
      commandId: `retry-${this.#parts.ids.next()}`,
      runId: id,
      definition,
      definitionHash: hash,
      input: source.input,
      lineage: { runId, revision: source.revision },
      adopted: adoptable(source, definition),
    });
    return this.run(id);
  }

  /** A handle of a run that exists or will. */
  run<Output = Json>(runId: string): RunHandle<Output> {
    return new RunHandle<Output>(runId, {
      outcome: (id) => this.#outcome(id),
      cancel: (id, reason) => this.#control(id, 'CancelRun', reason),
      pause: (id, reason) => this.#control(id, 'PauseRun', reason),
      resume: (id) => this.#control(id, 'ResumeRun'),
      state: (id, at) => this.runs.state(id, at),
      follow: (id, signal) => this.runs.follow(id, 0, signal),
    });
  }

  /** Drains and stops; a second call with a shorter drain stops the drain. Open runs go on at the next start. */
  stop(options: { readonly drainMs?: number } = {}): Promise<void> {
    const drainMs = options.drainMs ?? this.#parts.options.drainMs;
    if (this.#stopped !== undefined && drainMs === 0) this.#engine.abandon();
    this.#stopped ??= this.#stop(drainMs);
    return this.#stopped;
  }

  async #stop(drainMs: number): Promise<void> {
    this.#role = 'stopped';
    this.#unwatch?.();
    await this.#engine.stop(drainMs);
    await this.#parts.monitors.shutdown();
    await this.#release?.();
    await this.#parts.store.close();
    this.#letExit?.();
  }

  async #tryToDrive(): Promise<boolean> {
    const { ownership } = this.#parts.store;
    if (ownership !== undefined) {
      this.#release = await ownership.acquire();
      if (this.#release === undefined) return false;
    }
    this.#role = 'driver';
    await this.#engine.drive();
    return true;
  }

  #waitForOwnership(): void {
    this.#parts.clock.schedule(OWNERSHIP_POLL_MS, () => {
      if (this.#role !== 'client') return;
      this.#tryToDrive().then(
        (drives) => {
          if (!drives) this.#waitForOwnership();
        },
        (error: unknown) => {
          this.#parts.monitors.signal({
            kind: 'log',
            level: 'error',
            message: `cannot take the store over: ${String(error)}`,
          });
          this.#waitForOwnership();
        },
      );
    });
  }

  #onForeignAppend(stream: string): void {
    const runId = streamRunId(stream);
    if (runId === undefined) return;
    this.#engine.refresh(runId);
    if (this.#role === 'client') this.#engine.waiters.ended(runId);
  }

  async #outcome(runId: string): Promise<RunOutcome> {
    let known = this.#engine.cachedState(runId);
    for (;;) {
      // Registered before the look, so that an end between the two is not missed.
      const changed = this.#engine.waiters.wait(runId);
      const outcome = outcomeOf(known ?? (await this.#stateIfEnded(runId)));
      if (outcome !== undefined) return outcome;
      known = await changed;
      if (known === undefined && this.#role === 'stopped') {
        const message = `The orchestrator stopped before run '${runId}' ended. It goes on at the next start.`;
        throw new RepriseError('REPRISE_STOPPED', message);
      }
    }
  }

  /** Folds a history only when its last event is an end: a long open run is looked at often. */
  async #stateIfEnded(runId: string): Promise<RunState | undefined> {
    const { event } = await this.runs.last(runId);
    return 'stateDigest' in event ? this.runs.state(runId) : undefined;
  }

  async #control(runId: string, type: 'CancelRun' | 'PauseRun' | 'ResumeRun', reason?: string): Promise<void> {
    const commandId = `${type}-${this.#parts.ids.next()}`;
    await this.#submit({ type, commandId, runId, ...(reason === undefined || type === 'ResumeRun' ? {} : { reason }) });
  }

  async #submit(command: Command): Promise<CommandOutcome> {
    const outcome = await this.#engine.submit(command);
    if (outcome.rejection === undefined) return outcome;
    const { code, message } = outcome.rejection;
    if (code === 'REPRISE_RUN_NOT_FOUND') throw notFound(command.runId);
    throw new RepriseError(code as 'REPRISE_COMMAND_INVALID', message, { details: { runId: command.runId } });
  }
}

function assertTraceparent(value: string): string {
  if (isTraceparent(value)) return value;
  throw new RepriseError('REPRISE_INVALID_ID', `${JSON.stringify(value)} is not a W3C traceparent (version 00).`);
}

function outcomeOf(state: RunState | undefined): RunOutcome | undefined {
  if (state === undefined) return undefined;
  if (state.status === 'completed') return { status: 'completed', output: state.output ?? null };
  if (state.status === 'cancelled') return { status: 'cancelled', reason: state.cancelReason };
  if (state.status !== 'failed') return undefined;
  return {
    status: 'failed',
    error: state.error ?? { code: 'REPRISE_TASK_FAILED', message: 'no error recorded', retryable: false },
  };
}
