import type { TaskDefinition } from '../../../definition/definition.ts';
import { type ErrorData, RepriseError, toErrorData } from '../../../shared/errors.ts';
import { afterFailure } from '../../task-chaining/failure.ts';
import { bindCondition, scopeOf } from '../../task-chaining/input-binding.ts';
import { planOf } from '../../task-chaining/plan.ts';
import { bindingSource } from '../binding-source.ts';
import type { CompleteTask, FailTask } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import { isInFlight, type RunState, type TaskState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';

export function complete(state: RunState, command: CompleteTask, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  if (task === undefined) return [];
  if (!isInFlight(task) || task.attempt !== command.attempt) return late(task, command.attempt, 'completed', context);
  const at = context.now;
  const base = { at, taskId: task.id, attempt: task.attempt, output: command.output };
  const plan = planOf(state.definition);
  const repeat = plan.tasks.get(task.id)?.definition.repeat;
  if (repeat === undefined) return [{ type: 'TaskCompleted', ...base, via: 'agent' }];
  const scope = { ...scopeOf(plan, bindingSource(state), task.id, task.round), output: command.output };
  const until = bindCondition(repeat.until, scope, `task '${task.id}', repeat.until`);
  if (!until.ok) return [{ type: 'TaskFailed', at, taskId: task.id, error: until.error }];
  if (until.value) return [{ type: 'TaskCompleted', ...base, via: 'agent' }];
  if (task.round < repeat.max) return [{ type: 'TaskRepeated', ...base, from: repeat.from, round: task.round + 1 }];
  if (repeat.onExhausted === 'accept') return [{ type: 'TaskCompleted', ...base, via: 'agent' }];
  const message = `The condition of the repeat of '${task.id}' did not hold within ${repeat.max} rounds.`;
  const error = toErrorData(new RepriseError('REPRISE_REPEAT_EXHAUSTED', message), 'REPRISE_REPEAT_EXHAUSTED');
  return [{ type: 'TaskFailed', at, taskId: task.id, error }];
}

/** A result for an attempt that is closed: a repeat of the one that was applied is nothing, any other is put on record once. */
function late(
  task: TaskState,
  attempt: number,
  outcome: 'completed' | 'failed',
  context: DecisionContext,
): readonly RunEvent[] {
  const applied = task.attempt === attempt && outcome === (task.status === 'completed' ? 'completed' : 'failed');
  if (applied || task.ignoredAttempt >= attempt || attempt > task.attempt) return [];
  return [{ type: 'TaskResultIgnored', at: context.now, taskId: task.id, attempt, outcome }];
}

export function fail(state: RunState, command: FailTask, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  if (task === undefined) return [];
  if (!isInFlight(task) || task.attempt !== command.attempt) return late(task, command.attempt, 'failed', context);
  return failAttempt(state, task, command.error, command.lost === true, context);
}

export function failAttempt(
  state: RunState,
  task: TaskState,
  error: ErrorData,
  lost: boolean,
  context: DecisionContext,
): readonly RunEvent[] {
  const definition = planOf(state.definition).tasks.get(task.definitionId)?.definition;
  if (definition === undefined) return [];
  const next = afterFailure(definition, {
    error,
    lost,
    tries: task.tries + (lost ? 0 : 1),
    losses: task.losses + (lost ? 1 : 0),
    fellBack: task.fallback !== undefined,
    random: context.random(),
  });
  const at = context.now;
  const failed = {
    type: 'TaskAttemptFailed',
    at,
    taskId: task.id,
    attempt: task.attempt,
    error,
    ...(lost ? { lost } : {}),
  } as const;
  if (next.kind === 'retry') return [{ ...failed, retryAt: at + next.delayMs }];
  return [failed, ...giveUp(task, definition, error, at)];
}

/** No attempt is left: the fallback stands in, or the task fails. */
export function giveUp(task: TaskState, definition: TaskDefinition, error: ErrorData, at: number): readonly RunEvent[] {
  const { fallback } = definition;
  if (fallback === undefined || task.fallback !== undefined)
    return [{ type: 'TaskFailed', at, taskId: task.id, error }];
  if (fallback.kind === 'value') {
    return [
      {
        type: 'TaskCompleted',
        at,
        taskId: task.id,
        attempt: task.attempt,
        via: 'fallback-value',
        output: fallback.value,
      },
    ];
  }
  return [{ type: 'TaskFellBack', at, taskId: task.id, to: fallback, error }];
}
