import type { TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { byId, fallbackTasks, findCycles } from '../graph.ts';
import type { Report } from '../problem.ts';

/** A fallback task stands in for one other task, and is nothing else. */
export function checkFallbacks(tasks: readonly TaskDefinition[], report: Report): void {
  const known = byId(tasks);
  const target = (id: string): string | undefined => {
    const fallback = known.get(id)?.fallback;
    return fallback?.kind === 'task' && known.has(fallback.task) ? fallback.task : undefined;
  };
  for (const task of tasks) {
    if (task.fallback?.kind !== 'task') continue;
    const path = ['tasks', task.id, 'fallback', 'task'];
    const id = task.fallback.task;
    if (!known.has(id)) report(path, `there is no task '${id}'${didYouMean(id, known.keys())}`);
    if (task.forEach !== undefined)
      report(path, 'the items of a forEach may fall back to a value or an agent, not to a task');
  }
  for (const cycle of findCycles(known.keys(), (id) => [target(id) ?? []].flat())) {
    report(['tasks', cycle[0] ?? '', 'fallback', 'task'], `the fallbacks form a cycle: ${cycle.join(' -> ')}`);
  }
  for (const [id, users] of fallbackTasks(tasks)) {
    const task = known.get(id);
    if (task !== undefined) checkStandIn(task, users, report);
  }
}

function checkStandIn(task: TaskDefinition, users: readonly string[], report: Report): void {
  const path = ['tasks', task.id];
  const role = `'${task.id}' is the fallback of '${users[0] ?? ''}'`;
  if (users.length > 1) {
    report(
      path,
      `is the fallback of ${users.map((user) => `'${user}'`).join(' and ')}; give each a fallback task of its own`,
    );
  }
  if (task.after.length > 0)
    report([...path, 'after'], `${role}, so it may not come after other tasks: it runs when that one fails`);
  for (const key of ['when', 'forEach', 'repeat'] as const) {
    if (task[key] !== undefined) report([...path, key], `${role}, so it may not have ${key}`);
  }
}
