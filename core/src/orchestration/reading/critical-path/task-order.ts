import type { TaskDefinition, WorkflowDefinition } from '../../../definition/definition.ts';
import { standInOf } from '../../../definition/fallbacks.ts';
import { inside, outer, taskPaths } from '../../../shared/task-path.ts';
import type { RunView } from '../../workflow/run-view.ts';

/** By path in the definition: what each task may begin after, as ids of its block. Plain JSON. */
export type PlannedOrder = { readonly [path: string]: readonly string[] };

/** What a task of a run, by its path, may begin after, as paths of the run. */
export type AfterOf = (path: string) => readonly string[];

/** The order that a definition plans: dependencies, what a task stands in for, and what it is repeated after. */
export function plannedOrder({ tasks }: Pick<WorkflowDefinition, 'tasks'>): PlannedOrder {
  const order: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const walk = (block: string, all: readonly TaskDefinition[]): void => {
    for (const task of all) order[inside(block, task.id)] = [...task.after];
    for (const task of all) {
      const standIn = standInOf(task);
      if (standIn !== undefined) order[inside(block, standIn)]?.push(task.id);
      if (task.repeat !== undefined) order[inside(block, task.repeat.from)]?.push(task.id);
      if (task.scope !== undefined) walk(inside(block, task.id), task.scope.tasks);
    }
  };
  walk('', tasks);
  return { ...order };
}

/** The order of the tasks of a run, its items included, by the order that its definition plans. */
export function orderedBy(order: PlannedOrder, rules: number): AfterOf {
  const paths = taskPaths(rules);
  return (path) => {
    const planned = paths.definition(path);
    const block = outer(path)?.block ?? '';
    return (Object.hasOwn(order, planned) ? (order[planned] ?? []) : []).map((id) => inside(block, id));
  };
}

/** The order of the tasks of a run as it is: with what was added to it, and with edges that were drawn or taken away. */
export function orderIn(run: RunView): AfterOf {
  const planned = orderedBy(plannedOrder(run.definition), run.rules);
  const own = new Map<string, readonly string[]>();
  for (const { id, scope, added, putBehind, takenFrom } of run.tasks.values()) {
    if (added === undefined && putBehind.length === 0 && takenFrom.length === 0) continue;
    const gone = new Set(takenFrom.map((one) => inside(scope, one)));
    const after = added === undefined ? planned(id) : added.after.map((one) => inside(scope, one));
    own.set(
      id,
      [...after, ...putBehind.map((one) => inside(scope, one))].filter((one) => !gone.has(one)),
    );
  }
  return (path) => own.get(path) ?? planned(path);
}
