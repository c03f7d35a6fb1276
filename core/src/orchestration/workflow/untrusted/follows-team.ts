import { delegationsUsedUp } from '../budgets.ts';
import type { DecisionMade, DecisionRefused, TeamWoken } from '../events.ts';
import type { RunState } from '../state.ts';
import { costOfDecision } from '../team/fold.ts';
import { changedLedger, depthOf, MAX_LEDGER_DEPTH } from '../team/ledger.ts';
import { MAX_DECISIONS, MAX_REFUSED } from '../team/team.ts';
import { flaw } from './flaws.ts';
import type { Flaw } from './shape.ts';

/** What of the decisions of a team cannot come after what there is. */
export function teamFlaw(state: RunState, event: DecisionMade | DecisionRefused | TeamWoken): Flaw | undefined {
  const { team } = state.scopes.get(event.scope) ?? {};
  if (team === undefined) return flaw('data.scope', `is '${event.scope}', which is no team that is under way`);
  if (state.status !== 'running') return flaw('type', `cannot come: the run is ${state.status}`);
  if (team.ruling !== undefined) return flaw('type', `cannot come: the team '${event.scope}' has ended`);
  if (event.type === 'TeamWoken')
    return team.wakeAt === undefined ? flaw('type', 'cannot come: nobody asked to be woken') : undefined;
  if (event.n !== team.n + 1) return flaw('data.n', `is ${event.n}; the next decision is number ${team.n + 1}`);
  if (event.n > MAX_DECISIONS + 2)
    return flaw('data.n', `is ${event.n}; a round has at most ${MAX_DECISIONS} decisions`);
  if (event.seen > state.revision) return flaw('data.seen', `is ${event.seen}, which is yet to come`);
  // A run that goes on from another one may go on between the last refusal and what follows it.
  if (team.refused > MAX_REFUSED && !(event.type === 'DecisionMade' && event.kind === 'giveUp'))
    return flaw('type', `cannot come: ${MAX_REFUSED} decisions in a row were refused`);
  if (event.type === 'DecisionRefused') return undefined;
  return decisionFlaw(state, event) ?? ledgerFlaw(team.ledger, event);
}

/** What each kind of decision says, beside what all say. */
function decisionFlaw(state: RunState, event: DecisionMade): Flaw | undefined {
  const { kind, tasks = [], role, about, output, error, wakeInMs, scope } = event;
  if ((kind === 'giveUp') !== (error !== undefined))
    return flaw('data.error', error === undefined ? 'is missing' : `cannot stand beside kind "${kind}"`);
  if ((kind === 'finish') !== (output !== undefined))
    return flaw('data.output', output === undefined ? 'is missing' : `cannot stand beside kind "${kind}"`);
  if ((kind === 'ask') !== (role !== undefined))
    return flaw('data.role', role === undefined ? 'is missing' : `cannot stand beside kind "${kind}"`);
  if (about !== undefined && kind !== 'announce') return flaw('data.about', `cannot stand beside kind "${kind}"`);
  if (wakeInMs !== undefined && kind !== 'note') return flaw('data.wakeInMs', `cannot stand beside kind "${kind}"`);
  const over = delegationsUsedUp(state, scope, costOfDecision(kind, tasks));
  return over === undefined
    ? undefined
    : flaw('type', `cannot come: the budget of ${over.limit} delegations of '${over.scope}' is used up`);
}

function ledgerFlaw(ledger: Parameters<typeof changedLedger>[0], event: DecisionMade): Flaw | undefined {
  if (event.ledger === undefined) return undefined;
  const next = changedLedger(ledger, event.ledger.changes);
  if (next === undefined) return flaw('data.ledger', 'does not fit the ledger that there is');
  return depthOf(next) > MAX_LEDGER_DEPTH ? flaw('data.ledger', 'makes it nested too deep') : undefined;
}
