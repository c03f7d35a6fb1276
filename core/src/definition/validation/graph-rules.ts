import type { TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { byId, dependentsOf, fallbackTasks, findCycles } from '../graph.ts';
import type { Report } from '../problem.ts';

/** Edges: tasks that do not exist, edges named twice, cycles, and tasks that can never run because of them. */
export function checkGraph(tasks: readonly TaskDefinition[], report: Report): void {
  const known = byId(tasks);
  for (const task of tasks) checkEdges(task, known, report);
  const dependents = dependentsOf(tasks);
  const inCycle = new Map<string, string>();
  for (const cycle of findCycles(known.keys(), (id) => (dependents.get(id) ?? []).filter((next) => known.has(next)))) {
    const text = cycle.join(' -> ');
    const [first = ''] = cycle;
    for (const id of cycle) inCycle.set(id, text);
    report(['tasks', first, 'after'], `there is a cycle: ${text}; remove one of its edges`);
  }
  checkReachable(tasks, known, inCycle, report);
}

function checkEdges(task: TaskDefinition, known: ReadonlyMap<string, TaskDefinition>, report: Report): void {
  for (const [index, id] of task.after.entries()) {
    const path = ['tasks', task.id, 'after', index];
    if (!known.has(id)) report(path, `there is no task '${id}'${didYouMean(id, known.keys())}`);
    else if (task.after.indexOf(id) !== index) report(path, `'${id}' is named twice`);
  }
}

/** What waits for a cycle, or for a fallback task, waits for ever. The members of cycles are reported as cycles. */
function checkReachable(
  tasks: readonly TaskDefinition[],
  known: ReadonlyMap<string, TaskDefinition>,
  inCycle: ReadonlyMap<string, string>,
  report: Report,
): void {
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
      report(['tasks', next], `can never run: it comes after '${id}', ${why}`);
    }
  }
}
