import type { TaskGroup } from '../blocks.ts';
import { didYouMean } from '../did-you-mean.ts';
import { between, fallbackTasks } from '../graph.ts';
import type { Path, Report } from '../problem.ts';
import { outwards } from './outwards.ts';

/** A cancel names tasks beside it, or around it, that may still be under way when it begins. */
export function checkCancels(group: TaskGroup, report: Report): void {
  for (const { id, cancel } of group.tasks) {
    if (cancel === undefined) continue;
    const path = [...group.path, id, 'cancel'];
    if (cancel.tasks.length === 0) report(path, 'names no task; name one, or a list of them');
    for (const [index, name] of cancel.tasks.entries()) {
      const at: Path = cancel.tasks.length === 1 ? path : [...path, index];
      if (cancel.tasks.indexOf(name) < index) report(at, `names '${name}' twice`);
      const found = problemOf(name, id, group) ?? (cancel.complete === true ? incomplete(name, id, group) : undefined);
      if (found !== undefined) report(at, found);
    }
  }
}

function problemOf(name: string, canceller: string, group: TaskGroup): string | undefined {
  if (name === canceller) return 'a task cannot cancel itself; leave it out';
  const known: string[] = [];
  for (const { around, id } of outwards(group, canceller)) {
    known.push(...around.known.keys());
    if (!around.known.has(name)) continue;
    const origin = fallbackTasks(around.tasks).get(name)?.[0];
    if (origin !== undefined) return `'${name}' runs only as the fallback of '${origin}'; name that one`;
    return around.isBefore(name, id) ? `'${name}' comes before '${id}', so it has ended by then` : undefined;
  }
  return `there is no task '${name}' in its block, or in those around it${didYouMean(name, known)}`;
}

/** Why a task cannot complete before all of it has ended. */
function incomplete(name: string, canceller: string, group: TaskGroup): string | undefined {
  for (const { around } of outwards(group, canceller)) {
    const task = around.known.get(name);
    if (task === undefined) continue;
    if (task.forEach === undefined)
      return `'${name}' is no list (it has no forEach), so there is nothing to complete it with`;
    const repeating = around.tasks.find(
      ({ id, repeat }) => repeat !== undefined && id !== name && between(around.tasks, repeat.from, id).has(name),
    );
    return repeating === undefined
      ? undefined
      : `the list '${name}' may leave items under way that the repeat of '${repeating.id}' runs again; put '${repeating.id}' and what it repeats into a scope with a loop`;
  }
  return undefined;
}
