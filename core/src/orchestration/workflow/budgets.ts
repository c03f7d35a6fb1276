import {
  type AMOUNTS,
  BUDGETS,
  type Budget,
  type BudgetKind,
  COUNTS,
  type CountKind,
  cheaperIn,
  inUnits,
  millionths,
  OF_AGENTS,
  type OnBudget,
} from '../../definition/definition.ts';
import { didYouMean } from '../../definition/did-you-mean.ts';
import { type ErrorData, errorData } from '../../shared/errors.ts';
import { blocksAround } from '../../shared/task-path.ts';
import type { BudgetRaised, MessageSent, TaskEntered, TaskScheduled } from './events.ts';
import type { Party } from './messaging/message.ts';
import {
  definitionOf,
  isAgentTask,
  NONE,
  type RunState,
  type ScopeState,
  type Spent,
  type TaskState,
} from './state.ts';

// What blocks (the run is one) may spend at most. What is counted is reserved by the very event that says it: nothing is given back, and
// nothing can be lost between. Each is asked about before it is decided, in all blocks around that have a budget. What undoes others is not counted.
// (Of tokens and cost, which an attempt reports: metering.ts.)

/** A budget that does not allow it. Amounts as they are counted: of cost, millionths. */
export interface UsedUp {
  /** The path of the block. */
  readonly scope: string;
  readonly kind: BudgetKind;
  readonly limit: number;
  /** Of what the block says of one agent. */
  readonly agent?: string;
  /** Of tokens and cost: what is spent, and what attempts under way may use; and what this one may use, when that is known. */
  readonly spent?: number;
  readonly reserved?: number;
  readonly most?: number;
  /** It is a child run's, which says in its own budget what it may spend. */
  readonly isChild?: true;
}

/** `waits`: it would fit once attempts under way have ended, should these use less than they may; or once somebody has raised the budget, whom the task `asked` asks. */
export interface Beyond {
  readonly used: UsedUp;
  readonly waits: boolean;
  readonly asked?: string;
}

/** What was decided and is not folded yet. */
export class Ahead {
  #counts: Map<string, number> | undefined;

  of(what: string): number {
    return this.#counts?.get(what) ?? 0;
  }

  note(what: string, by = 1): void {
    this.#counts ??= new Map();
    this.#counts.set(what, this.of(what) + by);
  }

  add(state: RunState, path: string, kinds: readonly CountKind[]): void {
    if (kinds.length === 0) return;
    for (const { path: scope } of budgetsAround(state, path)) for (const kind of kinds) this.note(`${kind} ${scope}`);
  }
}

const NOTHING: Spent = { tasks: 0, attempts: 0, messages: 0, delegations: 0 };

/** A block that has a budget begins. */
export function beginBudget(state: RunState, scope: ScopeState): void {
  scope.spent = NOTHING;
  state.budgets.set(scope.path, scope);
  const said = [writtenFor(state, scope), scope.path === '' ? state.budget : undefined];
  if (said.some((one) => one?.tokens !== undefined || one?.cost !== undefined || one?.agents !== undefined))
    scope.meters = { spent: NONE, reserved: NONE, agents: [] };
}

/** The blocks that have a budget, from the one at `path` outwards. */
export function* budgetsAround(state: RunState, path: string): Generator<ScopeState> {
  for (const at of [...blocksAround(path), '']) {
    const scope = state.budgets.get(at);
    if (scope !== undefined) yield scope;
  }
}

const writtenFor = (state: RunState, scope: ScopeState): Budget | undefined =>
  state.graph.block(scope.definitionId)?.definition.budget;

function inBudget(budget: Budget | undefined, kind: BudgetKind, agent: string | undefined): number | undefined {
  if (agent === undefined) return budget?.[kind];
  const { agents } = budget ?? {};
  if (agents === undefined || !Object.hasOwn(agents, agent)) return undefined;
  return (agents[agent] as Budget | undefined)?.[kind];
}

/**
 * What a block may spend of a kind, in all or at one agent: what its definition says, of the run the lesser of that and what was said at its start; and what
 * was added since. As it is counted: cost in millionths.
 */
