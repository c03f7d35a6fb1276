import type { TaskNode } from '../../definition/task-graph.ts';
import { type ErrorData, errorData, withCause } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { bindCondition, bindItems, bindRunOutput, scopeOf } from '../task-chaining/input-binding.ts';
import { bindingSource } from './binding-source.ts';
import type { DecisionContext } from './decisions/decision-context.ts';
import { expansionOf } from './decisions/expansion.ts';
import { timeIsUp } from './decisions/fire-timer.ts';
import { beyondLimit, conclude, giveUp } from './decisions/outcome.ts';
import { sealed } from './end-of-run.ts';
import type { RunCompleted, RunEvent, RunFailed } from './events.ts';
import type { RunState, TaskState } from './state.ts';

/** Whether something follows from the state by itself. */
export const isUnsettled = (state: RunState): boolean =>
  (state.status === 'running' || state.status === 'paused') &&
  (state.failure !== undefined || state.frontier.size > 0 || state.open === 0);

/**
 * What follows from the state by itself, one step at a time: a condition is evaluated, a forEach expands or ends, a fallback
 * task's outcome is taken over, the run ends. Pure; called and folded until it gives nothing. A parked run is left as it is.
 */
export function settle(state: RunState, context: DecisionContext): readonly RunEvent[] {
  if (!isUnsettled(state)) return [];
  if (state.failure !== undefined) return [failRun(state, state.failure, context)];
  for (const taskId of state.frontier) {
    const task = state.tasks.get(taskId);
    if (task === undefined) continue;
    if (task.index !== undefined) return settleItem(state, task, context);
    const planned = state.graph.node(taskId);
    if (planned !== undefined) return settleTask(state, task, planned, context);
  }
  return state.open === 0 ? [completeRun(state, context)] : [];
}

function settleTask(
  state: RunState,
  task: TaskState,
  planned: TaskNode,
  context: DecisionContext,
): readonly RunEvent[] {
  const { items } = task;
  if (items !== undefined && items.values.length >= items.total) return [endOfItems(state, task, context)];
  if (task.fallback === 'task') return endOfFallback(state, task, planned, context);
  const at = context.now;
  const { definition } = planned;
  const scope = scopeOf(state.graph, bindingSource(state), task.id, task.round);
  if (items !== undefined) return expand(state, task, planned, scope, context);
  if (definition.after.length > 0 && task.skippedDependencies === definition.after.length)
    return [skip(task, planned, 'dependencies', at)];
  if (definition.when !== undefined) {
    const holds = bindCondition(definition.when, scope, `task '${task.id}', when`);
    if (!holds.ok) return giveUp(state, task, definition, { error: holds.error }, context);
    if (!holds.value) return [skip(task, planned, 'condition', at)];
  }
  if (definition.forEach === undefined) return [{ type: 'TaskReady', at, taskId: task.id, reason: 'condition' }];
  return expand(state, task, planned, scope, context);
}

/** A repeating task that is skipped in a later round ends the loop with what the round before gave. */
function skip(task: TaskState, planned: TaskNode, reason: 'condition' | 'dependencies', at: number): RunEvent {
  if (planned.definition.repeat !== undefined && task.round > 1)
    return { type: 'TaskCompleted', at, taskId: task.id, attempt: task.attempt, via: 'last-round' };
  return { type: 'TaskSkipped', at, taskId: task.id, reason };
}

/** Items that are being recorded in several turns: computed once a round. Lost with the state, and then computed again. */
const expansions = new WeakMap<TaskState, { readonly round: number; readonly values: readonly Json[] }>();

/** Records the items, or the next of them. */
function expand(
  state: RunState,
  task: TaskState,
  { definition }: TaskNode,
  scope: ReturnType<typeof scopeOf>,
  context: DecisionContext,
): readonly RunEvent[] {
  if (definition.forEach === undefined) return [];
  const failed = (error: ErrorData) => giveUp(state, task, definition, { error }, context);
  const from = task.items?.values.length ?? 0;
  const known = expansions.get(task);
  let values = known?.round === task.round && from > 0 ? known.values : undefined;
  if (values === undefined) {
    const bound = bindItems(definition.forEach.items, scope, task.id, context.maxPayloadChars);
    if (!bound.ok) return failed(bound.error);
    const error = beyondLimit(state, `the items of '${task.id}'`, bound.size, context);
    if (error !== undefined && from === 0) return failed(error);
    values = bound.value;
    if (task.items !== undefined && task.items.total !== values.length) {
      const message = `task '${task.id}', forEach: gave ${values.length} items, and ${task.items.total} when it began.`;
      return failed(errorData('REPRISE_ITEMS_INVALID', message));
    }
    expansions.set(task, { round: task.round, values });
  }
  return expansionOf(task.id, values, context.now, from, context.sliceChars);
}

/** Only an item whose list has no time left is looked at by itself. */
function settleItem(state: RunState, item: TaskState, context: DecisionContext): readonly RunEvent[] {
  const expired = state.tasks.get(item.definitionId)?.items?.expired;
  return expired === undefined ? [] : timeIsUp(state, item, withCause(expired, item.error), context);
}

function endOfItems(state: RunState, parent: TaskState, context: DecisionContext): RunEvent {
  const at = context.now;
  const tolerant = state.graph.node(parent.id)?.definition.forEach?.onItemFailure === 'continue';
  if (!tolerant) {
    for (const [index, item] of (parent.items?.instances ?? []).entries()) {
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

function endOfFallback(
  state: RunState,
  task: TaskState,
  planned: TaskNode,
  context: DecisionContext,
): readonly RunEvent[] {
  const fallback = planned.definition.fallback;
  const substitute = fallback?.kind === 'task' ? state.tasks.get(fallback.task) : undefined;
  if (substitute?.status === 'completed' || substitute?.status === 'skipped')
    return conclude(state, task, substitute.output ?? null, 'fallback-task', context);
  const missing = errorData('REPRISE_TASK_FAILED', 'The fallback task left no error.');
  const error = withCause(substitute?.error ?? missing, substitute?.error === undefined ? task.error : undefined);
  return giveUp(state, task, planned.definition, { error, fellBack: true }, context);
}

function failRun(state: RunState, taskId: string, context: DecisionContext): RunEvent {
  const cause = state.tasks.get(taskId)?.error;
  const at = context.now;
  // There was no time left in the run for another attempt.
  if (cause?.code === 'REPRISE_RUN_TIMEOUT')
    return sealed<RunFailed>(state, { type: 'RunFailed', at, error: cause, taskId });
  const message = `Task '${taskId}' failed: ${cause?.message ?? 'no error given'}`;
  const error = {
    code: 'REPRISE_TASK_FAILED',
    message,
    retryable: false,
    ...(cause === undefined ? {} : { details: { taskId, code: cause.code }, cause }),
  };
  return sealed<RunFailed>(state, { type: 'RunFailed', at, error, taskId });
}

function completeRun(state: RunState, context: DecisionContext): RunEvent {
  const { graph } = state;
  const output = bindRunOutput(state.definition, graph, bindingSource(state), context.maxPayloadChars);
  const at = context.now;
  if (output === undefined) return sealed<RunCompleted>(state, { type: 'RunCompleted', at });
  if (output.ok) return sealed<RunCompleted>(state, { type: 'RunCompleted', at, output: output.value });
  return sealed<RunFailed>(state, { type: 'RunFailed', at, error: output.error });
}
