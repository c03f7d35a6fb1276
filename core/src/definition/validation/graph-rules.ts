import type { BlockPlace, TaskGroup } from '../blocks.ts';
import type { TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { dependentsOf, fallbackTasks, findCycles } from '../graph.ts';
import type { Report } from '../problem.ts';

/** Edges: tasks that do not exist, edges named twice, cycles, and tasks that can never run because of them. */
export function checkGraph(blocks: readonly BlockPlace[], report: Report): void {
  const elsewhere = new Set(blocks.flatMap(({ groups }) => groups.flatMap(({ tasks }) => tasks.map(({ id }) => id))));
  for (const group of blocks.flatMap(({ groups }) => groups)) {
    for (const task of group.tasks) checkEdges(task, group, elsewhere, report);
    const dependents = dependentsOf(group.tasks);
    const inCycle = new Map<string, string>();
    const next = (id: string): readonly string[] =>
      (dependents.get(id) ?? []).filter((other) => group.known.has(other));
    for (const cycle of findCycles(group.known.keys(), next)) {
      const text = cycle.join(' -> ');
      const [first = ''] = cycle;
      for (const id of cycle) inCycle.set(id, text);
      report([...group.path, first, 'after'], `there is a cycle: ${text}; remove one of its edges`);
    }
    checkReachable(group, inCycle, report);
  }
}

function checkEdges(task: TaskDefinition, group: TaskGroup, elsewhere: ReadonlySet<string>, report: Report): void {
  for (const [index, id] of task.after.entries()) {
    const path = [...group.path, task.id, 'after', index];
    if (!group.known.has(id)) report(path, whyNot(id, group, elsewhere));
    else if (task.after.indexOf(id) !== index) report(path, `'${id}' is named twice`);
  }
}

/** Why a task of a group may not come after `id`, or have it as its fallback. */
function whyNot(id: string, group: TaskGroup, elsewhere: ReadonlySet<string>): string {
  const { groups, main } = group.block;
  if (group !== main && main.known.has(id))
    return `'${id}' is not of this handler, which begins when the tasks of its block have ended; come after tasks of the handler only`;
  if (groups.some((other) => other.known.has(id))) return `'${id}' runs only in a catch, as part of its handler`;
  const nearest = didYouMean(id, group.known.keys());
  if (nearest === '' && elsewhere.has(id))
    return `'${id}' is a task of another block, and a block is seen from outside only through its output`;
  return `there is no task '${id}'${nearest}`;
}

/** What waits for a cycle, or for a fallback task, waits for ever. The members of cycles are reported as cycles. */
function checkReachable({ tasks, known, path }: TaskGroup, inCycle: ReadonlyMap<string, string>, report: Report): void {
  const standIns = fallbackTasks(tasks);
  const stuck = new Map<string, string>();
  for (const id of inCycle.keys()) stuck.set(id, 'which is in a cycle');
  const dependents = dependentsOf(tasks);
  const open = [...inCycle.keys()];
  for (const id of standIns.keys()) {
    if (known.has(id)) open.push(id);
  }
  const found = new Set<string>(open);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const why = standIns.has(id) ? 'which runs only as a fallback' : (stuck.get(id) ?? 'which can never run either');
    for (const next of dependents.get(id) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
      report([...path, next], `can never run: it comes after '${id}', ${why}`);
    }
  }
}
