import type { ErrorData, Json, RunEvent, RunEventType, Takers } from '@reprise/core';
import { type Command, DEFAULT_START, type GivenCommand, started, TEST_RUN_ID } from '@reprise/core/testing';
import type { WorkflowDefinition } from '../../src/definition/definition.ts';
import type { StartRun, Timer } from '../../src/orchestration/workflow/commands.ts';
import type { DecisionContext } from '../../src/orchestration/workflow/decisions/decision-context.ts';
import { evolve } from '../../src/orchestration/workflow/evolve.ts';
import { handle } from '../../src/orchestration/workflow/handle.ts';
import { readyTasks } from '../../src/orchestration/workflow/ready-tasks.ts';
import { initialState, type RunState, type TaskState } from '../../src/orchestration/workflow/state.ts';

/** A run without an engine: commands by hand, every event kept. */
export class PureRun {
  readonly state: RunState = initialState();
  readonly events: RunEvent[] = [];
  readonly runId: string;
  now: number;
  random = 0.5;
  maxPayloadChars = 1024 * 1024;
  /** Who is there, where that is known. */
  takers: Takers | undefined;
  /** What is to be put on record with the next commands. */
  notes: DecisionContext['notes'];
  #commands = 0;

  constructor(
    workflow: { readonly definition: WorkflowDefinition },
    input: Json = null,
    more: Partial<Pick<StartRun, 'runId' | 'parent' | 'lineage' | 'rules' | 'labels' | 'budget'>> = {},
  ) {
    this.runId = more.runId ?? TEST_RUN_ID;
    const first = started(workflow, input);
    this.now = first.at;
    this.send({
      type: 'StartRun',
      commandId: 'start',
      definition: first.definition,
      definitionHash: first.definitionHash,
      input,
      ...more,
    });
  }

  /** Hands a command to the run; returns the events that it added. */
  send(command: GivenCommand): readonly RunEvent[] {
    this.#commands += 1;
    const full = { commandId: `c${this.#commands}`, runId: this.runId, ...command } as Command;
    const { now, maxPayloadChars, takers, notes } = this;
    const context = {
      now,
      random: () => this.random,
      maxPayloadChars,
      ...(takers && { takers }),
      ...(notes && { notes }),
    };
    const added = handle(this.state, full, context);
    for (const event of added) this.events.push(event);
    return added;
  }

  /** Folds an event that no command gives any more, as histories of earlier builds have it. */
  fold(event: RunEvent): readonly RunEvent[] {
    evolve(this.state, event);
    this.events.push(event);
    return [event];
  }

  task(id: string): TaskState {
    const task = this.state.tasks.get(id);
    if (task === undefined) throw new Error(`no task ${id}`);
    return task;
  }

  status(id: string): string | undefined {
    return this.state.tasks.get(id)?.status;
  }

  ready(): string[] {
    return [...readyTasks(this.state)].map((task) => task.id);
  }

  /** Schedules the tasks named (all that are ready by default). */
  schedule(...ids: readonly string[]): readonly RunEvent[] {
    const chosen = ids.length === 0 ? this.ready() : ids;
    const assignments = chosen.map((taskId) => ({ taskId, agent: 'agent' }));
    return this.send({ type: 'ScheduleTasks', strategy: 'test', assignments });
  }

  begin(id: string): readonly RunEvent[] {
    return this.send({ type: 'StartTask', taskId: id, attempt: this.task(id).attempt, worker: 'w' });
  }

  complete(id: string, output: Json = `${id} done`): readonly RunEvent[] {
    return this.send({ type: 'CompleteTask', taskId: id, attempt: this.task(id).attempt, output });
  }

  fail(id: string, error: Partial<ErrorData> & { lost?: boolean } = {}): readonly RunEvent[] {
    const { code = 'BOOM', retryable = true, lost, message = `${code}!`, ...more } = error;
    const failed = { code, message, retryable, ...more };
    const { attempt } = this.task(id);
    return this.send({ type: 'FailTask', taskId: id, attempt, error: failed, ...(lost === undefined ? {} : { lost }) });
  }

  /** A timer that was set for `at`; by default, one that is not too early for anything. */
  fire(timer: Timer, at = Number.MAX_SAFE_INTEGER): readonly RunEvent[] {
    return this.send({ type: 'FireTimer', timer, at });
  }

  /** Fires the retry timer of a task, at its time. */
  retry(id: string): readonly RunEvent[] {
    const { retryAt, attempt } = this.task(id);
    this.now = Math.max(this.now, retryAt ?? this.now);
    return this.fire({ kind: 'retry', taskId: id, attempt });
  }

  /** Schedules and completes a task. */
  run(id: string, output?: Json): readonly RunEvent[] {
    return [...this.schedule(id), ...this.complete(id, output)];
  }

  of<Type extends RunEventType>(type: Type): readonly Extract<RunEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
  }

  /** The state that folding the events gives, their JSON form in between as in a store. */
  replayed(): RunState {
    const state = initialState();
    for (const event of JSON.parse(JSON.stringify(this.events)) as RunEvent[]) evolve(state, event);
    return state;
  }
}

/** When every PureRun begins, until its clock is moved. */
export const START = DEFAULT_START;

export const types = (events: readonly RunEvent[]): string[] => events.map((event) => event.type);
