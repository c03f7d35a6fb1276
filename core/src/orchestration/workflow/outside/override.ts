import { performerOf } from '../../../definition/definition.ts';
import { jsonProblem } from '../../../shared/json.ts';
import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { beyondLimit } from '../decisions/outcome.ts';
import { type Answer, problem } from '../decisions/refusal.ts';
import { definitionOf, isInFlight, type RunState } from '../state.ts';
import { isWaiting } from '../transitions/close.ts';
import type { OverrideTask } from './run-changes.ts';
import { isTask, taskUnderWay } from './task-under-way.ts';

/**
 * The task completes with the output, and counts as done: what undoes it is handed that. Its own attempt is aborted, and what that may give yet is
 * ignored. What is outstanding inside it (child runs, attempts that can be undone) is awaited first, and nothing is undone.
 */
export function override(
  state: RunState,
  command: Pick<OverrideTask, 'taskId' | 'output' | 'commandId'>,
  context: DecisionContext,
): Answer {
  const { taskId, commandId, output } = command;
  const { now: at, maxPayloadChars } = context;
  const task = taskUnderWay(state, taskId);
  if (!isTask(task)) return task;
  const definition = definitionOf(state, task);
  const performer = definition === undefined ? undefined : performerOf(definition);
  // What ends with it is not said by an output.
  if (performer === 'switch' || performer === 'end') {
    const message = `'${taskId}' is ${performer === 'end' ? 'an end' : 'a switch'}, which an output says nothing about: skip it, or override what it comes after.`;
    return problem('REPRISE_COMMAND_INVALID', message);
  }
  if (task.yieldedAt !== undefined) {
    const message = `'${taskId}' has yielded: what comes after it has its output. A skip ends what is left of it.`;
    return problem('REPRISE_TASK_ENDED', message);
  }
  const plain = jsonProblem(output);
  if (plain !== undefined)
    return problem('REPRISE_INVALID_PAYLOAD', `The output of '${taskId}' is not plain JSON: ${plain}.`);
  if (jsonSize(output, maxPayloadChars) > maxPayloadChars) {
    const message = `The output of '${taskId}' is larger than the limit of ${maxPayloadChars} characters of JSON. Pass a reference instead.`;
    return problem('REPRISE_PAYLOAD_TOO_LARGE', message);
  }
  const error = beyondLimit(state, `the output of '${taskId}'`, roughSize(output), context);
  if (error !== undefined) return problem('REPRISE_RUN_TOO_LARGE', error.message);
  if (!isInFlight(task) && isWaiting(state, taskId))
    return [{ type: 'TaskClosing', at, taskId, why: 'override', commandId, output }];
  return [{ type: 'TaskCompleted', at, taskId, attempt: task.attempt + 1, via: 'override', output, commandId }];
}
