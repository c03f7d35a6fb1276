import { AMOUNTS, type AmountKind, inUnits, type MaxUsage, millionths } from '../../definition/definition.ts';
import { blocksAround } from '../../shared/task-path.ts';
import { settleAllotment } from './allotments.ts';
import { firstOf, orAsked } from './budget-questions.ts';
import {
  type Ahead,
  type Beyond,
  budgetsAround,
  costOf,
  countsUsedUp,
  limitOf,
  limitsAmounts,
  type UsedUp,
  useOf,
} from './budgets.ts';
import type { TaskScheduled, Usage } from './events.ts';
import { wantedBy } from './ready-tasks.ts';
import {
  type AgentMeter,
  type Amounts,
  definitionOf,
  isListening,
  type Meters,
  NONE,
  type RunState,
  type ScopeState,
  type TaskState,
} from './state.ts';

// Tokens and cost: what attempts use is known when they have ended. So what each may use at most is reserved when it is scheduled, and settled by what it
// reports, or by the reservation when nobody says. Nothing is admitted unless what is spent, what is reserved and what it may use fit together. Of what
// nobody has declared, the first attempt of an agent runs alone of its agent's; then the most that was seen is what is reserved.

const meterOf = ({ meters }: ScopeState, agent: string): AgentMeter =>
  meters?.agents.find((one) => one.agent === agent) ?? {
    agent,
    attempts: 0,
    open: 0,
    spent: NONE,
    reserved: NONE,
    seen: {},
  };

function* metersAround(state: RunState, path: string): Generator<ScopeState & { meters: Meters }> {
  for (const scope of budgetsAround(state, path))
    if (scope.meters !== undefined) yield scope as ScopeState & { meters: Meters };
}

/** The outermost one has seen all that those inside have. */
function outermost(state: RunState, path: string): ScopeState | undefined {
  let last: ScopeState | undefined;
  if (state.budgets.size > 0) for (const scope of metersAround(state, path)) last = scope;
  return last;
}

/** As it is counted: cost in millionths. */
export const usageOf = ({ tokens, cost }: MaxUsage): Usage => ({
  ...(tokens === undefined ? {} : { tokens }),
  ...(cost === undefined ? {} : { cost: millionths(cost) }),
});

/** As people write it. */
export const maxUsageOf = ({ tokens, cost }: Usage): MaxUsage => ({
  ...(tokens === undefined ? {} : { tokens }),
  ...(cost === undefined ? {} : { cost: inUnits('cost', cost) }),
});

/**
 * What an attempt of a task at an agent reserves: what the task says of it, else what the agent declares, else the most that it was seen to use. A kind that is
 * left out: nobody knows. Undefined where no block around meters.
 */
export function reservationOf(
  state: RunState,
  task: TaskState,
  agent: string,
  ofAgent: MaxUsage | undefined,
): Usage | undefined {
  if (state.budgets.size === 0 || task.undoes !== undefined) return undefined;
  const around = outermost(state, task.scope);
  if (around === undefined) return undefined;
  return {
    ...meterOf(around, agent).seen,
    ...usageOf(ofAgent ?? {}),
    ...(saidFor(state, task) ?? {}),
  };
}

/** What the task says that an attempt uses at most. It says so of whom it names, and of nobody who stands in. */
export function saidFor(state: RunState, task: TaskState): Usage | undefined {
  if (task.fallback === 'agent' || task.handOffs !== undefined) return undefined;
  const said = definitionOf(state, task)?.maxUsage;
  return said === undefined ? undefined : usageOf(said);
}

/** What an attempt at an agent would take. */
export interface Attempt {
  readonly agent: string;
  /** Undefined where nothing around is metered. */
  readonly reserved: Usage | undefined;
}

/** What does not allow an attempt of a task at an agent, the innermost budget that never will first; `ahead`: what is decided already. */
export const beyond = (state: RunState, task: TaskState, attempt: Attempt, ahead?: Ahead): Beyond | undefined =>
  orAsked(state, shortOf(state, task, attempt, ahead));

const shortOf = (state: RunState, task: TaskState, attempt: Attempt, ahead?: Ahead): Beyond | undefined =>
  state.budgets.size === 0 ? undefined : firstOf(state, allShortOf(state, task, attempt, ahead));

