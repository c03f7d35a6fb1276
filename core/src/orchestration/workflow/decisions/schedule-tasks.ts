import type { TaskDefinition } from '../../../definition/definition.ts';
import { bindInput, scopeOf } from '../../task-chaining/input-binding.ts';
import { type Plan, planOf } from '../../task-chaining/plan.ts';
import { bindingSource, itemBinding } from '../binding-source.ts';
import type { ScheduleTasks } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import type { RunState, TaskState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';

/** Takes what the strategy chose and the state allows: the task is ready, a slot is free. The rest is passed over. */
export function schedule(state: RunState, command: ScheduleTasks, context: DecisionContext): readonly RunEvent[] {
  if (state.status !== 'running') return [];
  const plan = planOf(state.definition);
  const events: RunEvent[] = [];
  const chosen = new Set<string>();
  let slots = state.definition.concurrency - state.inFlight;
  for (const { taskId, agent } of command.assignments) {
    const task = state.tasks.get(taskId);
    if (slots <= 0 || task?.status !== 'ready' || chosen.has(taskId)) continue;
    chosen.add(taskId);
    const definition = plan.tasks.get(task.definitionId)?.definition;
    if (definition === undefined) continue;
    const scheduled = scheduleTask(state, plan, task, definition, agent, context);
    if (scheduled[0]?.type === 'TaskScheduled') slots -= 1;
    events.push(...scheduled);
  }
  return events;
}

function scheduleTask(
  state: RunState,
  plan: Plan,
  task: TaskState,
  definition: TaskDefinition,
  agent: string,
  context: DecisionContext,
): readonly RunEvent[] {
  const at = context.now;
  const attempt = task.attempt + 1;
  const base = { type: 'TaskScheduled', at, taskId: task.id, attempt, agent } as const;
  const events: RunEvent[] = [];
  if (task.input !== undefined) {
    events.push(base);
  } else {
    const bound = inputOf(state, plan, task, context);
    if (!bound.ok) return [{ type: 'TaskFailed', at, taskId: task.id, error: bound.error }];
    events.push({ ...base, input: bound.value });
  }
  // At-most-once: that the attempt began is durable before any agent can be called.
  if (definition.delivery === 'at-most-once') {
    events.push({ type: 'TaskStarted', at, taskId: task.id, attempt, worker: 'at-most-once' });
  }
  return events;
}

function inputOf(state: RunState, plan: Plan, task: TaskState, context: DecisionContext) {
  const origin = plan.tasks.get(task.definitionId)?.fallbackFor;
  const failed = origin === undefined ? undefined : state.tasks.get(origin);
  if (failed !== undefined && plan.tasks.get(task.definitionId)?.definition.input === undefined) {
    const error = failed.error === undefined ? null : { code: failed.error.code, message: failed.error.message };
    return { ok: true, value: { input: failed.input ?? null, error } } as const;
  }
  const source = bindingSource(state);
  const item = itemBinding(state, task);
  const scope = () => scopeOf(plan, source, task.definitionId, task.round, item);
  return bindInput(plan, source, task.definitionId, scope, context.maxPayloadChars, item);
}
