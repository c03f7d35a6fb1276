import { assignInOrder, type Decision, type TeamSchedulingView, type TeamStrategy } from '@reprise/core/plugin';
import { specProblems } from './check.ts';
import { LEDGER_FORMAT } from './ledger.ts';
import { type HierarchicalOptions, resolveHierarchicalOptions } from './options.ts';
import { Play } from './play.ts';
import { agentsOf, teamOf } from './spec.ts';

export const HIERARCHICAL = 'hierarchical';

/**
 * A manager plans, delegates to workers, reviews what they give, and replans: `strategy: { name: 'hierarchical', goal, manager, workers, … }`. Throws
 * REPRISE_CONFIG_INVALID when an option is wrong.
 */
export function createHierarchicalStrategy(options: HierarchicalOptions = {}): TeamStrategy {
  const resolved = resolveHierarchicalOptions(options);
  return {
    name: HIERARCHICAL,
    team: { writes: LEDGER_FORMAT, check: (spec) => specProblems(spec), agentsOf },
    select(view) {
      const play = new Play(teamOf(view.team.spec, resolved), view);
      const decisions = play.decide();
      return play.isOver ? decisions : [...decisions, ...assignments(view, decisions)];
    },
  };
}

/** What is ready goes to whoever it is for, in its order, but for what was just dropped. */
function assignments(view: TeamSchedulingView, decisions: readonly Decision[]): readonly Decision[] {
  const dropped = new Set(decisions.flatMap((decision) => (decision.kind === 'drop' ? decision.tasks : [])));
  const paths = new Set(dropped.values().map((id) => view.team.tasks.get(id)?.taskId));
  return assignInOrder(view, view.slots).filter(({ taskId }) => !paths.has(taskId));
}
