import {
  type AgentView,
  type Assignment,
  definePlugin,
  type Plugin,
  type ReadyGroup,
  type SchedulerStrategy,
  type SchedulingView,
} from '@reprise/core/plugin';

/** A task of each group in turn, whatever their priorities: no agent waits until others have had all of theirs. */
export const inTurn: SchedulerStrategy = {
  name: 'in-turn',
  select: (view) => {
    const assignments: Assignment[] = [];
    let waiting = view.groups.map((group) => ({ next: nextOf(group), room: roomFor(group, view) }));
    while (waiting.length > 0 && assignments.length < view.slots) {
      waiting = waiting.filter(({ next, room }) => {
        const [agent] = [...room].find(([, left]) => left > 0) ?? [];
        // Not a task is read that cannot be given: lists may be long.
        if (agent === undefined || assignments.length === view.slots) return false;
        const task = next();
        if (task === undefined) return false;
        room.set(agent, (room.get(agent) ?? 0) - 1);
        assignments.push({ taskId: task.taskId, agent });
        return true;
      });
    }
    return assignments;
  },
};

/** A list can be read once. */
function nextOf({ tasks }: ReadyGroup) {
  const rest = tasks[Symbol.iterator]();
  return () => rest.next().value;
}

/** How many attempts each agent may be given that the group is for. */
function roomFor({ agent, capability }: ReadyGroup, view: SchedulingView): Map<string, number> {
  if (agent !== undefined) return new Map(view.agents.has(agent) ? [[agent, view.room(agent)]] : []);
  const able = ({ capabilities }: AgentView) => capability !== undefined && capabilities.includes(capability);
  return new Map([...view.agents.values()].filter(able).map(({ name }) => [name, view.room(name, capability)]));
}

export const inTurnScheduler = (): Plugin<'scheduler'> =>
  definePlugin({ name: 'in-turn', kind: 'scheduler', create: () => inTurn });
