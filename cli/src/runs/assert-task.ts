import { didYouMean, type RunReader, type RunView, type TaskDefinition, taskPaths, tasksWithin } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { withAdded } from '../workflows/with-added.ts';

/** Throws REPRISE_USAGE when a run has no task, and no item, of a name that `flag` was given. */
export async function assertTask(reader: RunReader, runId: string, flag: string, typed: string): Promise<void> {
  const started = await reader.state(runId, 0);
  const { definition, itemOf } = taskPaths(started.rules);
  // What stands in the definition needs no look at the whole history.
  if (namesIn(started).has(definition(typed))) return;
  const state = await reader.state(runId);
  const names = namesIn(state);
  if (state.tasks.has(typed) || names.has(definition(typed))) return;
  const [, list, index] = /^(.+)[.[](\d+)\]?$/.exec(typed) ?? [];
  const item =
    list !== undefined && names.has(list) && itemOf(typed) === undefined
      ? `; did you mean '${taskPaths(state.rules).item(list, Number(index))}'?`
      : undefined;
  throw usageError(
    `${flag}: run '${runId}' has no task '${typed}'${item ?? didYouMean(typed, names)} (there are ${[...names].slice(0, MOST).join(', ')}${names.size > MOST ? ', and more' : ''}).`,
  );
}

const MOST = 30;

/** The paths of all tasks of a run, those inside blocks included; items and attempts aside. */
function namesIn(state: RunView): ReadonlySet<string> {
  const names = new Set<string>();
  const walk = (tasks: readonly TaskDefinition[], block: string): void => {
    for (const { id, scope } of tasks) {
      const path = block === '' ? id : `${block}/${id}`;
      names.add(path);
      if (scope !== undefined) walk(tasksWithin(scope), path);
    }
  };
  walk(tasksWithin(withAdded(state)), '');
  const { definition } = taskPaths(state.rules);
  for (const { definitionId } of state.tasks.values()) names.add(definition(definitionId));
  return names;
}
