import type { ErrorCode } from '../../../shared/error-codes.ts';
import { type ErrorData, errorData, withCause } from '../../../shared/errors.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';
import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import { delegationsUsedUp, exhausted } from '../budgets.ts';
import type { Decide } from '../commands.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { beyondLimit } from '../decisions/outcome.ts';
import { isRefusal, problem, type Refusal } from '../decisions/refusal.ts';
import type { DecisionKind, DecisionMade, RunEvent } from '../events.ts';
import { readyGroups } from '../ready-tasks.ts';
import type { RunState, ScopeState } from '../state.ts';
import { topOf } from '../transitions/closing-top.ts';
import type { Decision } from './decision.ts';
import { decisionFlaw } from './decision-shape.ts';
import { costOfDecision } from './fold.ts';
import { consequencesOf } from './judge.ts';
import { depthOf, ledgerChanges, MAX_LEDGER_CHARS, MAX_LEDGER_DEPTH } from './ledger.ts';
import { MAX_DECISIONS, MAX_QUIET, MAX_REFUSED, MAX_WAKES } from './team.ts';
import type { TeamState } from './team-state.ts';

/** What every event of a decision says. */
type Base = Pick<DecisionMade, 'at' | 'scope' | 'strategy' | 'n' | 'seen'>;

/**
 * One decision of the strategy of a team, by the state that those before it left: it is taken, with all that it leads to, or it is refused, which is on
 * record, too. Too many, or too many refused in a row, and the team gives up: so it ends, whatever its strategy does.
 */
export function decideTeam(state: RunState, command: Decide, context: DecisionContext): readonly RunEvent[] {
  const { scope: path, strategy, seen, decision } = command;
  const scope = state.scopes.get(path);
  const { team } = scope ?? {};
  if (state.status !== 'running' || scope === undefined || team === undefined || team.ruling !== undefined) return [];
  // It ends, whatever is decided.
  if (topOf(state, path) !== undefined) return [];
  const base: Base = { at: context.now, scope: path, strategy, n: team.n + 1, seen };
  if (decision === undefined) {
    const nothing = readyGroups(state, scope).length > 0 ? 'assigns nothing of what is ready' : 'decides nothing';
    return [over(base, 'REPRISE_TEAM_STALLED', `Nothing more would happen in the team, and its strategy ${nothing}.`)];
  }
  if (team.n >= MAX_DECISIONS) {
    const message = `The team took ${MAX_DECISIONS} decisions in this round, which is as many as it may.`;
    return [over(base, 'REPRISE_TEAM_EXHAUSTED', message)];
  }
  const flaw = decisionFlaw(decision);
  if (flaw !== undefined)
    return refuse(team, base, decision, problem('REPRISE_DECISION_INVALID', `${flaw.field} ${flaw.problem}.`));
  const one = decision as unknown as Decision & { readonly kind: DecisionKind };
  if (one.kind === 'note' && one.wakeInMs !== undefined && team.wakes >= MAX_WAKES) {
    const message = `The team was woken ${MAX_WAKES} times in a row, and nothing else was new.`;
    return [over(base, 'REPRISE_TEAM_STALLED', message)];
  }
  if (team.quiet >= MAX_QUIET) {
    const message = `The team took ${MAX_QUIET} decisions in a row, and nothing was new.`;
    return [over(base, 'REPRISE_TEAM_STALLED', message)];
  }
  const taken = takenDecision(state, scope, team, command, one, base, context);
  if ('code' in taken) return refuse(team, base, decision, taken);
  // That nothing is to be done about nothing is no decision.
  const [made] = taken;
  const isNothing = one.kind === 'note' && made?.type === 'DecisionMade' && made.ledger === undefined;
  return isNothing && one.wakeInMs === undefined && team.news.length === 0 ? [] : taken;
}

const over = (base: Base, code: ErrorCode, message: string, cause?: ErrorData): DecisionMade => ({
  type: 'DecisionMade',
  ...base,
  kind: 'giveUp',
  error: withCause(errorData(code, message), cause),
});

function refuse(team: TeamState, base: Base, decision: JsonObject, { code, message }: Refusal): readonly RunEvent[] {
  const kind = typeof decision['kind'] === 'string' ? decision['kind'].slice(0, 64) : 'none';
  const why = typeof decision['why'] === 'string' ? { why: decision['why'].slice(0, 1_000) } : {};
  const refused: RunEvent = { type: 'DecisionRefused', ...base, kind, ...why, code, message };
  if (team.refused + 1 < MAX_REFUSED) return [refused];
  const text = `${MAX_REFUSED} decisions of the strategy '${base.strategy}' in a row could not be.`;
  return [refused, over({ ...base, n: base.n + 1 }, 'REPRISE_TEAM_REFUSED', text, errorData(code, message))];
}

function takenDecision(
  state: RunState,
  scope: ScopeState,
  team: TeamState,
  command: Decide,
  decision: Decision & { readonly kind: DecisionKind },
  base: Base,
  context: DecisionContext,
): readonly RunEvent[] | Refusal {
  const ledger = ledgerOf(state, team, decision.ledger, command.format, context);
  if (ledger !== undefined && 'code' in ledger) return ledger;
  const judged = consequencesOf(state, scope, decision, command, base.n, context);
  if (isRefusal(judged as readonly RunEvent[] | Refusal)) return judged as Refusal;
  const { said, events } = judged as Exclude<typeof judged, Refusal>;
  const count = costOfDecision(decision.kind, said.tasks ?? []);
  const used = delegationsUsedUp(state, scope.path, count);
  if (used !== undefined) return problem('REPRISE_BUDGET_EXHAUSTED', exhausted(used, 'Another delegation').message);
  const made: DecisionMade = {
    type: 'DecisionMade',
    ...base,
    kind: decision.kind,
    ...said,
    ...(decision.why === undefined ? {} : { why: decision.why }),
    ...(ledger === undefined ? {} : { ledger }),
  };
  return [made, ...events];
}

/** What has changed in what is to be remembered; undefined when nothing is said, or nothing has. */
function ledgerOf(
  state: RunState,
  team: TeamState,
  ledger: JsonObject | undefined,
  format: number,
  context: DecisionContext,
): DecisionMade['ledger'] | Refusal {
  if (ledger === undefined) return undefined;
  const invalid = (why: string): Refusal => problem('REPRISE_DECISION_INVALID', `The ledger ${why}.`);
  if (jsonSize(ledger as Json, MAX_LEDGER_CHARS) > MAX_LEDGER_CHARS)
    return invalid(`is longer than ${MAX_LEDGER_CHARS} characters of JSON; what tasks gave need not be in it`);
  if (depthOf(ledger) > MAX_LEDGER_DEPTH) return invalid(`is nested deeper than ${MAX_LEDGER_DEPTH} levels`);
  const error = beyondLimit(state, 'the ledger', roughSize(ledger as Json) - team.held, context);
  if (error !== undefined) return problem('REPRISE_RUN_TOO_LARGE', error.message);
  // Another format is another document.
  const before = team.format === format ? team.ledger : undefined;
  const changes = ledgerChanges(before, ledger);
  return changes.length === 0 ? undefined : { format, changes };
}
