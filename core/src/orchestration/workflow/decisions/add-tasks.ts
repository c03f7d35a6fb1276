import type { TaskDefinition } from '../../../definition/definition.ts';
import { standInOf } from '../../../definition/fallbacks.ts';
import { formatProblem } from '../../../definition/problem.ts';
import { idsIn, readsOf, standaloneOf } from '../../../definition/validation/validate-addition.ts';
import { validateDefinition } from '../../../definition/validation/validate-definition.ts';
import { type Json, jsonProblem } from '../../../shared/json.ts';
import { jsonSize } from '../../../shared/json-size.ts';
import type { TasksAdded } from '../events.ts';
import type { AddTasks } from '../outside/run-changes.ts';
import type { RunState } from '../state.ts';
import { sizeOfAdded } from '../transitions/hold.ts';
import { isAffordable } from '../untrusted/definition-shape.ts';
import { EVENT_SHAPES } from '../untrusted/event-shapes.ts';
import { edgesProblem } from './added-edges.ts';
import { blockProblem, StepsUsedUp, takenProblem, Walks } from './added-place.ts';
import type { DecisionContext } from './decision-context.ts';
import { beyondLimit } from './outcome.ts';
import { type Answer, problem, type Refusal } from './refusal.ts';
import { untakenProblem } from './untaken.ts';

/** Tasks that one command may add, those inside blocks included, and that a run may have in all, items included. */
export const MAX_ADDED_AT_ONCE = 1_000;
export const MAX_TASKS_OF_RUN = 1_000_000;

/** Adds the tasks, all or none. Costs the new tasks, and a walk from them to what they read that is no direct dependency. */
export function addTasks(
  state: RunState,
  command: Pick<AddTasks, 'scope' | 'tasks' | 'before' | 'commandId'>,
  context: DecisionContext,
): Answer {
  const { scope, before = [], commandId } = command;
  // Whoever sent them keeps no hold on what is recorded.
  const plain = jsonProblem(command.tasks) ?? jsonProblem(before);
  if (plain !== undefined) return problem('REPRISE_DEFINITION_INVALID', `The added tasks are no plain JSON, ${plain}.`);
  const tasks = JSON.parse(JSON.stringify(command.tasks)) as readonly TaskDefinition[];
  const event: TasksAdded = {
    type: 'TasksAdded',
    at: context.now,
    scope,
    tasks,
    ...(before.length > 0 && { before: before.map(({ taskId, dependency }) => ({ taskId, dependency })) }),
    commandId,
  };
  const { type, at: _at, ...data } = event;
  const flaw = EVENT_SHAPES[type](data, '');
  if (flaw !== undefined)
    return problem('REPRISE_DEFINITION_INVALID', `The added tasks: ${flaw.field} ${flaw.problem}.`);
  const found = additionProblem(state, event);
  if (found !== undefined) return found;
  const untaken = untakenProblem(tasks, context.takers);
  if (untaken !== undefined) {
    const message = `${untaken.replace(/^n/, 'N')}. Correct the name, or declare an agent that comes later or elsewhere: remoteAgent().`;
    return problem('REPRISE_AGENT_UNKNOWN', message);
  }
  if (jsonSize(tasks as unknown as Json, context.maxPayloadChars) > context.maxPayloadChars) {
    const message = `The added tasks are larger than the limit of ${context.maxPayloadChars} characters of JSON.`;
    return problem('REPRISE_PAYLOAD_TOO_LARGE', message);
  }
  const error = beyondLimit(state, 'the added tasks', sizeOfAdded(tasks), context);
  if (error !== undefined) return problem('REPRISE_RUN_TOO_LARGE', error.message);
  return [event];
}

/** Why tasks that have their shape may not be added to the run as it is; undefined when they may. */
export function additionProblem(state: RunState, event: TasksAdded): Refusal | undefined {
  const { scope: path, tasks } = event;
  if (state.rules < 3)
    return problem(
      'REPRISE_COMMAND_INVALID',
      `The run keeps the rules ${state.rules}, under which no tasks are added.`,
    );
  const ids = [...idsIn(tasks)];
  if (ids.length > MAX_ADDED_AT_ONCE)
    return problem(
      'REPRISE_TOO_MANY_TASKS',
      `${ids.length} tasks cannot be added at once; at most ${MAX_ADDED_AT_ONCE} can.`,
    );
  if (state.tasks.size + ids.length > MAX_TASKS_OF_RUN)
    return problem('REPRISE_TOO_MANY_TASKS', `The run would have more than ${MAX_TASKS_OF_RUN} tasks and items.`);
  const scope = state.scopes.get(path);
  const closed = blockProblem(state, path, scope);
  if (closed !== undefined || scope === undefined) return closed;
  try {
    return (
      takenProblem(state, scope, tasks, ids) ??
      edgesProblem(state, scope, event) ??
      definitionProblem(tasks, new Walks(state, scope))
    );
  } catch (error) {
    if (!(error instanceof StepsUsedUp)) throw error;
    return problem('REPRISE_TOO_MANY_TASKS', 'The added tasks read too many outputs from too far away to be checked.');
  }
}

function definitionProblem(tasks: readonly TaskDefinition[], walks: Walks): Refusal | undefined {
  const invalid = (message: string) => problem('REPRISE_DEFINITION_INVALID', message);
  const reads = readsOf(tasks);
  const [place] = reads.functions;
  if (place !== undefined)
    return invalid(`Added tasks are data, and ${place.join('.')} is a function; write CEL or a value.`);
  const names = new Set(tasks.map(({ id }) => id));
  for (const task of tasks) {
    const { id, repeat } = task;
    const standIn = standInOf(task);
    if (repeat !== undefined && !names.has(repeat.from))
      return invalid(`'${id}' repeats from '${repeat.from}', which does not come with it.`);
    if (standIn !== undefined && !names.has(standIn))
      return invalid(`The fallback of '${id}' is '${standIn}', which does not come with it.`);
  }
  const definition = standaloneOf(tasks, reads, walks.around);
  if (!isAffordable(definition))
    return problem('REPRISE_TOO_MANY_TASKS', 'The added tasks cost too much to be checked.');
  const problems = validateDefinition(definition, { isPart: true });
  if (problems.length === 0) return undefined;
  return invalid(`The added tasks are not valid: ${problems.slice(0, 10).map(formatProblem).join('; ')}`);
}