/** All budgets that do not allow an attempt: those of what is counted, then of what attempts use, each from the inside outwards. */
function* allShortOf(state: RunState, task: TaskState, attempt: Attempt, ahead?: Ahead): Generator<Beyond> {
  let isShort = false;
  for (const used of countsUsedUp(state, task.scope, costOf(state, task), ahead)) {
    isShort = true;
    yield { used, waits: used.reserved !== undefined };
  }
  const { agent, reserved } = attempt;
  if (reserved === undefined) return;
  for (const scope of metersAround(state, task.scope)) {
    const attempts = limitOf(state, scope, 'attempts', agent);
    const made = meterOf(scope, agent).attempts + (ahead?.of(`attempts ${scope.path} ${agent}`) ?? 0);
    if (attempts !== undefined && made >= attempts)
      yield { used: { scope: scope.path, kind: 'attempts', limit: attempts, agent }, waits: false };
    for (const kind of AMOUNTS)
      for (const whose of [undefined, agent]) {
        const used = amountBeyond(state, scope, kind, reserved[kind], whose, ahead);
        if (used === undefined) continue;
        isShort = true;
        yield used;
      }
  }
  const alone = isShort ? undefined : notAlone(state, task, attempt, ahead);
  if (alone !== undefined) yield { used: alone, waits: true };
}

/** What decides whether an attempt of a task fits, beside what is left: of tasks that have it in common, none fits where one does not. */
export function needOf(state: RunState, task: TaskState): string {
  const { agent = '', capability = '' } = wantedBy(state, task);
  const budgets = Array.from(budgetsAround(state, task.scope), ({ path }) => path);
  const said = saidFor(state, task) ?? null;
  return JSON.stringify([agent, capability, said, costOf(state, task), task.undoes === undefined, budgets]);
}

/** What is known to use nothing of a kind is not held up for want of it. Of what nobody knows, something has to be left. */
function amountBeyond(
  state: RunState,
  scope: ScopeState,
  kind: AmountKind,
  most: number | undefined,
  agent: string | undefined,
  ahead: Ahead | undefined,
): Beyond | undefined {
  const limit = limitOf(state, scope, kind, agent);
  if (limit === undefined || most === 0) return undefined;
  const use = useOf(scope, kind, agent);
  const { spent } = use;
  const reserved = use.reserved + (ahead?.of(`${kind} ${scope.path} ${agent ?? ''}`) ?? 0);
  const least = most ?? 1;
  if (spent + reserved + least <= limit) return undefined;
  const used: UsedUp = {
    scope: scope.path,
    kind,
    limit,
    spent,
    reserved,
    ...(agent === undefined ? {} : { agent }),
    ...(most === undefined ? {} : { most }),
  };
  return { used, waits: spent + least <= limit };
}

/** Nobody knows what the agent uses, and the first attempt of it has not ended yet. One that waits for messages keeps nobody waiting: it may be for theirs. */
function notAlone(
  state: RunState,
  task: TaskState,
  { agent, reserved = {} }: Attempt,
  ahead: Ahead | undefined,
): UsedUp | undefined {
  const around = outermost(state, task.scope);
  if (around === undefined) return undefined;
  const open = meterOf(around, agent).open + (ahead?.of(`open ${around.path} ${agent}`) ?? 0);
  if (open === 0 || open <= listeningIn(state, around, agent)) return undefined;
  for (const scope of metersAround(state, task.scope))
    for (const kind of AMOUNTS) {
      if (reserved[kind] !== undefined || !limitsAmounts(state, scope, agent, kind)) continue;
      const whose = limitOf(state, scope, kind) === undefined ? agent : undefined;
      const limit = limitOf(state, scope, kind, whose) ?? 0;
      const of = whose === undefined ? {} : { agent: whose };
      return { scope: scope.path, kind, limit, ...useOf(scope, kind, whose), ...of };
    }
  return undefined;
}

function listeningIn(state: RunState, { path }: ScopeState, agent: string): number {
  let count = 0;
  for (const id of state.mail?.attempts.keys() ?? []) {
    const task = state.tasks.get(id);
    if (task?.reserved === undefined || task.agent !== agent || !isListening(state, task)) continue;
    if (path === '' || [...blocksAround(task.scope)].includes(path)) count += 1;
  }
  return count;
}

