import { inside } from '../shared/task-path.ts';
import { compile } from './cel/program.ts';
import { type Block, type Compensate, type TaskDefinition, tasksWithin } from './definition.ts';
import { standInOf } from './fallbacks.ts';
import { between, dependentsOf } from './graph.ts';

/** A task with what follows from its place in the graph. Ids beside `path` and `block` are of the same block. */
export interface TaskNode {
  readonly definition: TaskDefinition;
  readonly path: string;
  /** The path of the block that it is in; '' is the run. */
  readonly block: string;
  /** Place in the declaration: breaks ties. */
  readonly index: number;
  readonly dependents: readonly string[];
  /** The task that this one stands in for, when it is a fallback task. */
  readonly fallbackFor?: string;
  /** The repeating task whose segment this one is in. */
  readonly repeatedBy?: string;
  /** Of a repeating task: the tasks that run again, fallback tasks included, in declaration order. */
  readonly segment?: readonly string[];
  /** Of what undoes a task: that task. Such a node is in no part of its block. */
  readonly undoes?: string;
  /** Of a task of a handler: the catch that it is of. */
  readonly clause?: number;
  /** Tasks whose `while` asks how far this one is. */
  readonly watchers?: readonly string[];
}

/** The inside of a block. */
export interface BlockNode {
  readonly path: string;
  readonly definition: Pick<
    Block,
    'tasks' | 'output' | 'catch' | 'loop' | 'concurrency' | 'budget' | 'strategy' | 'team'
  >;
  /** Tasks that begin with the block: all but those of handlers. */
  readonly body: Part;
  /** By catch. */
  readonly handlers: readonly Part[];
  /** Whether it may run again by itself: it has a loop, or a catch that retries. */
  readonly hasRounds: boolean;
}

/** Tasks of a block that begin together and of which all must end. */
export interface Part {
  /** In declaration order, fallback tasks included. */
  readonly ids: readonly string[];
  /** Those that nothing depends on, fallback tasks excluded. */
  readonly leaves: readonly string[];
  /** How many must end: all but fallback tasks. */
  readonly required: number;
}

const NOTHING: readonly string[] = [];

/** Where nodes are put, by path. */
export interface NodeMaps {
  readonly nodes: Map<string, TaskNode>;
  readonly blocks: Map<string, BlockNode>;
  /** The place of the first that is put there. Default: 0. */
  readonly from?: number;
}

/** Makes the nodes of a block, and of all that is in it. */
export function addBlock(path: string, definition: BlockNode['definition'], maps: NodeMaps): BlockNode {
  const clauses = definition.catch ?? [];
  const clauseOf = new Map(
    clauses.flatMap(({ handler = [] }, clause) => handler.map((task) => [task.id, clause] as const)),
  );
  const added = addTasks(path, tasksWithin(definition), maps, ({ id }) => clauseOf.get(id));
  const block: BlockNode = {
    path,
    definition,
    body: partOf(added.filter(({ clause }) => clause === undefined)),
    hasRounds: definition.loop !== undefined || clauses.some(({ then }) => then === 'retry'),
    handlers: clauses.map((_, clause) => partOf(added.filter((node) => node.clause === clause))),
  };
  maps.blocks.set(path, block);
  return block;
}

/** Makes the nodes of tasks of the block `path` that come after each other, or after others of it, and of all that is in them. */
export function addTasks(
  path: string,
  tasks: readonly TaskDefinition[],
  maps: NodeMaps,
  clauseOf: (task: TaskDefinition) => number | undefined,
): readonly TaskNode[] {
  const { nodes, from = 0 } = maps;
  const places = placesOf(tasks);
  const added: TaskNode[] = [];
  for (const task of tasks) {
    const clause = clauseOf(task);
    const node: TaskNode = {
      definition: task,
      path: inside(path, task.id),
      block: path,
      index: from + nodes.size,
      ...(places.get(task.id) ?? { dependents: NOTHING }),
      ...(clause === undefined ? {} : { clause }),
    };
    nodes.set(node.path, node);
    added.push(node);
    if (task.scope !== undefined) addBlock(node.path, task.scope, maps);
    if (task.compensate !== undefined)
      nodes.set(`${node.path}@`, undoingNode(node, task.compensate, from + nodes.size));
  }
  return added;
}

/** A child run, or what can be undone: it may have to be waited for, or undone, before a block ends. */
export const hasToBeAwaited = ({ definition }: TaskNode): boolean =>
  definition.workflow !== undefined || definition.compensate !== undefined;

/** What undoes a task, as a task: it begins when it is asked for, and nothing comes after it. */
function undoingNode({ definition, path, block }: TaskNode, compensate: Compensate, index: number): TaskNode {
  const { id, priority } = definition;
  const task: TaskDefinition = { ...compensate, id: `${id}@`, after: [], priority, delivery: 'at-least-once' };
  return { definition: task, path: `${path}@`, block, index, dependents: NOTHING, undoes: id };
}

function partOf(nodes: readonly TaskNode[]): Part {
  const required = nodes.filter(({ fallbackFor }) => fallbackFor === undefined);
  return {
    ids: nodes.map(({ definition }) => definition.id),
    leaves: required.filter(({ dependents }) => dependents.length === 0).map(({ definition }) => definition.id),
    required: required.length,
  };
}

type Place = Pick<TaskNode, 'dependents' | 'fallbackFor' | 'repeatedBy' | 'segment' | 'watchers'>;

/** The tasks of its block whose status the `while` of a task asks about. */
export const watchedBy = ({ while: milestone }: TaskDefinition): Iterable<string> =>
  milestone?.kind === 'cel' ? compile(milestone.source).analysis.statuses : NOTHING;

function placesOf(tasks: readonly TaskDefinition[]): ReadonlyMap<string, Place> {
  const dependents = dependentsOf(tasks);
  const fallbackFor = new Map<string, string>();
  for (const task of tasks) {
    const standIn = standInOf(task);
    if (standIn !== undefined) fallbackFor.set(standIn, task.id);
  }
  const segments = new Map<string, readonly string[]>();
  const repeatedBy = new Map<string, string>();
  for (const { id, repeat } of tasks) {
    if (repeat === undefined) continue;
    const path = between(tasks, repeat.from, id);
    // A fallback task has no edges: it is inside when what it stands in for is, directly or through another fallback task.
    const isInside = (member: string): boolean => {
      const origin = fallbackFor.get(member);
      return origin === undefined ? path.has(member) : isInside(origin);
    };
    const segment = tasks.map((task) => task.id).filter(isInside);
    segments.set(id, segment);
    for (const member of segment) repeatedBy.set(member, id);
  }
  const watchers = new Map<string, string[]>();
  for (const task of tasks)
    for (const watched of watchedBy(task)) watchers.set(watched, [...(watchers.get(watched) ?? []), task.id]);
  const places = new Map<string, Place>();
  for (const { id } of tasks) {
    const origin = fallbackFor.get(id);
    const repeater = repeatedBy.get(id);
    const segment = segments.get(id);
    const watching = watchers.get(id);
    places.set(id, {
      dependents: dependents.get(id) ?? NOTHING,
      ...(origin === undefined ? {} : { fallbackFor: origin }),
      ...(repeater === undefined ? {} : { repeatedBy: repeater }),
      ...(segment === undefined ? {} : { segment }),
      ...(watching === undefined ? {} : { watchers: watching }),
    });
  }
  return places;
}
