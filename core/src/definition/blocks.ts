import { MAX_LEVELS } from '../shared/task-path.ts';
import { Ancestry } from './ancestry.ts';
import type { Block, TaskDefinition, WorkflowDefinition } from './definition.ts';
import { byId } from './graph.ts';
import type { Path } from './problem.ts';

/** Tasks that may come after each other: those of a block, or those of one handler of it. */
export interface TaskGroup {
  readonly block: BlockPlace;
  readonly tasks: readonly TaskDefinition[];
  readonly known: ReadonlyMap<string, TaskDefinition>;
  /** Where the tasks are written. */
  readonly path: Path;
  /** Of a handler: the place of its clause in the catch. */
  readonly clause?: number;
  /** Whether `id` comes after `ancestor`, directly or not. */
  isBefore(ancestor: string, id: string): boolean;
}

/** A block of a definition, the workflow itself included, and where it is. */
export interface BlockPlace {
  readonly block: Pick<Block, 'tasks' | 'output' | 'catch' | 'loop' | 'concurrency' | 'budget' | 'strategy' | 'team'>;
  /** Of the task that the block is, or that of the workflow: []. */
  readonly path: Path;
  /** Of its tasks: 1 for those of the workflow. */
  readonly level: number;
  /** The task that the block is. Absent for the workflow. */
  readonly owner?: { readonly group: TaskGroup; readonly task: TaskDefinition };
  readonly main: TaskGroup;
  /** The main group, then the handlers. */
  readonly groups: readonly TaskGroup[];
}

/** All blocks of a definition, each before those inside it. What is nested deeper than MAX_LEVELS is left out. */
export function blocksOf(definition: WorkflowDefinition): readonly BlockPlace[] {
  const blocks: BlockPlace[] = [placeOf(definition, [], 1)];
  for (const { groups, level } of blocks) {
    if (level === MAX_LEVELS) continue;
    for (const group of groups) {
      for (const task of group.tasks) {
        if (task.scope === undefined) continue;
        blocks.push(placeOf(task.scope, [...group.path, task.id], level + 1, { group, task }));
      }
    }
  }
  return blocks;
}

function placeOf(block: BlockPlace['block'], path: Path, level: number, owner?: BlockPlace['owner']): BlockPlace {
  const groups: TaskGroup[] = [];
  const place = { block, path, level, ...(owner && { owner }), groups };
  const main = groupOf(place as unknown as BlockPlace, block.tasks, [...path, owner === undefined ? 'tasks' : 'scope']);
  groups.push(main);
  for (const [clause, { handler }] of (block.catch ?? []).entries()) {
    if (handler !== undefined) {
      groups.push(groupOf(place as unknown as BlockPlace, handler, [...path, 'catch', clause, 'do'], clause));
    }
  }
  return Object.assign(place, { main });
}

function groupOf(block: BlockPlace, tasks: readonly TaskDefinition[], path: Path, clause?: number): TaskGroup {
  const known = byId(tasks);
  const ancestry = new Ancestry([...known.keys()], (id) => known.get(id)?.after ?? []);
  return {
    block,
    tasks,
    known,
    path,
    ...(clause !== undefined && { clause }),
    isBefore: (ancestor, id) => known.has(ancestor) && ancestry.isBefore(ancestor, id),
  };
}
