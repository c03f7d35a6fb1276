import { inside, outer } from '../shared/task-path.ts';
import {
  type Block,
  type Compensate,
  type TaskDefinition,
  tasksWithin,
  type WorkflowDefinition,
} from './definition.ts';
import { between, dependentsOf, leadsTo, reachable } from './graph.ts';

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
}

/** The inside of a block. */
export interface BlockNode {
  readonly path: string;
  readonly definition: Pick<Block, 'tasks' | 'output' | 'catch' | 'loop' | 'concurrency'>;
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

/** What a name means in an expression: a task, and how many blocks further out it is. */
export interface Found {
  readonly node: TaskNode;
  readonly levels: number;
}

const NOTHING: readonly string[] = [];
const graphs = new WeakMap<WorkflowDefinition, TaskGraph>();

/**
 * The tasks of a valid definition and how they depend on each other, those inside blocks by their path. One for each definition object,
 * shared by all runs of it; what it was asked once it knows.
 */
export class TaskGraph {
  /** By path, in declaration order, each block before what is in it. */
  readonly nodes: ReadonlyMap<string, TaskNode>;
  readonly blocks: ReadonlyMap<string, BlockNode>;
  readonly root: BlockNode;
  /** Whether something in it may have to be waited for or undone before a block ends: a child run, or what has a `compensate`. */
  readonly hasOutstanding: boolean;
  /** Pairs that are known to be in order, beside those of an edge. */
  readonly #before = new Map<string, Set<string>>();

  private constructor(definition: WorkflowDefinition) {
    const nodes = new Map<string, TaskNode>();
    const blocks = new Map<string, BlockNode>();
    this.root = addBlock('', definition, nodes, blocks);
    this.nodes = nodes;
    this.blocks = blocks;
    this.hasOutstanding = nodes
      .values()
      .some(({ definition: task }) => task.workflow !== undefined || task.compensate !== undefined);
  }

  static of(definition: WorkflowDefinition): TaskGraph {
    let graph = graphs.get(definition);
    if (graph === undefined) {
      graph = new TaskGraph(definition);
      graphs.set(definition, graph);
    }
    return graph;
  }

  node(path: string): TaskNode | undefined {
    return this.nodes.get(path);
  }

  block(path: string): BlockNode | undefined {
    return path === '' ? this.root : this.blocks.get(path);
  }

  /** Whether the task at `path` depends on `ancestor` of its block, directly or not. The nearest are looked at first. */
  isBefore(ancestor: string, path: string): boolean {
    const node = this.nodes.get(path);
    if (node === undefined) return false;
    if (node.definition.after.includes(ancestor)) return true;
    const known = this.#before.get(path);
    if (known?.has(ancestor) === true) return true;
    const { block } = node;
    if (!this.nodes.has(inside(block, ancestor)) || !leadsTo(node.definition.id, ancestor, this.#afterIn(block)))
      return false;
    if (known === undefined) this.#before.set(path, new Set([ancestor]));
    else known.add(ancestor);
    return true;
  }

  /** The ids of all tasks of its block that the task at `path` depends on, directly or not. */
  ancestors(path: string): ReadonlySet<string> {
    const node = this.nodes.get(path);
    return node === undefined ? new Set() : reachable(node.definition.id, this.#afterIn(node.block));
  }

  /**
   * The task whose output `outputs.name` is for the expressions of the task `id` of `block` (of the block itself, without `id`): one that comes
   * before it, or before a block that it is in.
   */
  find(block: string, id: string | undefined, name: string): Found | undefined {
    let at: { readonly block: string; readonly id?: string } | undefined = id === undefined ? { block } : { block, id };
    for (let levels = 0; at !== undefined; levels += 1) {
      const node = this.nodes.get(inside(at.block, name));
      if (node !== undefined && this.#sees(at.block, at.id, node)) return { node, levels };
      at = outer(at.block);
    }
    return undefined;
  }

  /** All names that `find` has something for. */
  *names(block: string, id: string | undefined): Generator<string> {
    let at: { readonly block: string; readonly id?: string } | undefined = id === undefined ? { block } : { block, id };
    while (at !== undefined) {
      const inner = this.block(at.block);
      const all = at.id === undefined || this.node(inside(at.block, at.id))?.clause !== undefined;
      const candidates = all
        ? [inner?.body, ...(inner?.handlers ?? [])].flatMap((part) => part?.ids ?? [])
        : this.ancestors(inside(at.block, at.id ?? ''));
      for (const name of candidates) {
        const node = this.nodes.get(inside(at.block, name));
        if (node !== undefined && this.#sees(at.block, at.id, node)) yield name;
      }
      at = outer(at.block);
    }
  }

  #sees(block: string, id: string | undefined, other: TaskNode): boolean {
    if (id === undefined) return other.fallbackFor === undefined;
    const path = inside(block, id);
    // A handler begins after a failure: whatever its block did until then is behind it.
    const handles = this.nodes.get(path)?.clause !== undefined;
    if (handles && other.clause === undefined) return other.fallbackFor === undefined;
    return this.isBefore(other.definition.id, path);
  }

  #afterIn(block: string): (id: string) => readonly string[] {
    return (id) => this.nodes.get(inside(block, id))?.definition.after ?? NOTHING;
  }
}

function addBlock(
  path: string,
  definition: BlockNode['definition'],
  nodes: Map<string, TaskNode>,
  blocks: Map<string, BlockNode>,
): BlockNode {
  const clauses = definition.catch ?? [];
  const clauseOf = new Map(
    clauses.flatMap(({ handler = [] }, clause) => handler.map((task) => [task.id, clause] as const)),
  );
  const tasks = tasksWithin(definition);
  const places = placesOf(tasks);
  const added: TaskNode[] = [];
  for (const task of tasks) {
    const clause = clauseOf.get(task.id);
    const node: TaskNode = {
      definition: task,
      path: inside(path, task.id),
      block: path,
      index: nodes.size,
      ...(places.get(task.id) ?? { dependents: NOTHING }),
      ...(clause === undefined ? {} : { clause }),
    };
    nodes.set(node.path, node);
    added.push(node);
    if (task.scope !== undefined) addBlock(node.path, task.scope, nodes, blocks);
    if (task.compensate !== undefined) nodes.set(`${node.path}@`, undoingNode(node, task.compensate, nodes.size));
  }
  const block: BlockNode = {
    path,
    definition,
    body: partOf(added.filter(({ clause }) => clause === undefined)),
    hasRounds: definition.loop !== undefined || clauses.some(({ then }) => then === 'retry'),
    handlers: clauses.map((_, clause) => partOf(added.filter((node) => node.clause === clause))),
  };
  blocks.set(path, block);
  return block;
}

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

type Place = Pick<TaskNode, 'dependents' | 'fallbackFor' | 'repeatedBy' | 'segment'>;

function placesOf(tasks: readonly TaskDefinition[]): ReadonlyMap<string, Place> {
  const dependents = dependentsOf(tasks);
  const fallbackFor = new Map<string, string>();
  for (const { id, fallback } of tasks) if (fallback?.kind === 'task') fallbackFor.set(fallback.task, id);
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
  const places = new Map<string, Place>();
  for (const { id } of tasks) {
    const origin = fallbackFor.get(id);
    const repeater = repeatedBy.get(id);
    const segment = segments.get(id);
    places.set(id, {
      dependents: dependents.get(id) ?? NOTHING,
      ...(origin === undefined ? {} : { fallbackFor: origin }),
      ...(repeater === undefined ? {} : { repeatedBy: repeater }),
      ...(segment === undefined ? {} : { segment }),
    });
  }
  return places;
}
