import { BUDGETS, type BudgetKind } from '../../definition/definition.ts';
import { type ErrorData, errorData } from '../../shared/errors.ts';
import { blocksAround } from '../../shared/task-path.ts';
import type { MessageSent, TaskEntered, TaskScheduled } from './events.ts';
import type { Party } from './messaging/message.ts';
import { definitionOf, isAgentTask, type RunState, type ScopeState, type Spent, type TaskState } from './state.ts';

// What blocks (the run is one) may spend at most, in counts. What is counted is reserved by the very event that says it: nothing is given back, and
// nothing can be lost between. Each is asked about before it is decided, in all blocks around that have a budget. What undoes others is not counted.

/** A budget that does not allow one more. */
export interface UsedUp {
  /** The path of the block. */
  readonly scope: string;
  readonly kind: BudgetKind;
  readonly limit: number;
}

/** What was decided and is not folded yet. */
export class Ahead {
  #counts: Map<string, number> | undefined;

  of(scope: string, kind: BudgetKind): number {
    return this.#counts?.get(`${kind} ${scope}`) ?? 0;
  }

  add(state: RunState, path: string, kinds: readonly BudgetKind[]): void {
    if (kinds.length === 0) return;
    this.#counts ??= new Map();
    for (const { path: scope } of budgetsAround(state, path))
      for (const kind of kinds) this.#counts.set(`${kind} ${scope}`, this.of(scope, kind) + 1);
  }
}

const NOTHING: Spent = { tasks: 0, attempts: 0, messages: 0, delegations: 0 };

/** A block that has a budget begins. */
export function beginBudget(state: RunState, scope: ScopeState): void {
  scope.spent = NOTHING;
  state.budgets.set(scope.path, scope);
}

/** The blocks that have a budget, from the one at `path` outwards. */
function* budgetsAround(state: RunState, path: string): Generator<ScopeState> {
  for (const at of [...blocksAround(path), '']) {
    const scope = state.budgets.get(at);
    if (scope !== undefined) yield scope;
  }
}

export const limitOf = (state: RunState, scope: ScopeState, kind: BudgetKind): number | undefined =>
  state.graph.block(scope.definitionId)?.definition.budget?.[kind];

const NOTHING_NEEDED: readonly BudgetKind[] = [];

/** What another attempt of a task, at an agent or as a child run, costs: the first of a round is a task, too. */
export function costOf(state: RunState, task: TaskState): readonly BudgetKind[] {
  // Mostly nothing is counted.
  if (state.budgets.size === 0 || task.undoes !== undefined) return NOTHING_NEEDED;
  const isWork = isAgentTask(state, task) || definitionOf(state, task)?.workflow !== undefined;
  if (!isWork) return NOTHING_NEEDED;
  return task.firstScheduledAt === undefined ? ['attempts', 'tasks'] : ['attempts'];
}

/** What another message costs: what comes from outside, or is said in undoing something, nothing. */
export function costOfMessage(state: RunState, { task: from }: Party): readonly BudgetKind[] {
  if (state.budgets.size === 0 || from === undefined) return NOTHING_NEEDED;
  const task = state.tasks.get(from);
  return task === undefined || task.undoes !== undefined ? NOTHING_NEEDED : ['messages'];
}

/** The innermost budget that does not allow it; `ahead`: what is decided already. */
export function usedUp(state: RunState, path: string, kinds: readonly BudgetKind[], ahead?: Ahead): UsedUp | undefined {
  if (kinds.length === 0 || state.budgets.size === 0) return undefined;
  for (const scope of budgetsAround(state, path)) {
    for (const kind of kinds) {
      const limit = limitOf(state, scope, kind);
      const spent = (scope.spent?.[kind] ?? 0) + (ahead?.of(scope.path, kind) ?? 0);
      if (limit !== undefined && spent >= limit) return { scope: scope.path, kind, limit };
    }
  }
  return undefined;
}

export function exhausted({ scope, kind, limit }: UsedUp, who: string): ErrorData {
  const whose = scope === '' ? 'the run' : `'${scope}'`;
  const of = `${limit} ${limit === 1 ? kind.slice(0, -1) : kind}`;
  const message = `${who} would take ${whose} beyond its budget of ${of}. Raise budget.${kind}, or find out what uses it up.`;
  return { ...errorData('REPRISE_BUDGET_EXHAUSTED', message), details: { scope, budget: kind, limit } };
}

/** An attempt begins: it is spent. Before its task is told so. */
export const spendAttempt = (state: RunState, task: TaskState, event: TaskScheduled | TaskEntered): void =>
  event.type === 'TaskEntered' && event.child === undefined ? undefined : spend(state, task.scope, costOf(state, task));

/** A message of a task. What the run says for somebody else, and what comes from outside, nobody in it spends. */
export function spendMessage(state: RunState, { from, onBehalf, ask }: MessageSent): void {
  if (state.budgets.size === 0 || ask !== undefined) return;
  const task = onBehalf === true ? undefined : state.tasks.get(from.task ?? '');
  if (task !== undefined) spend(state, task.scope, costOfMessage(state, from));
}

/** A strategy has delegated `count` tasks of the block at `path`. */
export function spendDelegations(state: RunState, path: string, count: number): void {
  if (state.budgets.size === 0) return;
  for (let left = count; left > 0; left -= 1) spend(state, path, DELEGATION);
}

/** The innermost budget that does not allow `count` more. */
export function delegationsUsedUp(state: RunState, path: string, count: number): UsedUp | undefined {
  if (count === 0 || state.budgets.size === 0) return undefined;
  for (const scope of budgetsAround(state, path)) {
    const limit = limitOf(state, scope, 'delegations');
    if (limit !== undefined && (scope.spent?.delegations ?? 0) + count > limit)
      return { scope: scope.path, kind: 'delegations', limit };
  }
  return undefined;
}

/** What is left of each budget, over all blocks from `path` outwards. */
export function leftOf(state: RunState, path: string): Partial<Record<BudgetKind, number>> {
  const left: Partial<Record<BudgetKind, number>> = {};
  for (const scope of budgetsAround(state, path))
    for (const kind of BUDGETS) {
      const limit = limitOf(state, scope, kind);
      if (limit === undefined) continue;
      const own = Math.max(0, limit - (scope.spent?.[kind] ?? 0));
      left[kind] = Math.min(left[kind] ?? own, own);
    }
  return left;
}

const DELEGATION: readonly BudgetKind[] = ['delegations'];

function spend(state: RunState, path: string, kinds: readonly BudgetKind[]): void {
  if (kinds.length === 0) return;
  for (const scope of budgetsAround(state, path)) {
    const spent: Record<BudgetKind, number> = { ...NOTHING, ...scope.spent };
    for (const kind of kinds) {
      spent[kind] += 1;
      if (spent[kind] === limitOf(state, scope, kind)) state.usedUp.push({ scope: scope.path, kind });
    }
    scope.spent = spent;
  }
}

/** What a block has spent, when it has a budget, as text of a digest. */
export const spentText = ({ spent }: ScopeState): string =>
  spent === undefined
    ? ''
    : ` spent=${JSON.stringify(BUDGETS.filter((kind) => kind !== 'delegations' || spent[kind] > 0).map((kind) => spent[kind]))}`;
