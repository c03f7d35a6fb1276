import { raiseProblem } from '../budgets.ts';
import { blockProblem } from '../decisions/added-place.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { type Answer, problem } from '../decisions/refusal.ts';
import type { RunState } from '../state.ts';
import type { RaiseBudget } from './run-changes.ts';
import { CLOSED } from './task-under-way.ts';

/** What had failed for want of it stays so. */
export function raiseBudget(
  state: RunState,
  { scope, raised, commandId }: Pick<RaiseBudget, 'scope' | 'raised' | 'commandId'>,
  { now: at }: DecisionContext,
): Answer {
  const closed = blockProblem(state, scope, state.scopes.get(scope), CLOSED);
  if (closed !== undefined) return closed;
  const why = raiseProblem(state, scope, raised);
  if (why !== undefined) return problem('REPRISE_COMMAND_INVALID', `The budget cannot be raised: ${why}.`);
  return [{ type: 'BudgetRaised', at, scope, raised, commandId }];
}
