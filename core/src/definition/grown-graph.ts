import { inside, outer } from '../shared/task-path.ts';
import type { TaskDefinition } from './definition.ts';
import { leadsTo, reachable } from './graph.ts';
import { type Standpoint, TaskGraph } from './task-graph.ts';
import { addTasks, type BlockNode, hasToBeAwaited, type TaskNode, watchedBy } from './task-nodes.ts';

/** Who added tasks to a run: an agent, in an attempt of a task; a command, from outside or with the number of the decision of a team that it led to. */
export type AddedBy =
  | { readonly taskId: string; readonly attempt: number }
  | { readonly commandId: string; readonly decision?: number };

/** Tasks that were added to an open block at once. */
export interface Addition {
  /** The path of the block in the run; '' is the run. */
  readonly scope: string;
  readonly tasks: readonly TaskDefinition[];
  /** Which tasks of the block, by their path in the run, come after which of these, by id. */
  readonly before: readonly { readonly taskId: string; readonly dependency: string }[];
  /** The catch whose handler they are of: the one that was under way. */
  readonly clause: number | undefined;
  /** With the task, or the item, whose agent added them, they begin anew as if they had never been. */
  readonly by: AddedBy;
}

/** Edges between tasks of an open block that were drawn, or taken away. */
export interface Relinking {
  readonly scope: string;
  /** The id of the task in the block. */
  readonly id: string;
  /** What it comes after from now on, too, or not any more: ids of the block. */
  readonly after: readonly string[];
  readonly linked: boolean;
}

/** What happened to the graph of a run. */
export type GraphChange = Addition | Relinking;

export const isAddition = (change: GraphChange): change is Addition => 'tasks' in change;

/** What one open block has beside the tasks of its definition. Ids are of the block. */
class BlockAdditions {
  readonly changes: GraphChange[] = [];
  readonly ids = new Set<string>();
  /** Who added them, by id. */
  readonly adders = new Map<string, AddedBy>();
  /** Paths of all nodes that were made for it. */
  readonly paths: string[] = [];
  /** What tasks come after beside what their definition says, and what comes after them. */
  readonly dependencies = new Map<string, string[]>();
  readonly dependents = new Map<string, string[]>();
  /** Added tasks whose `while` asks how far one is that was there. */
  readonly watchers = new Map<string, string[]>();
  /** What tasks do not come after any more, of what their definition says. */
  readonly removed = new Map<string, Set<string>>();
  /** Pairs that are known to be in order, beside those of an edge. */
  readonly before = new Map<string, Set<string>>();
}

const NOTHING: readonly string[] = Object.freeze([]);
const ITEM = /\[\d+\]$/;

/**
 * The graph of one run to which tasks were added: that of the definition, which it shares with other runs and does not change, and beside it
 * what was added, by paths in the run, because of a block that is an item there are many. An addition costs what is added. A node may be asked
 * for by its path in the run, too.
 *
 *   add() ──► what is asked for is there ──► drop(), once the round of the block is over
 */
export class GrownGraph extends TaskGraph {
  readonly #base: TaskGraph;
  readonly #nodes = new Map<string, TaskNode>();
  readonly #blocks = new Map<string, BlockNode>();
  readonly #scopes = new Map<string, BlockAdditions>();
  /** By block, of the run too: how many tasks in blocks inside it have an id, of those that were added. */
  readonly #inner = new Map<string, Map<string, number>>();
  /** Nodes that were ever added. */
  #count = 0;
  #outstanding = false;
  #milestones = false;

  private constructor(base: TaskGraph) {
    super({ nodes: base.nodes, blocks: new Map(), root: base.root, hasOutstanding: false, hasMilestones: false });
    this.#base = base;
  }

  /** The graph itself when it is that of one run already. */
  static around(graph: TaskGraph): GrownGraph {
    return graph instanceof GrownGraph ? graph : new GrownGraph(graph);
  }

  /** Whether something in what was added may have to be waited for or undone, or had: what a dropped task did may still have to be. */
  get addedOutstanding(): boolean {
    return this.#outstanding;
  }

  override get hasOutstanding(): boolean {
    return this.#outstanding || this.#base.hasOutstanding;
  }

