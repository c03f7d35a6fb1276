import type { TaskGroup } from '../blocks.ts';
import { isList, mayYield, type TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { between } from '../graph.ts';
import type { Path, Report } from '../problem.ts';

/** A repeat runs a closed segment of the graph again: nothing outside may depend on its inside. */
export function checkRepeats(group: TaskGroup, report: Report): void {
  const { tasks, known } = group;
  const owners = new Map<string, string>();
  for (const task of tasks) {
    if (task.repeat === undefined) continue;
    const path: Path = [...group.path, task.id, 'repeat'];
    const { from, max } = task.repeat;
    if (!Number.isSafeInteger(max) || max < 1)
      report([...path, 'max'], `must be a whole number of 1 or more, not ${max}`);
    if (isList(task))
      report(
        path,
        `a ${task.forEach === undefined ? 'join: each' : 'forEach'} task may not repeat; let a task after it repeat from it`,
      );
    if (from !== task.id && !group.isBefore(from, task.id)) {
      const why = known.has(from)
        ? `'${task.id}' does not depend on '${from}'`
        : `there is no task '${from}'${didYouMean(from, known.keys())}`;
      report([...path, 'from'], `${why}; a repeat starts at the task itself or at one that it depends on`);
      continue;
    }
    const segment = between(tasks, from, task.id);
    checkClosed(tasks, task, segment, path, report);
    checkOverlap(task, segment, owners, path, report);
    checkRaces(task, tasks, segment, path, report);
  }
}

/** When a segment begins again, all of it has ended: not so what a join inside did not wait for. */
function checkRaces(
  repeating: TaskDefinition,
  tasks: readonly TaskDefinition[],
  segment: ReadonlySet<string>,
  path: Path,
  report: Report,
): void {
  for (const { id, forEach } of tasks) {
    if (!segment.has(id) || id === repeating.id || !mayYield(forEach)) continue;
    const message = `the list '${id}' may leave items under way that this repeat runs again; put '${repeating.id}' and what it repeats into a scope with a loop`;
    report([...path, 'from'], message);
  }
  for (const { id, after, join = 'all' } of tasks) {
    const waitsForAll = join === 'all' || join === 'each' || join === after.length || after.length === 1;
    if (!segment.has(id) || waitsForAll || !after.some((dependency) => segment.has(dependency))) continue;
    const message = `the join of '${id}' may leave tasks under way that this repeat runs again; put '${repeating.id}' and what it repeats into a scope with a loop`;
    report([...path, 'from'], message);
  }
}

function checkClosed(
  tasks: readonly TaskDefinition[],
  repeating: TaskDefinition,
  segment: ReadonlySet<string>,
  path: Path,
  report: Report,
): void {
  for (const task of tasks) {
    if (segment.has(task.id)) continue;
    for (const id of task.after) {
      if (!segment.has(id) || id === repeating.id) continue;
      const message = `'${task.id}' comes after '${id}', which this repeat runs again; let it come after '${repeating.id}' instead`;
      report([...path, 'from'], message);
    }
  }
}

function checkOverlap(
  task: TaskDefinition,
  segment: ReadonlySet<string>,
  owners: Map<string, string>,
  path: Path,
  report: Report,
): void {
  const shared = [...segment].find((id) => owners.has(id));
  if (shared !== undefined) {
    report(
      [...path, 'from'],
      `'${shared}' is in the segment that '${owners.get(shared) ?? ''}' repeats; segments may not overlap`,
    );
  }
  for (const id of segment) if (!owners.has(id)) owners.set(id, task.id);
}
