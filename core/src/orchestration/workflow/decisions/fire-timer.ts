import type { TaskDefinition } from '../../../definition/definition.ts';
import { type ErrorData, RepriseError, toErrorData } from '../../../shared/errors.ts';
import { planOf } from '../../task-chaining/plan.ts';
import type { FireTimer, RetryTasks } from '../commands.ts';
import { sealed } from '../end-of-run.ts';
import type { RunEvent, RunFailed } from '../events.ts';
import { hasEnded, isInFlight, type RunState, type TaskState } from '../state.ts';
import { failAttempt, giveUp } from './attempt-outcome.ts';
import type { DecisionContext } from './decision-context.ts';
import { reject } from './rejection.ts';

export function fireTimer(state: RunState, command: FireTimer, context: DecisionContext): readonly RunEvent[] {
  const { timer } = command;
  const at = context.now;
  if (timer.kind === 'run') {
    const message = `The run took longer than ${state.definition.timeoutMs} ms.`;
    const error = toErrorData(new RepriseError('REPRISE_RUN_TIMEOUT', message), 'REPRISE_RUN_TIMEOUT');
    return [sealed<RunFailed>(state, { type: 'RunFailed', at, error })];
  }
  const task = state.tasks.get(timer.taskId);
  const definition = planOf(state.definition).tasks.get(task?.definitionId ?? '')?.definition;
  if (task === undefined || definition === undefined || hasEnded(task)) return [];
  switch (timer.kind) {
    case 'retry':
      if (task.status !== 'waiting' || task.attempt !== timer.attempt || task.retryAt === undefined) return [];
      return [{ type: 'TaskReady', at, taskId: task.id, reason: 'retry' }];
    case 'attempt': {
      if (!isInFlight(task) || task.status !== 'running' || task.attempt !== timer.attempt) return [];
      const message = `Attempt ${task.attempt} of '${task.id}' took longer than ${definition.timeouts.attemptMs} ms.`;
      const error = toErrorData(new RepriseError('REPRISE_ATTEMPT_TIMEOUT', message), 'REPRISE_ATTEMPT_TIMEOUT');
      return failAttempt(state, task, error, false, context);
    }
    case 'task': {
      if (task.round !== timer.round || task.status === 'pending') return [];
      const message = `'${task.id}', retries included, took longer than ${definition.timeouts.taskMs} ms.`;
      const error = toErrorData(new RepriseError('REPRISE_TASK_TIMEOUT', message), 'REPRISE_TASK_TIMEOUT');
      return giveUpAtTimeout(task, definition, error, at);
    }
    default:
      return timer satisfies never;
  }
}

/** The time of the whole task is used up, so only a value can still stand in. */
function giveUpAtTimeout(
  task: TaskState,
  definition: TaskDefinition,
  error: ErrorData,
  at: number,
): readonly RunEvent[] {
  const failed: readonly RunEvent[] = isInFlight(task)
    ? [{ type: 'TaskAttemptFailed', at, taskId: task.id, attempt: task.attempt, error }]
    : [];
  if (definition.fallback?.kind === 'value') return [...failed, ...giveUp(task, definition, error, at)];
  return [...failed, { type: 'TaskFailed', at, taskId: task.id, error }];
}

export function retryTasks(state: RunState, command: RetryTasks, context: DecisionContext): readonly RunEvent[] {
  const waits = (task: TaskState): boolean => task.status === 'waiting' && task.retryAt !== undefined;
  const events: RunEvent[] = [];
  for (const task of state.tasks.values()) {
    if (!waits(task) || (command.taskId !== undefined && task.id !== command.taskId)) continue;
    events.push({ type: 'TaskReady', at: context.now, taskId: task.id, reason: 'manual' });
  }
  if (events.length > 0) return events;
  const what =
    command.taskId === undefined ? 'No task of the run' : `'${command.taskId}' does not wait, and no such task`;
  return [reject(command, 'REPRISE_COMMAND_INVALID', `${what} waits for a retry.`, context)];
}
