import { parseWorkflow, type TaskDefinition } from '@reprise/core';
import type { Command } from '../../core/src/orchestration/workflow/commands.ts';
import { handle } from '../../core/src/orchestration/workflow/handle.ts';
import { initialState, type RunState } from '../../core/src/orchestration/workflow/state.ts';

/** How the tasks hang together: each after the one before and reading it; all after one that is open all the time; or all before one that waits. */
export type Shape = 'chain' | 'fan' | 'join';

export interface AddedFigures {
  /** To add a task, µs of the heart alone. */
  readonly addUs: number;
  /** To add it, schedule it and complete it. */
  readonly allUs: number;
}

const context = { now: 1, random: () => 0.5, maxPayloadChars: 1024 * 1024 };

const [model] = parseWorkflow('name: w\ntasks: { step: { agent: step } }').definition.tasks;

/** Adds `count` tasks to one run of one task, `batch` at once, and runs them. The heart alone: no store, no agents. */
export function measureAdded(shape: Shape, count: number, batch: number): AddedFigures {
  const state = initialState();
  const { definition, hash } = parseWorkflow(
    'name: w\ntasks: { open: { agent: step }, last: { agent: step, after: open } }',
  );
  let commands = 0;
  const send = (command: Record<string, unknown>): void => {
    commands += 1;
    const full = { runId: 'run', commandId: `c${commands}`, ...command } as unknown as Command;
    const [first] = handle(state, full, context);
    if (first === undefined || first.type === 'CommandRejected') throw new Error(`${full.type}: ${first?.message}`);
  };
  send({ type: 'StartRun', definition, definitionHash: hash, input: null });
  let adding = 0;
  const start = performance.now();
  for (let from = 0; from < count; from += batch) {
    const tasks = Array.from({ length: batch }, (_, n) => taskOf(shape, from + n));
    const began = performance.now();
    const before = tasks.map(({ id }) => ({ taskId: 'last', dependency: id }));
    send({ type: 'AddTasks', scope: '', tasks, ...(shape === 'join' && { before }) });
    adding += performance.now() - began;
    if (shape !== 'fan') runAll(state, tasks, send);
  }
  if (shape === 'fan') {
    runAll(state, [{ id: 'open' }], send);
    runAll(
      state,
      Array.from({ length: count }, (_, n) => ({ id: `t${n}` })),
      send,
    );
  } else {
    runAll(state, [{ id: 'open' }], send);
  }
  runAll(state, [{ id: 'last' }], send);
  if (state.status !== 'completed') throw new Error(`the run is ${state.status}`);
  const all = performance.now() - start;
  return { addUs: (adding * 1000) / count, allUs: (all * 1000) / count };
}

function taskOf(shape: Shape, index: number): TaskDefinition {
  if (model === undefined) throw new Error('there is no task');
  const id = `t${index}`;
  if (shape === 'fan') return { ...model, id, after: ['open'] };
  if (index === 0 || shape === 'join') return { ...model, id };
  const before = `t${index - 1}`;
  return { ...model, id, after: [before], input: { kind: 'template', template: { seen: `\${ outputs.${before} }` } } };
}

function runAll(
  state: RunState,
  tasks: readonly { readonly id: string }[],
  send: (command: Record<string, unknown>) => void,
): void {
  for (const { id: taskId } of tasks) {
    send({ type: 'ScheduleTasks', strategy: 'graph', assignments: [{ taskId, agent: 'step' }] });
    send({ type: 'CompleteTask', taskId, attempt: state.tasks.get(taskId)?.attempt, output: taskId });
  }
}

if (import.meta.main) {
  for (const shape of ['chain', 'fan', 'join'] as const)
    for (const batch of [1, 10, 100])
      for (const count of [1000, 1000, 10_000]) console.log(shape, batch, count, measureAdded(shape, count, batch));
}