  override get hasMilestones(): boolean {
    return this.#milestones || this.#base.hasMilestones;
  }

  override node(path: string): TaskNode | undefined {
    return this.#nodes.get(path) ?? this.nodes.get(path) ?? this.#nodeInRun(path);
  }

  override block(path: string): BlockNode | undefined {
    const known = this.#blocks.get(path) ?? this.#base.block(path);
    if (known !== undefined) return known;
    const definitionId = this.#definitionPath(path);
    return this.#blocks.get(definitionId) ?? this.#base.block(definitionId);
  }

  override isAdded(path: string): boolean {
    return this.#nodes.has(path);
  }

  override addedTo(scope: string): ReadonlySet<string> {
    return this.#scopes.get(scope)?.ids ?? super.addedTo(scope);
  }

  override isAddedTo(scope: string, definitionId: string): boolean {
    const at = outer(definitionId);
    return at?.block === scope && this.#scopes.get(scope)?.ids.has(at.id) === true;
  }

  override dependenciesOf(path: string, node: TaskNode): readonly string[] {
    return dependenciesIn(this.#scopes.get(blockOf(path)), node.definition.id, node.definition.after);
  }

  override firstDependentOf(path: string, node: TaskNode): string | undefined {
    const own = this.#scopes.get(blockOf(path));
    if (own !== undefined && own.removed.size > 0) return this.dependentsOf(path, node)[0];
    return node.dependents[0] ?? own?.dependents.get(node.definition.id)?.[0];
  }

  override dependentsOf(path: string, node: TaskNode): readonly string[] {
    const own = this.#scopes.get(blockOf(path));
    const { id } = node.definition;
    const more = own?.dependents.get(id);
    const all = more === undefined ? node.dependents : [...node.dependents, ...more];
    if (own === undefined || own.removed.size === 0) return all;
    return all.filter((dependent) => own.removed.get(dependent)?.has(id) !== true);
  }

  override watchersOf(path: string, node: TaskNode): readonly string[] {
    const more = this.#scopes.get(blockOf(path))?.watchers.get(node.definition.id);
    const own = super.watchersOf(path, node);
    return more === undefined ? own : [...own, ...more];
  }

  /** What a task of the definition, or one added before, comes after since others were put before it. */
  putBefore(path: string): readonly string[] {
    const at = outer(path);
    const ids = this.#scopes.get(at?.block ?? '')?.dependencies.get(at?.id ?? '');
    return ids === undefined ? NOTHING : Object.freeze([...ids]);
  }

  /** Who added one of the tasks of an open block, by its path in the run; undefined for any other. */
  addedBy(path: string): AddedBy | undefined {
    const at = outer(path);
    return at === undefined ? undefined : this.#scopes.get(at.block)?.adders.get(at.id);
  }

  /** What a task of the definition, or one that was added, does not come after any more. */
  takenFrom(path: string): readonly string[] {
    const at = outer(path);
    const ids = this.#scopes.get(at?.block ?? '')?.removed.get(at?.id ?? '');
    return ids === undefined ? NOTHING : Object.freeze([...ids]);
  }

  override placeIn(scope: string): string {
    return scope;
  }

  override isBefore(ancestor: string, path: string): boolean {
    const { block, id } = outer(path) ?? { block: '', id: '' };
    const after = this.#afterIn(block);
    if (after(id).includes(ancestor)) return true;
    const node = this.node(path);
    if (node === undefined || this.node(inside(block, ancestor)) === undefined) return false;
    const additions = this.#scopes.get(block);
    // What the definition says holds where no edge was taken away.
    const asDefined = additions === undefined || additions.removed.size === 0;
    if (asDefined && !this.#nodes.has(node.path) && this.#base.isBefore(ancestor, node.path)) return true;
    if (additions === undefined && !this.#nodes.has(node.path)) return false;
    const known = additions?.before.get(id);
    if (known?.has(ancestor) === true) return true;
    if (!leadsTo(id, ancestor, after)) return false;
    if (known !== undefined) known.add(ancestor);
    else additions?.before.set(id, new Set([ancestor]));
    return true;
  }

  override ancestors(path: string): ReadonlySet<string> {
    const { block, id } = outer(path) ?? { block: '', id: '' };
    return reachable(id, this.#afterIn(block));
  }

  /** `path`: of the block in the run. */
  override idsInside(path: string): ReadonlySet<string> {
    return this.#base.idsInside(this.#definitionPath(path));
  }

  /** Whether a task that was added inside a block of the block at `scope` has this id. */
  hasInside(scope: string, id: string): boolean {
    const counts = this.#inner.get(scope) ?? this.#inner.get(this.#definitionPath(scope));
    return counts?.has(id) === true;
  }

  protected override outward(block: string): Standpoint | undefined {
    const at = outer(block);
    return at === undefined ? undefined : { block: at.block, id: at.id.replace(ITEM, '') };
  }

  /** The tasks may come after each other, and after tasks that are there. */
  add(addition: Addition): readonly TaskNode[] {
    const { scope, tasks, before, clause, by } = addition;
    const own = this.#own(scope);
    own.changes.push(addition);
    // Behind all that was declared, and added before.
    const maps = { nodes: new Map<string, TaskNode>(), blocks: this.#blocks, from: this.nodes.size + this.#count };
    const added = addTasks(scope, tasks, maps, () => clause);
    this.#count += maps.nodes.size;
    const names = new Set(tasks.map(({ id }) => id));
    for (const [path, node] of maps.nodes) {
      this.#nodes.set(path, node);
      own.paths.push(path);
      if (hasToBeAwaited(node)) this.#outstanding = true;
      if (node.definition.while !== undefined) this.#milestones = true;
      this.#countInner(node, 1);
    }
    for (const task of tasks) {
      const { id, after } = task;
      own.ids.add(id);
      own.adders.set(id, by);
      for (const watched of watchedBy(task)) if (!names.has(watched)) push(own.watchers, watched, id);
      for (const dependency of after) if (!names.has(dependency)) push(own.dependents, dependency, id);
    }
    for (const { taskId, dependency } of before) {
      const id = outer(taskId)?.id ?? '';
      push(own.dependencies, id, dependency);
      push(own.dependents, dependency, id);
    }
    return added;
  }

  /** Draws edges that are not there, or takes some away that are. */
  relink(change: Relinking): void {
    const { scope, id, after, linked } = change;
    const own = this.#own(scope);
    own.changes.push(change);
    for (const dependency of after) {
      if (linked) draw(own, id, dependency);
      else takeAway(own, id, dependency);
    }
    // What is known of the order may hold no longer.
    if (!linked) own.before.clear();
  }

  /** Does again what changes() gave. */
  apply(change: GraphChange): void {
    if (isAddition(change)) this.add(change);
    else this.relink(change);
  }

  #own(scope: string): BlockAdditions {
    let own = this.#scopes.get(scope);
    if (own === undefined) {
      own = new BlockAdditions();
      this.#scopes.set(scope, own);
    }
    return own;
  }

  /** What undoes a task that may be gone by then: `path` is its own in the run (`pay@3`). */
  addUndoing(path: string, scope: string, definition: TaskDefinition): void {
    const undoes = definition.id.slice(0, -1);
    // Behind all that is written, however much of that has been dropped by the time that this is built anew.
    const index = Number.MAX_SAFE_INTEGER;
    this.#nodes.set(path, { definition, path, block: scope, index, dependents: NOTHING, undoes });
    this.#outstanding = true;
  }

  /** Forgets what was added to a block, but for what undoes it. Returns what it was. */
  drop(scope: string): readonly Addition[] {
    const own = this.#scopes.get(scope);
    if (own === undefined) return [];
    this.#scopes.delete(scope);
    for (const path of own.paths) {
      const node = this.#nodes.get(path);
      if (node !== undefined) this.#countInner(node, -1);
      this.#nodes.delete(path);
      this.#blocks.delete(path);
    }
    return own.changes.filter(isAddition);
  }

  /** What is there of what was added to a block. */
  additionsTo(scope: string): readonly Addition[] {
    return this.#scopes.get(scope)?.changes.filter(isAddition) ?? [];
  }

  /** Forgets some of the tasks that were added to a block, with all edges from and to them. Returns what was added to it before, and what is left of that. */
  forget(
    scope: string,
    ids: ReadonlySet<string>,
  ): { readonly was: readonly Addition[]; readonly left: readonly Addition[] } {
    const changes = this.#scopes.get(scope)?.changes ?? [];
    const was = this.drop(scope);
    for (const change of changes) {
      const left = withoutSome(change, ids);
      if (left !== undefined) this.apply(left);
    }
    return { was, left: this.additionsTo(scope) };
  }

  /** What is there of all that was added, drawn and taken away, block by block, in the order in which it came. */
  *changes(): Generator<GraphChange> {
    for (const { changes } of this.#scopes.values()) yield* changes;
  }

  /** As it was when the run was saved. */
  restore(outstanding: boolean): void {
    this.#outstanding = outstanding;
  }

  /** For all blocks around that of the node. */
  #countInner({ definition: { id }, block, undoes }: TaskNode, change: 1 | -1): void {
    if (undoes !== undefined) return;
    let at = outer(block)?.block;
    while (at !== undefined) {
      let counts = this.#inner.get(at);
      if (counts === undefined) {
        counts = new Map();
        this.#inner.set(at, counts);
      }
      const count = (counts.get(id) ?? 0) + change;
      if (count > 0) counts.set(id, count);
      else counts.delete(id);
      at = outer(at)?.block;
    }
  }

  #nodeInRun(path: string): TaskNode | undefined {
    // An item is no node.
    if (path.endsWith(']')) return undefined;
    const definitionId = this.#definitionPath(path);
    return this.#nodes.get(definitionId) ?? this.nodes.get(definitionId);
  }

  /** The path of the node that a path in the run stands for. */
  #definitionPath(path: string): string {
    const at = outer(path);
    if (at === undefined) return '';
    const id = at.id.replace(ITEM, '');
    const own = inside(at.block, id);
    if (this.#scopes.get(at.block)?.ids.has(id) === true) return own;
    return inside(this.#definitionPath(at.block), id);
  }

  #afterIn(block: string): (id: string) => readonly string[] {
    const own = this.#scopes.get(block);
    return (id) => dependenciesIn(own, id, this.node(inside(block, id))?.definition.after ?? NOTHING);
  }
}

/** What a task comes after, with what was drawn and without what was taken away. */
function dependenciesIn(own: BlockAdditions | undefined, id: string, after: readonly string[]): readonly string[] {
  const more = own?.dependencies.get(id);
  const less = own?.removed.get(id);
  const left = less === undefined ? after : after.filter((one) => !less.has(one));
  return more === undefined ? left : [...left, ...more];
}

/** One that the definition has, and that was taken away, is there again. */
function draw(own: BlockAdditions, id: string, dependency: string): void {
  const removed = own.removed.get(id);
  if (removed?.delete(dependency) === true) {
    if (removed.size === 0) own.removed.delete(id);
    return;
  }
  push(own.dependencies, id, dependency);
  push(own.dependents, dependency, id);
}

function takeAway(own: BlockAdditions, id: string, dependency: string): void {
  if (remove(own.dependencies, id, dependency)) {
    remove(own.dependents, dependency, id);
    return;
  }
  const removed = own.removed.get(id);
  if (removed === undefined) own.removed.set(id, new Set([dependency]));
  else removed.add(dependency);
}

/** Undefined when nothing is left. */
function withoutSome(change: GraphChange, ids: ReadonlySet<string>): GraphChange | undefined {
  if (!isAddition(change)) {
    const after = change.after.filter((id) => !ids.has(id));
    return ids.has(change.id) || after.length === 0 ? undefined : { ...change, after };
  }
  const tasks = change.tasks.filter(({ id }) => !ids.has(id));
  if (tasks.length === 0) return undefined;
  const isLeft = ({ taskId, dependency }: Addition['before'][number]): boolean =>
    !ids.has(dependency) && !ids.has(outer(taskId)?.id ?? '');
  return { ...change, tasks, before: change.before.filter(isLeft) };
}

const blockOf = (path: string): string => outer(path)?.block ?? '';

function push(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Whether it was there. */
function remove(lists: Map<string, string[]>, key: string, value: string): boolean {
  const list = lists.get(key);
  const place = list?.indexOf(value) ?? -1;
  if (list === undefined || place === -1) return false;
  list.splice(place, 1);
  if (list.length === 0) lists.delete(key);
  return true;
}
