import type { TeamSchedulingView, TeamStrategy } from '@reprise/core/plugin';
import { bid } from './bid.ts';
import { claim } from './claim.ts';
import { Desk } from './desk.ts';
import { handOff } from './hand-off.ts';
import { LEDGER_FORMAT } from './ledger.ts';
import { type AutonomousOptions, resolveAutonomousOptions } from './options.ts';
import { type AutonomousSpec, agentsOf, expressionsOf, rulesOf, specProblems } from './spec.ts';

export const AUTONOMOUS = 'autonomous';

/**
 * Members agree among themselves: `strategy: { name: 'autonomous', mode: 'hand-off' | 'bid' | 'claim', … }`. Throws REPRISE_CONFIG_INVALID when an option
 * is wrong.
 */
export function createAutonomousStrategy(options: AutonomousOptions = {}): TeamStrategy {
  const resolved = resolveAutonomousOptions(options);
  return {
    name: AUTONOMOUS,
    team: { writes: LEDGER_FORMAT, check: specProblems, expressionsOf, agentsOf },
    select(view: TeamSchedulingView) {
      const spec = view.team.spec as unknown as AutonomousSpec;
      const rules = rulesOf(spec, resolved);
      const desk = new Desk(view);
      if (spec.mode === 'hand-off') handOff(desk, spec, rules);
      else if (spec.mode === 'bid') bid(desk, spec, rules);
      else claim(desk, spec, rules);
      if (!desk.isOver) desk.settle();
      return desk.said;
    },
  };
}
