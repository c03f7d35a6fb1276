import type { TaskDefinition, WorkflowDefinition } from './definition.ts';
import { between, dependentsOf, leadsTo, reachable } from './graph.ts';

/** A task with what follows from its place in the graph. */
export interface TaskNode {
  readonly definition: TaskDefinition;
  /** Place in the declaration: breaks ties. */
  readonly index: number;
  readonly dependents: readonly string[];
  /** The task that this one stands in for, when it is a fallback task. */
  readonly fallbackFor?: string;
  /** The repeating task whose segment this one is in. */
  readonly repeatedBy?: string;
  /** Of a repeating task: the tasks that run again, fallback tasks included, in declaration order. */
  readonly segment?: readonly string[];
}

const NOTHING: readonly string[] = [];
const graphs = new WeakMap<WorkflowDefinition, TaskGraph>();

/**
 * The tasks of a valid definition and how they depend on each other. One for each definition object, shared by all runs of it; what it
 * was asked once it knows.
 */
export class TaskGraph {
  /** By id, in declaration order. */
  readonly nodes: ReadonlyMap<string, TaskNode>;
  /** Tasks that nothing depends on, fallback tasks excluded. */
  readonly leaves: readonly string[];
  /** Tasks that must end before the run does: all but fallback tasks. */
  readonly required: number;
  /** Pairs that are known to be in order, beside those of an edge. */
  readonly #before = new Map<string, Set<string>>();

  private constructor(definition: WorkflowDefinition) {
    this.nodes = nodesOf(definition);
    const required = [...this.nodes].filter(([, { fallbackFor }]) => fallbackFor === undefined);
    this.leaves = required.filter(([, { dependents }]) => dependents.length === 0).map(([id]) => id);
    this.required = required.length;
  }

  static of(definition: WorkflowDefinition): TaskGraph {
    let graph = graphs.get(definition);
    if (graph === undefined) {
      graph = new TaskGraph(definition);
      graphs.set(definition, graph);
    }
    return graph;
  }

  node(id: string): TaskNode | undefined {
    return this.nodes.get(id);
  }

  /** Whether `id` depends on `ancestor`, directly or not. The nearest are looked at first. */
  isBefore(ancestor: string, id: string): boolean {
    if (this.#after(id).includes(ancestor)) return true;
    const known = this.#before.get(id);
    if (known?.has(ancestor) === true) return true;
    if (!this.nodes.has(ancestor) || !leadsTo(id, ancestor, (other) => this.#after(other))) return false;
    if (known === undefined) this.#before.set(id, new Set([ancestor]));
    else known.add(ancestor);
    return true;
  }

  /** The ids of all tasks that `id` depends on, directly or not. */
  ancestors(id: string): ReadonlySet<string> {
    return reachable(id, (other) => this.#after(other));
  }

  #after(id: string): readonly string[] {
    return this.nodes.get(id)?.definition.after ?? NOTHING;
  }
}

function nodesOf({ tasks }: WorkflowDefinition): ReadonlyMap<string, TaskNode> {
  const dependents = dependentsOf(tasks);
  const fallbackFor = new Map<string, string>();
  for (const { id, fallback } of tasks) if (fallback?.kind === 'task') fallbackFor.set(fallback.task, id);
  const segments = new Map<string, readonly string[]>();
  const repeatedBy = new Map<string, string>();
  for (const { id, repeat } of tasks) {
    if (repeat === undefined) continue;
    const path = between(tasks, repeat.from, id);
    // A fallback task has no edges: it is inside when what it stands in for is, directly or through another fallback task.
    const inside = (member: string): boolean => {
      const origin = fallbackFor.get(member);
      return origin === undefined ? path.has(member) : inside(origin);
    };
    const segment = tasks.map((task) => task.id).filter(inside);
    segments.set(id, segment);
    for (const member of segment) repeatedBy.set(member, id);
  }
  const nodes = new Map<string, TaskNode>();
  for (const [index, definition] of tasks.entries()) {
    const { id } = definition;
    const origin = fallbackFor.get(id);
    const repeater = repeatedBy.get(id);
    const segment = segments.get(id);
    nodes.set(id, {
      definition,
      index,
      dependents: dependents.get(id) ?? NOTHING,
      ...(origin === undefined ? {} : { fallbackFor: origin }),
      ...(repeater === undefined ? {} : { repeatedBy: repeater }),
      ...(segment === undefined ? {} : { segment }),
    });
  }
  return nodes;
}
