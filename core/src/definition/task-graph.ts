import { inside, outer } from '../shared/task-path.ts';
import { Ancestry } from './ancestry.ts';
import type { WorkflowDefinition } from './definition.ts';
import { reachable } from './graph.ts';
import { addBlock, type BlockNode, hasToBeAwaited, type TaskNode } from './task-nodes.ts';

export type { BlockNode, Part, TaskNode } from './task-nodes.ts';

/** What a name means in an expression: a task, and how many blocks further out it is. */
export interface Found {
  readonly node: TaskNode;
  readonly levels: number;
}

/** Where an expression stands: in a task of a block, or (without `id`) as one of the block itself. */
export interface Standpoint {
  readonly block: string;
  readonly id?: string;
}

const NOTHING: readonly string[] = [];
const NONE: ReadonlySet<string> = new Set();
const graphs = new WeakMap<WorkflowDefinition, TaskGraph>();

/** What a graph is made of. */
interface Content {
  readonly nodes: ReadonlyMap<string, TaskNode>;
  readonly blocks: ReadonlyMap<string, BlockNode>;
  readonly root: BlockNode;
  readonly hasOutstanding: boolean;
  readonly hasMilestones: boolean;
}

/**
 * The tasks of a valid definition and how they depend on each other, those inside blocks by their path. One for each definition object,
 * shared by all runs of it; what it was asked once it knows. A run to which tasks were added has a GrownGraph around it.
 */
export class TaskGraph {
  /** Those of the definition by path, in declaration order, each block before what is in it. */
  readonly nodes: ReadonlyMap<string, TaskNode>;
  readonly root: BlockNode;
  readonly #blocks: ReadonlyMap<string, BlockNode>;
  readonly #hasOutstanding: boolean;
  readonly #hasMilestones: boolean;
  /** By block; made when something is asked that no edge answers. */
  readonly #ancestries = new Map<string, Ancestry>();
  readonly #inside = new Map<string, ReadonlySet<string>>();

  protected constructor({ nodes, blocks, root, hasOutstanding, hasMilestones }: Content) {
    this.nodes = nodes;
    this.root = root;
    this.#blocks = blocks;
    this.#hasOutstanding = hasOutstanding;
    this.#hasMilestones = hasMilestones;
  }

  static of(definition: WorkflowDefinition): TaskGraph {
    let graph = graphs.get(definition);
    if (graph === undefined) {
      const maps = { nodes: new Map<string, TaskNode>(), blocks: new Map<string, BlockNode>() };
      const root = addBlock('', definition, maps);
      const hasOutstanding = maps.nodes.values().some(hasToBeAwaited);
      const hasMilestones = maps.nodes.values().some(({ watchers }) => watchers !== undefined);
      graph = new TaskGraph({ ...maps, root, hasOutstanding, hasMilestones });
      graphs.set(definition, graph);
    }
    return graph;
  }

  /** Whether something in it may have to be waited for or undone before a block ends: a child run, or what has a `compensate`. */
  get hasOutstanding(): boolean {
    return this.#hasOutstanding;
  }

  /** Whether a task in it has a `while` that asks how far others are. */
  get hasMilestones(): boolean {
    return this.#hasMilestones;
  }

  node(path: string): TaskNode | undefined {
    return this.nodes.get(path);
  }

  block(path: string): BlockNode | undefined {
    return path === '' ? this.root : this.#blocks.get(path);
  }

  /** Whether a node was added to the run, or is in what was. */
  isAdded(_path: string): boolean {
    return false;
  }

  /** Whether a node is one of the tasks that were added to an open block, by its path in the run. */
  isAddedTo(_scope: string, _definitionId: string): boolean {
    return false;
  }

  /** The ids of the tasks that were added to an open block, by its path in the run. */
  addedTo(_scope: string): ReadonlySet<string> {
    return NONE;
  }

  /** What a task comes after, by its path in the run; ids of its block. */
  dependenciesOf(_path: string, node: TaskNode): readonly string[] {
    return node.definition.after;
  }

  /** What comes after a task, by its path in the run; ids of its block. */
  dependentsOf(_path: string, node: TaskNode): readonly string[] {
    return node.dependents;
  }

