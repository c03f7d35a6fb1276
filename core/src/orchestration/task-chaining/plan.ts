import type { Repeat, TaskDefinition, WorkflowDefinition } from '../../definition/definition.ts';

/** A task with what follows from its place in the graph. */
export interface PlannedTask {
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

/** A definition indexed for execution. */
export interface Plan {
  readonly tasks: ReadonlyMap<string, PlannedTask>;
  /** Tasks that nothing depends on, fallback tasks excluded. */
  readonly leaves: readonly string[];
  /** Tasks that must end before the run does: all but fallback tasks. */
  readonly required: number;
}

const plans = new WeakMap<WorkflowDefinition, Plan>();

/** The plan of a valid definition; computed once per definition object. */
export function planOf(definition: WorkflowDefinition): Plan {
  let plan = plans.get(definition);
  if (plan === undefined) {
    plan = createPlan(definition);
    plans.set(definition, plan);
  }
  return plan;
}

/** The ids of all tasks that `taskId` depends on, directly or not. */
export function ancestorsOf(plan: Plan, taskId: string): ReadonlySet<string> {
  return reachable(taskId, (id) => plan.tasks.get(id)?.definition.after ?? []);
}

function createPlan(definition: WorkflowDefinition): Plan {
  const dependents = new Map<string, string[]>(definition.tasks.map((task) => [task.id, []]));
  const fallbackFor = new Map<string, string>();
  for (const task of definition.tasks) {
    for (const dependency of task.after) dependents.get(dependency)?.push(task.id);
    if (task.fallback?.kind === 'task') fallbackFor.set(task.fallback.task, task.id);
  }
  const segments = new Map<string, readonly string[]>();
  const repeatedBy = new Map<string, string>();
  for (const task of definition.tasks) {
    if (task.repeat === undefined) continue;
    const segment = segmentOf(definition, dependents, fallbackFor, task.id, task.repeat);
    segments.set(task.id, segment);
    for (const member of segment) repeatedBy.set(member, task.id);
  }
  const tasks = new Map<string, PlannedTask>();
  for (const [index, task] of definition.tasks.entries()) {
    const origin = fallbackFor.get(task.id);
    const repeater = repeatedBy.get(task.id);
    const segment = segments.get(task.id);
    tasks.set(task.id, {
      definition: task,
      index,
      dependents: dependents.get(task.id) ?? [],
      ...(origin === undefined ? {} : { fallbackFor: origin }),
      ...(repeater === undefined ? {} : { repeatedBy: repeater }),
      ...(segment === undefined ? {} : { segment }),
    });
  }
  const required = definition.tasks.filter((task) => !fallbackFor.has(task.id));
  return {
    tasks,
    leaves: required.filter((task) => dependents.get(task.id)?.length === 0).map((task) => task.id),
    required: required.length,
  };
}

function segmentOf(
  definition: WorkflowDefinition,
  dependents: ReadonlyMap<string, readonly string[]>,
  fallbackFor: ReadonlyMap<string, string>,
  repeater: string,
  repeat: Repeat,
): readonly string[] {
  const after = new Map(definition.tasks.map((task) => [task.id, task.after]));
  const below = reachable(repeat.from, (id) => dependents.get(id) ?? []).add(repeat.from);
  const above = reachable(repeater, (id) => after.get(id) ?? []).add(repeater);
  // A fallback task has no edges: it is inside when what it stands in for is, directly or through another fallback task.
  const inside = (id: string): boolean => {
    const origin = fallbackFor.get(id);
    return origin === undefined ? below.has(id) && above.has(id) : inside(origin);
  };
  return definition.tasks.map((task) => task.id).filter(inside);
}

function reachable(start: string, next: (id: string) => readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [...next(start)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...next(id));
  }
  return found;
}
