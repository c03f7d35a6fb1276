import type { AgentView, Assignment, ReadyTask, SchedulerStrategy, SchedulingView } from './scheduler-strategy.ts';

/**
 * The base that strategies share: takes ready tasks in the order of the view (priority, age, declaration) and gives each to its
 * agent, or to the least loaded one with its capability (ties by name). Tasks that no agent can take are passed over.
 */
export function assignInOrder(view: SchedulingView, limit: number): readonly Assignment[] {
  const assignments: Assignment[] = [];
  if (limit <= 0) return assignments;
  const added = new Map<string, number>();
  for (const task of view.ready) {
    const agent = agentFor(task, view, added);
    if (agent === undefined) continue;
    added.set(agent.name, (added.get(agent.name) ?? 0) + 1);
    assignments.push({ taskId: task.taskId, agent: agent.name });
    if (assignments.length >= limit) break;
  }
  return assignments;
}

function agentFor(task: ReadyTask, view: SchedulingView, added: ReadonlyMap<string, number>): AgentView | undefined {
  if (task.agent !== undefined) return view.agents.get(task.agent);
  let best: AgentView | undefined;
  const load = (agent: AgentView): number => agent.load + (added.get(agent.name) ?? 0);
  for (const agent of view.agents.values()) {
    if (task.capability === undefined || !agent.capabilities.includes(task.capability)) continue;
    if (best === undefined || load(agent) < load(best) || (load(agent) === load(best) && agent.name < best.name))
      best = agent;
  }
  return best;
}

/** The default: whatever is ready may run, by priority, then age, within the run's concurrency. */
export const graphStrategy: SchedulerStrategy = {
  name: 'graph',
  select: (view) => assignInOrder(view, view.slots),
};
