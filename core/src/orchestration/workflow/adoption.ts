import type { WorkflowDefinition } from '../../definition/definition.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import { taskPaths } from '../../shared/task-path.ts';
import type { AdoptedTask } from './events.ts';
import { CURRENT_RULES } from './rules.ts';
import type { ItemsState, RunState } from './state.ts';

/**
 * What a new run of `definition` can take over from an ended one: tasks that completed or were skipped, and the finished items of
 * forEach tasks that did not. In declaration order of dependencies, so that folding them never meets a gap. What was undone, or something in
 * it, was not done; a block that did not complete begins anew.
 */
export function adoptable(source: RunState, definition: WorkflowDefinition): readonly AdoptedTask[] {
  const graph = TaskGraph.of(definition);
  const adopted: AdoptedTask[] = [];
  const undone = new Set<string>();
  for (const { undoes } of source.tasks.values()) if (undoes !== undefined) undone.add(outermost(undoes.taskId));
  const looked = new Set<string>();
  const taken = new Set<string>();
  const look = (id: string): void => {
    const node = graph.node(id);
    if (node === undefined || node.block !== '' || node.fallbackFor !== undefined || node.clause !== undefined) return;
    if (node.definition.after.some((dependency) => !taken.has(dependency))) return;
    const task = source.tasks.get(id);
    // What a switch chose is not taken over: it chooses again, and so does all that comes after it. An `end` ends the new run, too.
    if (node.definition.switch !== undefined || node.definition.end !== undefined) return;
    if (undone.has(id)) return;
    if (task?.status === 'completed') {
      adopted.push({ taskId: id, status: 'completed', output: task.output ?? null });
      taken.add(id);
    } else if (task?.status === 'skipped') {
      adopted.push({ taskId: id, status: 'skipped' });
      taken.add(id);
    } else if (task?.items !== undefined && node.definition.forEach !== undefined) {
      for (const one of adoptableItems(id, task.items)) adopted.push(one);
    }
  };
  // Dependencies first, wherever they are declared; without recursion, because a chain may be longer than the stack.
  const open: string[] = [];
  for (const first of graph.nodes.keys()) {
    open.push(first);
    for (let id = open.at(-1); id !== undefined; id = open.at(-1)) {
      const before = looked.has(id) ? [] : (graph.node(id)?.definition.after ?? []).filter((one) => !looked.has(one));
      if (before.length > 0) {
        for (const dependency of before) open.push(dependency);
        continue;
      }
      open.pop();
      if (looked.has(id)) continue;
      looked.add(id);
      look(id);
    }
  }
  return adopted;
}

/** The task of the run that a path is of or in. */
const outermost = (path: string): string => path.split(/[/[]/, 1)[0] ?? path;

/** Of a list that was not recorded as a whole nothing was begun: it is computed again. */
function adoptableItems(taskId: string, { values, instances, total }: ItemsState): readonly AdoptedTask[] {
  if (values.length < total) return [];
  const adopted: AdoptedTask[] = [{ taskId, status: 'expanded', items: values }];
  // The source may have written its items otherwise.
  const { item } = taskPaths(CURRENT_RULES);
  for (const [index, task] of instances.entries()) {
    if (task?.status === 'completed')
      adopted.push({ taskId: item(taskId, index), status: 'completed', output: task.output ?? null });
  }
  return adopted;
}
