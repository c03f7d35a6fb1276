import { BUDGETS, type BudgetKind, COUNTS, type CountKind } from '../../definition/definition.ts';
import { firstOf, orAsked } from './budget-questions.ts';
import { type Beyond, budgetsAround, costOf, counted, limitOf, useOf } from './budgets.ts';
import type { TaskEntered, Usage } from './events.ts';
import { definitionOf, type RunState, rootOf, type ScopeState, type TaskState } from './state.ts';

// Allotments: what a child run may spend is reserved whole, in all blocks around that have a budget, when it begins; it is handed to the child as the budget of its start,
// and settled by what the child says at its end, or else by the allotment. Only kinds that the allotment names are counted so: of others, what a child does is its own.

/** What the child run of a task may spend, as it is counted; undefined when its definition does not say. What undoes others is not counted. */
export function allotmentOf(state: RunState, task: TaskState): Usage | undefined {
  const budget = task.undoes === undefined ? definitionOf(state, task)?.workflow?.budget : undefined;
  if (budget === undefined) return undefined;
  const said = BUDGETS.flatMap((kind) => (budget[kind] === undefined ? [] : [[kind, counted(kind, budget[kind])]]));
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** What does not allow a child run to begin; as beyond(). */
export const beyondForChild = (state: RunState, task: TaskState): Beyond | undefined =>
  state.budgets.size === 0 ? undefined : orAsked(state, firstOf(state, allShortOf(state, task)));

function* allShortOf(state: RunState, task: TaskState): Generator<Beyond> {
  const own: readonly BudgetKind[] = costOf(state, task);
  const allotted = allotmentOf(state, task) ?? {};
  for (const scope of budgetsAround(state, task.scope))
    for (const kind of BUDGETS) {
      const most = (own.includes(kind) ? 1 : 0) + (allotted[kind] ?? 0);
      const limit = most === 0 ? undefined : limitOf(state, scope, kind);
      if (limit === undefined) continue;
      const use = useOf(scope, kind);
      if (use.spent + use.reserved + most <= limit) continue;
      yield { used: { scope: scope.path, kind, limit, ...use, most, isChild: true }, waits: use.spent + most <= limit };
    }
}

/** Whether a task that no agent performs is a child run for which there is no room now, and may be once others have ended. */
export const waitsForRoom = (state: RunState, task: TaskState): boolean =>
  state.budgets.size > 0 &&
  definitionOf(state, task)?.workflow !== undefined &&
  beyondForChild(state, task)?.waits === true;

/** A child run begins: what it may spend is reserved. */
export function allot(state: RunState, task: TaskState, { allotted }: TaskEntered): void {
  if (allotted === undefined) return;
  task.allotted = allotted;
  for (const scope of budgetsAround(state, task.scope)) reserveIn(scope, allotted, 1);
}

/** It has ended, or is given up: settled by what it says, and what it does not say by its allotment. */
export function settleAllotment(state: RunState, task: TaskState, spent: Usage | undefined): void {
  const { allotted } = task;
  if (allotted === undefined) return;
  task.allotted = undefined;
  const used: Usage = { ...allotted, ...spent };
  for (const scope of budgetsAround(state, task.scope)) {
    reserveIn(scope, allotted, -1);
    for (const kind of BUDGETS) {
      const by = used[kind] ?? 0;
      if (by === 0) continue;
      const before = useOf(scope, kind).spent;
      spendIn(scope, kind, by);
      const limit = limitOf(state, scope, kind);
      if (limit !== undefined && before < limit && before + by >= limit) state.usedUp.push({ scope: scope.path, kind });
    }
  }
}

function reserveIn(scope: ScopeState, allotted: Usage, sign: 1 | -1): void {
  const sums = BUDGETS.flatMap((kind) => {
    const sum = (scope.allotted?.[kind] ?? 0) + sign * (allotted[kind] ?? 0);
    return sum === 0 ? [] : [[kind, sum] as const];
  });
  scope.allotted = sums.length === 0 ? undefined : Object.fromEntries(sums);
}

function spendIn(scope: ScopeState, kind: BudgetKind, by: number): void {
  const { spent, meters } = scope;
  if (isCount(kind)) {
    if (spent !== undefined) scope.spent = { ...spent, [kind]: spent[kind] + by };
  } else if (meters !== undefined)
    scope.meters = { ...meters, spent: { ...meters.spent, [kind]: meters.spent[kind] + by } };
}

const isCount = (kind: BudgetKind): kind is CountKind => COUNTS.some((count) => count === kind);

/** What a run has spent of the budget that it was started with, since it began or went on from another; undefined: it was given none. */
export function spentOfAllotment(state: RunState): Usage | undefined {
  const { budget, carried = {} } = state;
  if (budget === undefined) return undefined;
  const root = rootOf(state);
  return Object.fromEntries(
    BUDGETS.flatMap((kind) =>
      budget[kind] === undefined ? [] : [[kind, Math.max(0, useOf(root, kind).spent - (carried[kind] ?? 0))]],
    ),
  );
}

/** A child goes on from another, and has its allotment anew. */
export function carryOver(state: RunState): void {
  if (state.parent === undefined || state.budget === undefined) return;
  state.carried = spentOfAllotment({ ...state, carried: undefined });
}

/** What a child says that it has spent: numbers that can be counted, of what it was allotted. */
export function acceptedOf(allotted: Usage | undefined, spent: Usage | undefined): Usage | undefined {
  if (allotted === undefined || spent === undefined) return undefined;
  const said = BUDGETS.flatMap((kind) => {
    const amount = spent[kind];
    const isSaid = allotted[kind] !== undefined && Number.isSafeInteger(amount) && Number(amount) >= 0;
    return isSaid ? [[kind, amount] as const] : [];
  });
  return said.length === 0 ? undefined : Object.fromEntries(said);
}
