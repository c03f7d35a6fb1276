import { isList, type TaskDefinition } from '../../../definition/definition.ts';
import { inside, taskPaths } from '../../../shared/task-path.ts';
import type { RunState, TaskState } from '../state.ts';

/** A task in the picture of a run, or one that its definition plans and that has not come to be. */
export interface Drawn {
  /** Its path in the run. */
  readonly path: string;
  readonly definition: TaskDefinition;
  readonly task: TaskState | undefined;
  /** What is in it, of a block that is no list. */
  readonly parts: readonly Drawn[];
  /** Of a list: how many tasks were added to blocks that are items of it. */
  readonly addedInItems: number;
}

/** Whether the drawn task is a frame around others. */
export const isFrame = ({ definition }: Drawn): boolean => definition.scope !== undefined && !isList(definition);

/**
 * The tasks of the run as a tree of blocks: in each what the definition plans, then what was added, began as a handler, or undoes something. Items are
 * not among them: a list is one task.
 */
export function drawnTasks(state: RunState): readonly Drawn[] {
  const paths = taskPaths(state.rules);
  const byScope = new Map<string, TaskState[]>();
  const addedInItems = new Map<string, number>();
  for (const task of state.tasks.values()) {
    const { id, scope, definitionId, index } = task;
    const list = /^[^[]*(?=\[)/.exec(scope)?.[0];
    if (list !== undefined) {
      if (state.graph.isAddedTo(scope, definitionId)) addedInItems.set(list, (addedInItems.get(list) ?? 0) + 1);
    } else if (index === undefined && paths.itemOf(id) === undefined) {
      const others = byScope.get(scope);
      if (others === undefined) byScope.set(scope, [task]);
      else others.push(task);
    }
  }
  const drawn = (path: string, definition: TaskDefinition): Drawn => {
    const { scope } = definition;
    return {
      path,
      definition,
      task: state.tasks.get(path),
      parts: scope === undefined || isList(definition) ? [] : inBlock(path, scope.tasks),
      addedInItems: addedInItems.get(path) ?? 0,
    };
  };
  const inBlock = (block: string, planned: readonly TaskDefinition[]): readonly Drawn[] => {
    const found = new Map(planned.map((task) => [inside(block, task.id), drawn(inside(block, task.id), task)]));
    for (const { id, definitionId } of byScope.get(block) ?? []) {
      const definition = found.has(id) ? undefined : state.graph.node(definitionId)?.definition;
      if (definition !== undefined) found.set(id, drawn(id, definition));
    }
    return [...found.values()];
  };
  return inBlock('', state.definition.tasks);
}

/** Which of them there is room for, each with the blocks that it is in: what is under way or failed comes first, then what comes first in the run. */
export function chosen(tree: readonly Drawn[], limit: number): ReadonlySet<Drawn> {
  const all: { readonly one: Drawn; readonly around: readonly Drawn[] }[] = [];
  const walk = (tasks: readonly Drawn[], around: readonly Drawn[]): void => {
    for (const one of tasks) {
      all.push({ one, around });
      walk(one.parts, [...around, one]);
    }
  };
  walk(tree, []);
  if (all.length <= limit) return new Set(all.map(({ one }) => one));
  const [first, then] = [all.filter(({ one }) => isUrgent(one)), all.filter(({ one }) => !isUrgent(one))];
  const kept = new Set<Drawn>();
  for (const { one, around } of [...first, ...then]) {
    const more = [...around, one].filter((each) => !kept.has(each));
    if (kept.size + more.length > limit) continue;
    for (const each of more) kept.add(each);
    if (kept.size === limit) break;
  }
  return kept;
}

const URGENT: ReadonlySet<string> = new Set(['ready', 'scheduled', 'running', 'waiting', 'failed']);

const isUrgent = ({ task }: Drawn): boolean => task !== undefined && URGENT.has(task.status);

/** All tasks of a tree, each block before what is in it. */
export function* flat(tree: readonly Drawn[]): Generator<Drawn> {
  for (const one of tree) {
    yield one;
    yield* flat(one.parts);
  }
}
