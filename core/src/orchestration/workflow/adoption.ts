import type { WorkflowDefinition } from '../../definition/definition.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import { outermost, taskPaths, undoing } from '../../shared/task-path.ts';
import type { AdoptedTask, Lineage } from './events.ts';
import { CURRENT_RULES } from './rules.ts';
import { definitionOf, type ItemsState, listOf, type RunState, type TaskState } from './state.ts';

/**
 * What a new run of `definition` can take over from an ended one: tasks that completed or were skipped, and the finished items of
 * forEach tasks that did not. In declaration order of dependencies, so that folding them never meets a gap. What was undone, or something in
 * it, was not done; a block that did not complete begins anew.
 */
export function adoptable(source: RunState, definition: WorkflowDefinition): readonly AdoptedTask[] {
  const graph = TaskGraph.of(definition);
  const adopted: AdoptedTask[] = [];
  const undone = undoneIn(source);
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

/** Tasks of the run that were undone, or something in them. What could not be undone stands. */
function undoneIn(source: RunState): Set<string> {
  const undone = new Set<string>();
  for (const { undoes, status } of source.tasks.values())
    if (undoes !== undefined && status === 'completed') undone.add(outermost(undoes.taskId));
  return undone;
}

/**
 * The keys of a new run from the results of `source`: those of the first run of the line, but for what was undone and all that comes after it,
 * which is done anew.
 */
export function keysAfter(source: RunState, runId: string): Pick<Lineage, 'origin' | 'keys'> {
  const keys: Record<string, string> = { ...source.lineage?.keys };
  const renewed = undoneIn(source);
  for (const id of renewed) {
    keys[id] = runId;
    for (const dependent of source.graph.node(id)?.dependents ?? []) renewed.add(dependent);
  }
  const origin = source.lineage?.origin ?? source.parent?.key ?? source.runId;
  return renewed.size === 0 && source.lineage?.keys === undefined ? { origin } : { origin, keys };
}

/** Tasks whose attempt may be made only once, and that would make it again in a run that adopts so much: their paths in the source. */
export function madeAgain(source: RunState, adopted: readonly AdoptedTask[]): readonly string[] {
  const done = new Set(adopted.filter(({ status }) => status !== 'expanded').map(({ taskId }) => taskId));
  const again: string[] = [];
  for (const task of source.tasks.values()) {
    if (task.attempt === 0 || task.undoes !== undefined || definitionOf(source, task)?.delivery !== 'at-most-once')
      continue;
    // The source may have written its items otherwise.
    const { item } = taskPaths(CURRENT_RULES);
    const id = task.index === undefined ? task.id : item(listOf(source, task)?.id ?? '', task.index);
    if (!done.has(id) && !done.has(outermost(id)) && !isUndone(source, task)) again.push(id);
  }
  return again;
}

const isUndone = (source: RunState, task: TaskState): boolean =>
  source.tasks.get(undoing(task.id, task.attempt))?.status === 'completed';

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