  /** Tasks whose `while` asks how far a task is, by its path in the run; ids of its block. */
  watchersOf(_path: string, node: TaskNode): readonly string[] {
    return node.watchers ?? NOTHING;
  }

  /** One of those that come after a task, without a look at all of them. */
  firstDependentOf(_path: string, node: TaskNode): string | undefined {
    return node.dependents[0];
  }

  /** Where the expressions of what is in a block stand: by its path in the definition, or (when tasks were added) in the run. */
  placeIn(_scope: string, definitionId: string): string {
    return definitionId;
  }

  /** Whether the task at `path` depends on `ancestor` of its block, directly or not. */
  isBefore(ancestor: string, path: string): boolean {
    const node = this.nodes.get(path);
    if (node === undefined) return false;
    if (node.definition.after.includes(ancestor)) return true;
    const { block } = node;
    let ancestry = this.#ancestries.get(block);
    if (ancestry === undefined) {
      const { body, handlers } = this.block(block) ?? this.root;
      ancestry = new Ancestry(
        [body, ...handlers].flatMap(({ ids }) => ids),
        this.#afterIn(block),
      );
      this.#ancestries.set(block, ancestry);
    }
    return ancestry.isBefore(ancestor, node.definition.id);
  }

  /** The ids of all tasks of its block that the task at `path` depends on, directly or not. */
  ancestors(path: string): ReadonlySet<string> {
    const node = this.nodes.get(path);
    return node === undefined ? new Set() : reachable(node.definition.id, this.#afterIn(node.block));
  }

  /** The ids of all tasks in blocks inside the block at `path`, at any depth. */
  idsInside(path: string): ReadonlySet<string> {
    if (path !== '' && !this.#blocks.has(path)) return NONE;
    let ids = this.#inside.get(path);
    if (ids === undefined) {
      const found = new Set<string>();
      for (const node of this.nodes.values())
        if (node.block !== path && (path === '' || node.block.startsWith(`${path}/`))) found.add(node.definition.id);
      ids = found;
      this.#inside.set(path, ids);
    }
    return ids;
  }

  /**
   * The task whose output `outputs.name` is for the expressions of the task `id` of `block` (of the block itself, without `id`): one that comes
   * before it, or before a block that it is in.
   */
  find(block: string, id: string | undefined, name: string): Found | undefined {
    let at: Standpoint | undefined = id === undefined ? { block } : { block, id };
    for (let levels = 0; at !== undefined; levels += 1) {
      const node = this.node(inside(at.block, name));
      if (node !== undefined && this.#sees(at.block, at.id, node)) return { node, levels };
      at = this.outward(at.block);
    }
    return undefined;
  }

  /** All names that `find` has something for. */
  *names(block: string, id: string | undefined): Generator<string> {
    let at: Standpoint | undefined = id === undefined ? { block } : { block, id };
    while (at !== undefined) {
      const inner = this.block(at.block);
      const all = at.id === undefined || this.node(inside(at.block, at.id))?.clause !== undefined;
      const parts = [inner?.body, ...(inner?.handlers ?? [])];
      const candidates = all
        ? [...parts.flatMap((part) => part?.ids ?? []), ...this.addedTo(at.block)]
        : this.ancestors(inside(at.block, at.id ?? ''));
      for (const name of candidates) {
        const node = this.node(inside(at.block, name));
        if (node !== undefined && this.#sees(at.block, at.id, node)) yield name;
      }
      at = this.outward(at.block);
    }
  }

  /** The task that a block is, as the place of an expression. */
  protected outward(block: string): Standpoint | undefined {
    return outer(block);
  }

  #sees(block: string, id: string | undefined, other: TaskNode): boolean {
    if (id === undefined) return other.fallbackFor === undefined;
    const path = inside(block, id);
    // A handler begins after a failure: whatever its block did until then is behind it.
    const handles = this.node(path)?.clause !== undefined;
    if (handles && other.clause === undefined) return other.fallbackFor === undefined;
    return this.isBefore(other.definition.id, path);
  }

  #afterIn(block: string): (id: string) => readonly string[] {
    return (id) => this.nodes.get(inside(block, id))?.definition.after ?? NOTHING;
  }
}
