import { GRAPH, SEQUENTIAL } from '../../definition/definition.ts';
import { isBefore } from './ready-order.ts';
import type {
  AgentView,
  Assignment,
  ReadyGroup,
  ReadyTask,
  SchedulerStrategy,
  SchedulingView,
} from './scheduler-strategy.ts';

/** A group that is being read: its next task, and what was given of it. */
interface Head {
  readonly group: ReadyGroup;
  readonly rest: Iterator<ReadyTask>;
  task: ReadyTask | undefined;
  given: number;
  /** Of tasks that ask for a capability: to whom. */
  to: Map<string, number> | undefined;
}

/**
 * The base that strategies share: takes ready tasks in their order (priority, age, declaration) and gives each to its agent, or to the
 * least loaded one with its capability that has room (ties by name). Of those, one that has not failed at the task goes before one that has; when all
 * have, it is the one that did so longest ago. What nobody has room for is passed over.
 */
export function assignInOrder(view: SchedulingView, limit: number): readonly Assignment[] {
  const assignments: Assignment[] = [];
  if (limit <= 0) return assignments;
  const heads = view.groups.map(headOf);
  while (assignments.length < limit) {
    const first = firstOf(heads);
    if (first?.task === undefined) break;
    const agent = agentFor(first, view, heads);
    if (agent === undefined) {
      // Nor is there room for any other of the group.
      first.task = undefined;
      continue;
    }
    first.given += 1;
    first.to?.set(agent.name, (first.to.get(agent.name) ?? 0) + 1);
    assignments.push({ taskId: first.task.taskId, agent: agent.name });
    if (assignments.length < limit) first.task = first.rest.next().value;
  }
  return assignments;
}

function headOf(group: ReadyGroup): Head {
  const rest = group.tasks[Symbol.iterator]();
  return { group, rest, task: rest.next().value, given: 0, to: group.agent === undefined ? new Map() : undefined };
}

function firstOf(heads: readonly Head[]): Head | undefined {
  let first: Head | undefined;
  for (const head of heads) if (head.task !== undefined && isBefore(head.task, first?.task)) first = head;
  return first;
}

function agentFor(head: Head, view: SchedulingView, heads: readonly Head[]): AgentView | undefined {
  const { agent: name, capability } = head.group;
  if (name !== undefined) {
    const agent = view.agents.get(name);
    return agent !== undefined && givenTo(name, heads) < view.room(name) ? agent : undefined;
  }
  const tried = head.task?.tried ?? [];
  const load = (agent: AgentView): number => agent.load + givenTo(agent.name, heads);
  const isBetter = (one: AgentView, other: AgentView): boolean => {
    // Who has not failed has the place -1.
    const later = tried.indexOf(one.name) - tried.indexOf(other.name);
    if (later !== 0) return later < 0;
    const more = load(one) - load(other);
    return more < 0 || (more === 0 && one.name < other.name);
  };
  let best: AgentView | undefined;
  for (const agent of view.agents.values()) {
    if (capability === undefined || !agent.capabilities.includes(capability)) continue;
    // What it was given otherwise may have taken the same room.
    if (givenTo(agent.name, heads) >= view.room(agent.name, capability)) continue;
    if (best === undefined || isBetter(agent, best)) best = agent;
  }
  return best;
}

/** What an agent was given in this call. */
function givenTo(agent: string, heads: readonly Head[]): number {
  let count = 0;
  for (const { group, given, to } of heads) count += group.agent === agent ? given : (to?.get(agent) ?? 0);
  return count;
}

/** One task after another: the view has only the task whose turn it is, since which one that is follows from the run. */
export const sequentialStrategy: SchedulerStrategy = {
  name: SEQUENTIAL,
  select: (view) => assignInOrder(view, Math.min(1, view.slots)),
};

/** The default: whatever is ready may run, by priority, then age, within the run's concurrency and what its agents have room for. */
export const graphStrategy: SchedulerStrategy = {
  name: GRAPH,
  select: (view) => assignInOrder(view, view.slots),
};
