import type { TaskGroup } from '../blocks.ts';
import { isList, type TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { fallbackPlaces, standInOf } from '../fallbacks.ts';
import { fallbackTasks, findCycles } from '../graph.ts';
import type { Path, Report } from '../problem.ts';

/** A fallback task stands in for one other task, and is nothing else. */
export function checkFallbacks({ tasks, known, path: place, block }: TaskGroup, report: Report): void {
  const target = (id: string): string | undefined => {
    const standIn = standInOf(known.get(id) ?? {});
    return standIn !== undefined && known.has(standIn) ? standIn : undefined;
  };
  for (const task of tasks) {
    const [slot, last] = fallbackPlaces(task).at(-1) ?? [];
    if (slot === undefined || last?.kind !== 'task') continue;
    const path = [...place, task.id, ...slot, 'task'];
    const id = last.task;
    if (!known.has(id)) {
      const where = block.owner === undefined && block.groups.length === 1 ? '' : ' beside this one';
      report(path, `there is no task '${id}'${where}${didYouMean(id, known.keys())}`);
    }
    if (isList(task)) report(path, 'the items of a forEach may fall back to a value or an agent, not to a task');
  }
  for (const cycle of findCycles(known.keys(), (id) => [target(id) ?? []].flat())) {
    report([...place, cycle[0] ?? '', 'fallback', 'task'], `the fallbacks form a cycle: ${cycle.join(' -> ')}`);
  }
  for (const [id, users] of fallbackTasks(tasks)) {
    const task = known.get(id);
    if (task !== undefined) checkStandIn(task, users, [...place, id], report);
  }
}

function checkStandIn(task: TaskDefinition, users: readonly string[], path: Path, report: Report): void {
  const role = `'${task.id}' is the fallback of '${users[0] ?? ''}'`;
  if (users.length > 1) {
    report(
      path,
      `is the fallback of ${users.map((user) => `'${user}'`).join(' and ')}; give each a fallback task of its own`,
    );
  }
  if (task.after.length > 0)
    report([...path, 'after'], `${role}, so it may not come after other tasks: it runs when that one fails`);
  for (const key of ['when', 'while', 'forEach', 'repeat', 'cases', 'join', 'rest'] as const) {
    const written = key === 'cases' ? 'case' : key;
    if (task[key] !== undefined) report([...path, written], `${role}, so it may not have ${written}`);
  }
}