export function limitOf(state: RunState, scope: ScopeState, kind: BudgetKind, agent?: string): number | undefined {
  const written = inBudget(writtenFor(state, scope), kind, agent);
  const said = scope.path === '' ? inBudget(state.budget, kind, agent) : undefined;
  if (written === undefined && said === undefined) return undefined;
  // What was spent before a child went on from another is not of its own allotment.
  const carried = agent === undefined ? (state.carried?.[kind] ?? 0) : 0;
  const limit = Math.min(
    written === undefined ? Number.POSITIVE_INFINITY : counted(kind, written),
    said === undefined ? Number.POSITIVE_INFINITY : counted(kind, said) + carried,
  );
  return limit + counted(kind, inBudget(scope.raised, kind, agent) ?? 0);
}

export const counted = (kind: BudgetKind, amount: number): number => (kind === 'cost' ? millionths(amount) : amount);

export const nameOf = (path: string): string => (path === '' ? 'the run' : `'${path}'`);

/** What is wrong with raising the budget of the block at `path`, which is under way. */
export function raiseProblem(state: RunState, path: string, raised: Budget): string | undefined {
  const { agents, ...own } = raised;
  const all = [
    { agent: undefined, by: own as Readonly<Record<string, unknown>>, kinds: BUDGETS as readonly BudgetKind[] },
    ...Object.entries(agents ?? {}).map(([agent, by]) => ({
      agent,
      by: by as Readonly<Record<string, unknown>>,
      kinds: OF_AGENTS,
    })),
  ];
  if (all.every(({ by }) => Object.keys(by).length === 0))
    return 'it is not said what of the budget is raised, and by how much';
  for (const { agent, by, kinds } of all) {
    const unknown = Object.keys(by).find((kind) => !kinds.some((known) => known === kind));
    if (unknown !== undefined) return `there is no budget of '${unknown}'${didYouMean(unknown, kinds)}`;
    for (const kind of kinds) {
      const problem = by[kind] === undefined ? undefined : raiseOf(state, path, kind, by[kind], agent);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function raiseOf(state: RunState, path: string, kind: BudgetKind, by: unknown, agent?: string): string | undefined {
  const scope = state.budgets.get(path);
  const whose = `${nameOf(path)}${agent === undefined ? '' : `, of the agent '${agent}',`}`;
  const limit = scope === undefined ? undefined : limitOf(state, scope, kind, agent);
  if (limit === undefined) return `${whose} has no budget of ${kind} that could be raised`;
  const more = typeof by === 'number' ? by : Number.NaN;
  if (kind === 'cost' ? !(counted(kind, more) >= 1 && Number.isFinite(more)) : !Number.isSafeInteger(more) || more < 1)
    return `a budget of ${kind} is raised by ${kind === 'cost' ? 'a number from 0.000001' : 'a whole number from 1'}, and not by ${String(by)}`;
  if (!Number.isSafeInteger(limit + counted(kind, more)))
    return `${whose} could spend more ${kind} then than can be counted`;
  return undefined;
}

/** A block that is not there any more has no use for it. */
export function raiseBudget(state: RunState, { scope: path, raised }: BudgetRaised): void {
  const scope = state.budgets.get(path);
  if (scope === undefined) return;
  const { agents = {}, ...before } = scope.raised ?? {};
  const { agents: more = {}, ...by } = raised;
  const sums = new Map(Object.entries(agents));
  for (const [agent, one] of Object.entries(more)) sums.set(agent, summed(sums.get(agent) ?? {}, one));
  scope.raised = { ...summed(before, by), ...(sums.size === 0 ? {} : { agents: Object.fromEntries(sums) }) };
}

type Amounts = Readonly<Partial<Record<BudgetKind, number>>>;

const summed = (one: Amounts, other: Amounts): Amounts =>
  Object.fromEntries(
    BUDGETS.flatMap((kind) => {
      const sum = counted(kind, one[kind] ?? 0) + counted(kind, other[kind] ?? 0);
      return sum === 0 ? [] : [[kind, inUnits(kind, sum)] as const];
    }),
  );

const NOTHING_NEEDED: readonly CountKind[] = [];

/** Whether attempts of a task are counted: those at agents, and child runs. */
const isCounted = (state: RunState, task: TaskState): boolean =>
  task.undoes === undefined && (isAgentTask(state, task) || definitionOf(state, task)?.workflow !== undefined);

/** What another attempt of a task, at an agent or as a child run, costs: the first of a round is a task, too. */
export function costOf(state: RunState, task: TaskState): readonly CountKind[] {
  // Mostly nothing is counted.
  if (state.budgets.size === 0 || !isCounted(state, task)) return NOTHING_NEEDED;
  return task.firstScheduledAt === undefined ? ['attempts', 'tasks'] : ['attempts'];
}

/** What another message costs: what comes from outside, or is said in undoing something, nothing. */
export function costOfMessage(state: RunState, { task: from }: Party): readonly CountKind[] {
  if (state.budgets.size === 0 || from === undefined) return NOTHING_NEEDED;
  const task = state.tasks.get(from);
  return task === undefined || task.undoes !== undefined ? NOTHING_NEEDED : ['messages'];
}

/**
 * The innermost budget that does not allow it; `ahead`: what is decided already. With `reserved`, it is because of what child runs may spend that have an
 * allotment: it may fit once these have ended.
 */
export function usedUp(state: RunState, path: string, kinds: readonly CountKind[], ahead?: Ahead): UsedUp | undefined {
  let held: UsedUp | undefined;
  for (const used of countsUsedUp(state, path, kinds, ahead)) {
    if (used.reserved === undefined) return used;
    held ??= used;
  }
  return held;
}

/** All budgets that do not allow it, from the inside outwards; as usedUp(). */
export function* countsUsedUp(
  state: RunState,
  path: string,
  kinds: readonly CountKind[],
  ahead?: Ahead,
): Generator<UsedUp> {
  if (kinds.length === 0 || state.budgets.size === 0) return;
  for (const scope of budgetsAround(state, path)) {
    for (const kind of kinds) {
      const limit = limitOf(state, scope, kind);
      const spent = (scope.spent?.[kind] ?? 0) + (ahead?.of(`${kind} ${scope.path}`) ?? 0);
      if (limit === undefined) continue;
      const reserved = scope.allotted?.[kind] ?? 0;
      if (spent >= limit) yield { scope: scope.path, kind, limit };
      else if (spent + reserved >= limit) yield { scope: scope.path, kind, limit, spent, reserved };
    }
  }
}

/** An amount as people write it: `2.5 cost`, `1200 tokens`, `1 task`. */
export const amountText = (kind: BudgetKind, amount: number): string => unitsText(kind, inUnits(kind, amount));

/** The same, of an amount in the user's units. */
export const unitsText = (kind: string, count: number): string =>
  `${count} ${count === 1 ? kind.replace(/s$/, '') : kind}`;

export const areSpent = (count: number): string => `${count} ${count === 1 ? 'is' : 'are'} spent`;

export function exhausted(used: UsedUp, who: string): ErrorData {
  const { scope, kind, limit, agent, spent, most, reserved = 0, isChild } = used;
  const at = agent === undefined ? '' : ` at the agent '${agent}'`;
  const field = agent === undefined ? `budget.${kind}` : `budget.agents.${agent}.${kind}`;
  // Else it is for what is spent alone that it does not fit.
  const held = spent !== undefined && spent + (most ?? 1) <= limit && reserved > 0;
  const others = held ? `, and child runs under way may spend ${inUnits(kind, reserved)}` : '';
  const may = most === undefined ? '' : `, which may use ${amountText(kind, most)},`;
  const left = spent === undefined ? '' : `, of which ${areSpent(inUnits(kind, spent))}${others}`;
  const less = most === undefined ? '' : ` say less in ${isChild === true ? 'the budget of the task' : 'maxUsage'},`;
  const message = `${who}${may} would take ${nameOf(scope)} beyond its budget of ${amountText(kind, limit)}${at}${left}. Raise ${field},${less} or find out what uses it up.`;
  const details = { scope, budget: kind, limit: inUnits(kind, limit), ...(agent === undefined ? {} : { agent }) };
  return { ...errorData('REPRISE_BUDGET_EXHAUSTED', message), details };
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
    if (limit === undefined) continue;
    const { spent, reserved } = useOf(scope, 'delegations');
    if (spent + reserved + count > limit)
      return {
        scope: scope.path,
        kind: 'delegations',
        limit,
        ...(reserved === 0 ? {} : { spent, reserved, most: count }),
      };
  }
  return undefined;
}

/** What is spent of a kind, and what attempts under way may use; in all or at one agent. As it is counted. */
export function useOf(
  { spent, meters, allotted }: ScopeState,
  kind: BudgetKind,
  agent?: string,
): { readonly spent: number; readonly reserved: number } {
  const meter = agent === undefined ? meters : meters?.agents.find((one) => one.agent === agent);
  const children = agent === undefined ? (allotted?.[kind] ?? 0) : 0;
  if (kind === 'tokens' || kind === 'cost')
    return { spent: meter?.spent[kind] ?? 0, reserved: (meter?.reserved[kind] ?? 0) + children };
  const own = agent === undefined ? spent?.[kind] : meter !== undefined && 'attempts' in meter ? meter.attempts : 0;
  return { spent: own ?? 0, reserved: children };
}

/** What is left of each budget, over all blocks from `path` outwards; cost in the user's units. */
export function leftOf(state: RunState, path: string): Partial<Record<BudgetKind, number>> {
  const left: Partial<Record<BudgetKind, number>> = {};
  for (const scope of budgetsAround(state, path))
    for (const kind of BUDGETS) {
      const limit = limitOf(state, scope, kind);
      if (limit === undefined) continue;
      const { spent, reserved } = useOf(scope, kind);
      const own = inUnits(kind, Math.max(0, limit - spent - reserved));
      left[kind] = Math.min(left[kind] ?? own, own);
    }
  return left;
}

const DELEGATION: readonly CountKind[] = ['delegations'];

function spend(state: RunState, path: string, kinds: readonly CountKind[]): void {
  if (kinds.length === 0) return;
  for (const scope of budgetsAround(state, path)) {
    const spent: Record<CountKind, number> = { ...NOTHING, ...scope.spent };
    for (const kind of kinds) {
      spent[kind] += 1;
      if (spent[kind] === limitOf(state, scope, kind)) state.usedUp.push({ scope: scope.path, kind });
    }
    scope.spent = spent;
  }
}

/** What a block has spent, when it has a budget, as text of a digest. */
export function spentText({ spent, raised, meters, allotted, asked }: ScopeState): string {
  if (spent === undefined) return '';
  const counts = COUNTS.filter((kind) => kind !== 'delegations' || spent[kind] > 0).map((kind) => spent[kind]);
  const more = raised === undefined ? '' : ` raised=${JSON.stringify(raised)}`;
  const own = meters === undefined ? '' : ` meters=${JSON.stringify(meters)}`;
  const children = allotted === undefined ? '' : ` allotted=${JSON.stringify(allotted)}`;
  const questions = asked === undefined ? '' : ` asked=${JSON.stringify(asked)}`;
  return ` spent=${JSON.stringify(counts)}${more}${own}${children}${questions}`;
}

/** What becomes of what needs more than is left of the budget of a block. What was said at the start of a run comes first. */
export function onBudgetOf(state: RunState, path: string): OnBudget | undefined {
  const scope = state.budgets.get(path);
  if (scope === undefined) return undefined;
  return (path === '' ? state.budget?.onBudget : undefined) ?? writtenFor(state, scope)?.onBudget;
}

/** Who goes on where the budget of a block has no tokens or cost left; undefined: nobody. */
export const cheaperFor = (state: RunState, path: string): string | undefined => cheaperIn(onBudgetOf(state, path));

/** The agents of which a block says something. */
export function agentsLimitedIn(state: RunState, scope: ScopeState): readonly string[] {
  const said = scope.path === '' ? state.budget?.agents : undefined;
  return [...new Set([...Object.keys(writtenFor(state, scope)?.agents ?? {}), ...Object.keys(said ?? {})])];
}

/** Whether a block, or what it says of an agent, limits what attempts report. */
export const limitsAmounts = (
  state: RunState,
  scope: ScopeState,
  agent: string,
  kind: (typeof AMOUNTS)[number],
): boolean => limitOf(state, scope, kind) !== undefined || limitOf(state, scope, kind, agent) !== undefined;
