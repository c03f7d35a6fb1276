import { RepriseError, toErrorData } from '../../shared/errors.ts';
import { bindCondition, bindItems, bindRunOutput, scopeOf } from '../task-chaining/input-binding.ts';
import { type PlannedTask, planOf } from '../task-chaining/plan.ts';
import { bindingSource } from './binding-source.ts';
import type { DecisionContext } from './decisions/decision-context.ts';
import { expansionOf } from './decisions/expansion.ts';
import { sealed } from './end-of-run.ts';
import type { RunCompleted, RunEvent, RunFailed } from './events.ts';
import { isTerminal, type RunState, type TaskState } from './state.ts';

/**
 * What follows from the state by itself, one step at a time: a condition is evaluated, a forEach expands or ends, a fallback
 * task's outcome is taken over, the run ends. Pure; called and folded until it gives nothing.
 */
export function settle(state: RunState, context: DecisionContext): readonly RunEvent[] {
  if (state.status === 'none' || isTerminal(state.status)) return [];
  if (state.failure !== undefined) return [failRun(state, state.failure, context)];
  for (const taskId of state.frontier) {
    const task = state.tasks.get(taskId);
    const planned = planOf(state.definition).tasks.get(taskId);
    if (task === undefined || planned === undefined) continue;
    return settleTask(state, task, planned, context);
  }
  return state.open === 0 ? [completeRun(state, context)] : [];
}

function settleTask(
  state: RunState,
  task: TaskState,
  planned: PlannedTask,
  context: DecisionContext,
): readonly RunEvent[] {
  if (task.items !== undefined) return [endOfItems(state, task, context)];
  if (task.fallback === 'task') return [endOfFallback(state, task, planned, context)];
  const at = context.now;
  const { definition } = planned;
  if (definition.after.length > 0 && task.skippedDependencies === definition.after.length) {
    return [{ type: 'TaskSkipped', at, taskId: task.id, reason: 'dependencies' }];
  }
  const scope = scopeOf(planOf(state.definition), bindingSource(state), task.id, task.round);
  if (definition.when !== undefined) {
    const holds = bindCondition(definition.when, scope, `task '${task.id}', when`);
    if (!holds.ok) return [{ type: 'TaskFailed', at, taskId: task.id, error: holds.error }];
    if (!holds.value) return [{ type: 'TaskSkipped', at, taskId: task.id, reason: 'condition' }];
  }
  if (definition.forEach === undefined) return [{ type: 'TaskReady', at, taskId: task.id, reason: 'condition' }];
  const items = bindItems(definition.forEach.items, scope, task.id);
  if (!items.ok) return [{ type: 'TaskFailed', at, taskId: task.id, error: items.error }];
  return expansionOf(task.id, items.value, at);
}

function endOfItems(state: RunState, parent: TaskState, context: DecisionContext): RunEvent {
  const at = context.now;
  const tolerant = planOf(state.definition).tasks.get(parent.id)?.definition.forEach?.onItemFailure === 'continue';
  if (!tolerant) {
    const total = parent.items?.total ?? 0;
    for (let index = 0; index < total; index += 1) {
      const item = state.tasks.get(`${parent.id}.${index}`);
      if (item?.status === 'failed' && item.error !== undefined) {
        return {
          type: 'TaskFailed',
          at,
          taskId: parent.id,
          error: { ...item.error, message: `item ${index}: ${item.error.message}` },
        };
      }
    }
  }
  return { type: 'TaskCompleted', at, taskId: parent.id, attempt: parent.attempt, via: 'items' };
}

function endOfFallback(state: RunState, task: TaskState, planned: PlannedTask, context: DecisionContext): RunEvent {
  const fallback = planned.definition.fallback;
  const substitute = fallback?.kind === 'task' ? state.tasks.get(fallback.task) : undefined;
  const base = { at: context.now, taskId: task.id };
  if (substitute?.status === 'completed' || substitute?.status === 'skipped') {
    return { type: 'TaskCompleted', ...base, attempt: task.attempt, via: 'fallback-task' };
  }
  const error = substitute?.error ?? task.error;
  const missing = new RepriseError('REPRISE_TASK_FAILED', 'The fallback task left no error.');
  return { type: 'TaskFailed', ...base, error: error ?? toErrorData(missing, 'REPRISE_TASK_FAILED') };
}

function failRun(state: RunState, taskId: string, context: DecisionContext): RunEvent {
  const cause = state.tasks.get(taskId)?.error;
  const message = `Task '${taskId}' failed: ${cause?.message ?? 'no error given'}`;
  const error = {
    code: 'REPRISE_TASK_FAILED',
    message,
    retryable: false,
    ...(cause === undefined ? {} : { details: { taskId, code: cause.code } }),
  };
  return sealed<RunFailed>(state, { type: 'RunFailed', at: context.now, error, taskId });
}

function completeRun(state: RunState, context: DecisionContext): RunEvent {
  const plan = planOf(state.definition);
  const output = bindRunOutput(state.definition, plan, bindingSource(state), context.maxPayloadChars);
  const at = context.now;
  if (output === undefined) return sealed<RunCompleted>(state, { type: 'RunCompleted', at });
  if (output.ok) return sealed<RunCompleted>(state, { type: 'RunCompleted', at, output: output.value });
  return sealed<RunFailed>(state, { type: 'RunFailed', at, error: output.error });
}