/** The attempt is decided, and not folded yet. */
export function noteAhead(state: RunState, task: TaskState, { agent, reserved }: Attempt, ahead: Ahead): void {
  ahead.add(state, task.scope, costOf(state, task));
  if (reserved === undefined) return;
  for (const { path } of metersAround(state, task.scope)) {
    ahead.note(`attempts ${path} ${agent}`);
    ahead.note(`open ${path} ${agent}`);
    for (const kind of AMOUNTS)
      for (const whose of ['', agent]) ahead.note(`${kind} ${path} ${whose}`, reserved[kind] ?? 0);
  }
}

const plus = (one: Amounts, by: Usage, sign: 1 | -1 = 1): Amounts => ({
  tokens: one.tokens + sign * (by.tokens ?? 0),
  cost: one.cost + sign * (by.cost ?? 0),
});

function meter(scope: ScopeState & { meters: Meters }, agent: string, change: (one: AgentMeter) => AgentMeter): void {
  const { agents } = scope.meters;
  const now = change(meterOf(scope, agent));
  const isKnown = agents.some((one) => one.agent === agent);
  const others = isKnown ? agents.map((one) => (one.agent === agent ? now : one)) : [...agents, now];
  scope.meters = { ...scope.meters, agents: others };
}

/** An attempt begins: what it may use is reserved. */
export function reserve(state: RunState, task: TaskState, { agent, reserved = {} }: TaskScheduled): void {
  if (state.budgets.size === 0 || task.undoes !== undefined) return;
  for (const scope of metersAround(state, task.scope)) {
    task.reserved = reserved;
    scope.meters = { ...scope.meters, reserved: plus(scope.meters.reserved, reserved) };
    meter(scope, agent, (one) => ({
      ...one,
      attempts: one.attempts + 1,
      open: one.open + 1,
      reserved: plus(one.reserved, reserved),
    }));
    const attempts = limitOf(state, scope, 'attempts', agent);
    if (attempts !== undefined && meterOf(scope, agent).attempts === attempts)
      state.usedUp.push({ scope: scope.path, kind: 'attempts', agent });
  }
}

/** An attempt, at an agent or as a child run, has ended, or is given up: it is settled by what it reports, and what it does not say by what was reserved. `isKnown`: what it says, or that it says nothing, is what the agent uses. */
export function settleAttempt(state: RunState, task: TaskState, usage: Usage | undefined, isKnown = false): void {
  settleAllotment(state, task, usage);
  const { reserved, agent } = task;
  if (reserved === undefined) return;
  task.reserved = undefined;
  if (agent === undefined) return;
  const used: Amounts = { tokens: 0, cost: 0, ...reserved, ...usage };
  for (const scope of metersAround(state, task.scope)) {
    const before = new Map(AMOUNTS.map((kind) => [kind, [useOf(scope, kind).spent, useOf(scope, kind, agent).spent]]));
    const { spent, reserved: all } = scope.meters;
    scope.meters = { ...scope.meters, spent: plus(spent, used), reserved: plus(all, reserved, -1) };
    meter(scope, agent, (one) => ({
      ...one,
      open: one.open - 1,
      spent: plus(one.spent, used),
      reserved: plus(one.reserved, reserved, -1),
      seen: isKnown || usage !== undefined ? highest(one.seen, used) : one.seen,
    }));
    for (const kind of AMOUNTS)
      for (const [index, whose] of [undefined, agent].entries()) {
        const limit = limitOf(state, scope, kind, whose);
        const had = before.get(kind)?.[index] ?? 0;
        if (limit === undefined || had >= limit || useOf(scope, kind, whose).spent < limit) continue;
        state.usedUp.push({ scope: scope.path, kind, ...(whose === undefined ? {} : { agent: whose }) });
      }
  }
}

const highest = (seen: Usage, used: Amounts): Usage => ({
  tokens: Math.max(seen.tokens ?? 0, used.tokens),
  cost: Math.max(seen.cost ?? 0, used.cost),
});
