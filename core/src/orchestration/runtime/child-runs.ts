import type { Clock } from '../../shared/clock.ts';
import { type ErrorData, isRepriseError, RepriseError, toErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { RunReader } from '../reading/run-reader.ts';
import { spentOfAllotment } from '../workflow/allotments.ts';
import { idempotencyKey } from '../workflow/attempt-key.ts';
import type { EndChild, StartRun } from '../workflow/commands.ts';
import type { Usage } from '../workflow/events.ts';
import { recordedInput } from '../workflow/sources/recorded-place.ts';
import { definitionOf, isEntered, isTerminal, type RunState, type TaskState } from '../workflow/state.ts';
import { type PlannedFork, planFork } from './fork-start.ts';
import type { CommandOutcome, InboxItem } from './inbox.ts';
import { traceparentOfAttempt } from './meta.ts';
import type { EngineOptions } from './options.ts';
import { acceptPayload, checkSchema } from './payload.ts';
import type { Registry } from './registry.ts';

export interface ChildRunsParts {
  readonly registry: Registry;
  readonly reader: RunReader;
  readonly clock: Clock;
  readonly options: EngineOptions;
  post(runId: string, item: InboxItem): void;
}

type Outcome = EndChild['outcome'];

/**
 * Carries out what a run wants of its children: they are started, paused, resumed and cancelled by commands to their own inboxes, and their end is a command
 * to their parent's. Every command has the id that follows from the child's, so each may be given again: what is not known to have been taken
 * is derived again from the parent's state.
 */
export class ChildRuns {
  readonly #parts: ChildRunsParts;

  constructor(parts: ChildRunsParts) {
    this.#parts = parts;
  }

  /** Starts the child of an attempt, unless it is there already. One that cannot be started has failed. */
  start(state: RunState, taskId: string, attempt: number): void {
    const task = state.tasks.get(taskId);
    if (task?.child === undefined || !isEntered(task) || task.attempt !== attempt) return;
    const { runId } = state;
    const { child } = task;
    const refused = (error: unknown): void => {
      if (isRepriseError(error, 'REPRISE_RUN_FORKING')) return this.#again(runId);
      const data = toErrorData(error, 'REPRISE_CHILD_FAILED');
      // It has done nothing.
      this.#tell(runId, taskId, attempt, child, { status: 'failed', error: data }, nothingOf(task.allotted));
    };
    let command: StartRun | Promise<StartRun>;
    try {
      command = this.#startCommand(state, task, child);
    } catch (error) {
      return refused(error);
    }
    // In order with a cancellation that follows: only what has to wait for a schema is waited for.
    if (command instanceof Promise) command.then((ready) => this.#post(state, child, ready, refused), refused);
    else this.#post(state, child, command, refused);
  }

  cancel(parent: RunState, taskId: string, child: string, reason: string): void {
    const { runId } = parent;
    const attempt = parent.tasks.get(taskId)?.attempt ?? 0;
    // What its parent does not undo, it does not undo, whatever it was told before.
    const undoing =
      parent.closing?.why === 'cancel' && parent.closing.compensate === false ? { compensate: false } : {};
    const commandId = `cancel-child/${child}${'compensate' in undoing ? '/as-it-is' : ''}`;
    this.#parts.post(child, {
      command: { type: 'CancelRun', commandId, runId: child, ...undoing, reason: reasonOf(runId, reason) },
      done: (outcome) => {
        // It was never started, and will not be: its task has not to wait for it.
        if (outcome.rejection?.code === 'REPRISE_RUN_NOT_FOUND')
          this.#tell(
            runId,
            taskId,
            attempt,
            child,
            { status: 'cancelled' },
            nothingOf(parent.tasks.get(taskId)?.allotted),
          );
      },
      failed: () => this.#again(runId),
    });
  }

  /** The child stands still with its parent. */
  pause(parent: RunState, child: string, revision: number): void {
    const { runId } = parent;
    const reason = `its parent run '${runId}' is paused`;
    this.#parts.post(child, {
      command: { type: 'PauseRun', commandId: `pause-child/${child}/${revision}`, runId: child, by: 'parent', reason },
      done: ({ rejection }) => {
        // What it is to begin with is still being checked.
        if (rejection !== undefined && NOT_YET.has(rejection.code)) this.#again(runId);
      },
      failed: () => this.#again(runId),
    });
  }

  /** The child goes on with its parent, unless somebody else has paused it. */
  resume(parent: RunState, child: string, revision: number): void {
    this.#parts.post(child, {
      command: { type: 'ResumeRun', commandId: `resume-child/${child}/${revision}`, runId: child, by: 'parent' },
      done: ({ rejection }) => {
        if (rejection?.code === 'REPRISE_RUN_FORKING') this.#again(parent.runId);
      },
      failed: () => this.#again(parent.runId),
    });
  }

  /** The run has ended: the task that it was started for is told. */
  ended(state: RunState): void {
    if (state.parent === undefined || !isTerminal(state.status)) return;
    const { runId, taskId, attempt } = state.parent;
    this.#tell(runId, taskId, attempt, state.runId, outcomeOf(state), spentOfAllotment(state));
  }

  #startCommand(state: RunState, task: TaskState, child: string): StartRun | Promise<StartRun> {
    const { registry, options } = this.#parts;
    const wanted = definitionOf(state, task)?.workflow;
    if (wanted === undefined) throw new RepriseError('REPRISE_WORKFLOW_UNKNOWN', `'${task.id}' names no workflow.`);
    const { definition, hash, inputSchema } = registry.workflow(wanted.name, wanted.version);
    const given = task.input ?? null;
    const command = (input: Json, more: Partial<PlannedFork['start']> = {}): StartRun => ({
      type: 'StartRun',
      commandId: `start-child/${child}`,
      runId: child,
      definition,
      definitionHash: hash,
      input,
      ...more,
      ...(wanted.budget === undefined ? {} : { budget: wanted.budget }),
      traceparent: traceparentOfAttempt(state, task.id, task.attempt),
      ...(state.tenant === undefined ? {} : { tenant: state.tenant }),
      ...(state.labels === undefined ? {} : { labels: state.labels }),
      parent: {
        runId: state.runId,
        taskId: task.id,
        attempt: task.attempt,
        rootRunId: state.parent?.rootRunId ?? state.runId,
        depth: (state.parent?.depth ?? 0) + 1,
        key: idempotencyKey(state, task),
      },
    });
    const anew = (): StartRun | Promise<StartRun> => {
      const inputFrom = recordedInput(state, task);
      const place = inputFrom === undefined ? {} : { inputFrom };
      if (inputSchema === undefined) return command(given, place);
      const what = `input of the child run of '${task.id}'`;
      return checkSchema(inputSchema, given, 'REPRISE_INPUT_INVALID', what).then((checked) => {
        const input = acceptPayload(checked, what, 'REPRISE_INVALID_PAYLOAD', options.maxPayloadChars);
        // What the schema has changed stands nowhere else.
        return command(input, JSON.stringify(input) === JSON.stringify(given) ? place : {});
      });
    };
    if (task.retries === undefined) return anew();
    return this.#startOf(task.retries).then((start) => (start === undefined ? anew() : command(given, start)));
  }

  /** What a child run that goes on from another begins with; undefined when that one was never started. */
  async #startOf(retries: string): Promise<PlannedFork['start'] | undefined> {
    const { reader, registry } = this.#parts;
    try {
      const { source, start } = await planFork(reader, registry, retries, { as: 'retry' });
      if (isTerminal(source.status)) return start;
      const message = `The child run '${retries}', which is to be gone on from, has not ended yet.`;
      throw new RepriseError('REPRISE_RUN_FORKING', message);
    } catch (error) {
      if (isRepriseError(error, 'REPRISE_RUN_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  #post(state: RunState, child: string, command: StartRun, refused: (error: unknown) => void): void {
    this.#parts.post(child, {
      command,
      done: ({ rejection }: CommandOutcome) => {
        // A run of that id which is not ours: ids follow from the parent's, so somebody has taken it on purpose.
        if (rejection !== undefined) refused(new RepriseError('REPRISE_RUN_EXISTS', rejection.message));
      },
      failed: () => this.#again(state.runId),
    });
  }

  #tell(runId: string, taskId: string, attempt: number, child: string, outcome: Outcome, spent?: Usage): void {
    const said = spent === undefined ? {} : { spent };
    this.#parts.post(runId, {
      command: { type: 'EndChild', commandId: `end-child/${child}`, runId, taskId, attempt, child, outcome, ...said },
      failed: () => this.#again(runId),
    });
  }

  /** The store did not answer: the parent is read again, and what it wants of its children is derived from it. */
  #again(runId: string): void {
    const { clock, options, post } = this.#parts;
    clock.schedule(options.redispatchMs, () => post(runId, { refresh: true }));
  }
}

/** Codes of a child that has yet to come, or whose history has. */
const NOT_YET: ReadonlySet<string> = new Set(['REPRISE_RUN_NOT_FOUND', 'REPRISE_RUN_FORKING']);

const reasonOf = (parent: string, reason: string): string => `its parent run '${parent}' ended its task (${reason})`;

function outcomeOf(state: RunState): Outcome {
  if (state.status === 'completed') return { status: 'completed', output: state.output ?? null };
  if (state.status === 'failed') return { status: 'failed', error: state.error ?? missingError };
  return { status: 'cancelled', ...(state.cancelReason === undefined ? {} : { reason: state.cancelReason }) };
}

const nothingOf = (allotted: Usage = {}): Usage => Object.fromEntries(Object.keys(allotted).map((kind) => [kind, 0]));

const missingError: ErrorData = { code: 'REPRISE_TASK_FAILED', message: 'The run left no error.', retryable: false };
