import type { Json } from '../shared/json.ts';
import { assembleTasks } from './builder/assemble.ts';
import { type AddedTasksBuilder, WorkflowBuilder } from './builder/workflow-builder.ts';
import type { TaskDefinition } from './definition.ts';
import { fallbackTasks } from './graph.ts';
import { type DefinitionProblem, definitionInvalid, type Report } from './problem.ts';
import { loadTasks } from './text/parse-workflow.ts';

/** Tasks by id, as in a workflow that is written as JSON or YAML; or what a function says to a builder of tasks. */
export type TasksToAdd = Readonly<Record<string, unknown>> | ((block: AddedTasksBuilder) => AddedTasksBuilder);

const WHAT = 'What is to be added';

/**
 * The tasks with their defaults filled in. Throws REPRISE_DEFINITION_INVALID for what has not the form of a task; whether they fit the run that
 * they are for, that says.
 */
export function readTasksToAdd(written: TasksToAdd): readonly TaskDefinition[] {
  if (typeof written !== 'function') return loadTasks(written as Json, WHAT);
  const problems: DefinitionProblem[] = [];
  const report: Report = (path, message) => {
    problems.push({ path, message });
  };
  const tasks = assembleTasks(WorkflowBuilder.added(written), ['tasks'], report);
  if (problems.length > 0) throw definitionInvalid(WHAT, problems);
  return tasks;
}

/** The ids of the tasks that none of the others comes after, stand-ins excluded. */
export function lastOf(tasks: readonly TaskDefinition[]): readonly string[] {
  const before = new Set(tasks.flatMap(({ after }) => after));
  const standIns = fallbackTasks(tasks);
  return tasks.map(({ id }) => id).filter((id) => !before.has(id) && !standIns.has(id));
}
