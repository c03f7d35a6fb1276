import { strategyConformance } from '@reprise/conformance';
import type { SchedulerStrategy, SchedulingView, TeamView } from '@reprise/core/plugin';
import { createHierarchicalStrategy } from '../src/index.ts';
import { progress, reply, SPEC, TeamPlay } from './support.ts';

// While its manager thinks, a team assigns what is ready, and is held to what every strategy that assigns is.

function thinking(): TeamView {
  const strategy = createHierarchicalStrategy();
  const team = new TeamPlay(strategy, { spec: SPEC, manager: () => ({ progress: progress(), ...reply() }) });
  team.decideOnce();
  return team.view().team;
}

function assigning(): SchedulerStrategy {
  const strategy = createHierarchicalStrategy();
  const team = thinking();
  return {
    name: strategy.name,
    select: (view: SchedulingView) => {
      const decisions = strategy.select({
        ...view,
        get groups() {
          return view.groups;
        },
        get ready() {
          return view.ready;
        },
        room: (agent: string, capability?: string) => view.room(agent, capability),
        team,
      });
      return decisions.map((decision) => {
        if (!('taskId' in decision)) throw new Error(`it decided ${decision.kind}`);
        return decision;
      });
    },
  };
}

strategyConformance('hierarchical', { create: assigning });
