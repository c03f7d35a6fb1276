import type { Progress, TaskDefinition } from '../../definition/definition.ts';
import { lazyRecord } from '../../definition/lazy-record.ts';
import { inside, outer } from '../../shared/task-path.ts';
import { type Bound, bindCondition } from '../task-chaining/input-binding.ts';
import { taskScope } from './binding-source.ts';
import type { DecisionContext } from './decisions/decision-context.ts';
import { giveUp } from './decisions/outcome.ts';
import { withdraw } from './decisions/withdraw.ts';
import type { RunEvent } from './events.ts';
import { definitionOf, hasEnded, type RunState, type TaskState } from './state.ts';

// `while`: a task begins if it holds, and goes on as long as it does.

/** Whether the `while` of a task holds; one without any always does. */
export function askMilestone(state: RunState, task: TaskState, definition: TaskDefinition): Bound<boolean> {
  if (definition.while === undefined) return { ok: true, value: true };
  const scope = { ...taskScope(state, task), status: statusAround(state, task) };
  return bindCondition(definition.while, scope, `task '${task.id}', while`);
}

/** What follows for a task that is under way, or waits for its mutex; one that has not begun is asked when it does. */
export function endOfMilestone(state: RunState, task: TaskState, context: DecisionContext): readonly RunEvent[] {
  const definition = definitionOf(state, task);
  if (definition === undefined || hasEnded(task) || task.closing !== undefined || task.index !== undefined) return [];
  const isPending = task.status === 'pending';
  if (isPending && task.mutex === undefined) return [];
  const holds = askMilestone(state, task, definition);
  // What stands in for a task that could not be asked is not asked either.
  if (!holds.ok) return task.fallback === undefined ? giveUp(state, task, definition, holds, context) : [];
  if (holds.value) return [];
  return isPending
    ? [{ type: 'TaskSkipped', at: context.now, taskId: task.id, reason: 'while' }]
    : withdraw(state, task, { why: 'while' }, context.now);
}

function statusAround(state: RunState, { scope, definitionId }: TaskState): Readonly<Record<string, Progress>> {
  const block = outer(definitionId)?.block ?? '';
  const progress = (id: string): Progress | undefined => {
    const task = state.tasks.get(inside(scope, id));
    if (task !== undefined) return progressOf(task);
    return state.graph.node(inside(block, id)) === undefined ? undefined : 'pending';
  };
  return lazyRecord(progress, () => []) as Readonly<Record<string, Progress>>;
}

/** What waits for its mutex has not begun. */
function progressOf({ status }: TaskState): Progress {
  return status === 'ready' || status === 'scheduled' || status === 'waiting' ? 'running' : status;
}
