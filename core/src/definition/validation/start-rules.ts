import type { TaskGroup } from '../blocks.ts';
import type { TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { dependentsOf } from '../graph.ts';
import type { Path, Report } from '../problem.ts';
import { casesOf } from '../switch-cases.ts';

/** When a task starts, beside its edges: cases of switches, and joins. */
export function checkStarts(group: TaskGroup, report: Report): void {
  const dependents = group.tasks.some(({ rest }) => rest === 'cancel') ? dependentsOf(group.tasks) : new Map();
  for (const task of group.tasks) {
    const path = [...group.path, task.id];
    checkCases(task, group, [...path, 'case'], report);
    checkJoin(task, dependents, path, report);
  }
}

function checkCases({ cases = {}, after }: TaskDefinition, { known }: TaskGroup, path: Path, report: Report): void {
  for (const [id, name] of Object.entries(cases)) {
    const choice = after.includes(id) ? known.get(id)?.switch : undefined;
    if (choice === undefined) {
      const switches = after.filter((other) => known.get(other)?.switch !== undefined);
      report(path, `'${id}' is no switch that this task comes after${didYouMean(id, switches)}`);
      continue;
    }
    const names = casesOf(choice);
    if (!names.has(name)) report(path, `the switch '${id}' has no case '${name}'${didYouMean(name, names)}`);
  }
}

function checkJoin(
  { id, after, join, rest, forEach }: TaskDefinition,
  dependents: ReadonlyMap<string, readonly string[]>,
  path: Path,
  report: Report,
): void {
  if (join !== undefined && after.length === 0) report([...path, 'join'], 'there is nothing to join without after');
  else if (typeof join === 'number' && !(Number.isSafeInteger(join) && join >= 1 && join <= after.length))
    report([...path, 'join'], `must be from 1 to ${after.length}, the tasks that this one comes after, not ${join}`);
  if (join === 'each' && forEach !== undefined)
    report([...path, 'forEach'], 'stands beside join: each, which is a list already; put one of the two into a scope');
  if (rest === undefined) return;
  if (join === undefined || join === 'all' || join === 'each') {
    report(
      [...path, 'rest'],
      `is about those that are not needed, and with join: ${join ?? 'all'} there are none; use join: any or a number`,
    );
  } else if (rest === 'cancel') {
    for (const loser of after) {
      const other = dependents.get(loser)?.find((dependent) => dependent !== id);
      if (other !== undefined)
        report(
          [...path, 'rest'],
          `'${other}' comes after '${loser}', too, so it may not be cancelled here; use rest: let`,
        );
    }
  }
}
