import { type BudgetKind, inUnits, MAX_ASSIGNEE_CHARS, type OnBudget } from '../../definition/definition.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json, JsonObject } from '../../shared/json.ts';
import {
  amountText,
  type Beyond,
  budgetsAround,
  exhausted,
  limitOf,
  nameOf,
  onBudgetOf,
  type UsedUp,
  useOf,
} from './budgets.ts';
import { stoodStill } from './clock.ts';
import type { BudgetAsked, BudgetRaised } from './events.ts';
import type { Asked, Asks, RunState, ScopeState, TaskState } from './state.ts';

// Questions about budgets (`onBudget: { ask }`). What needs more than what is left becomes an open form, for somebody to say whether the budget is raised. One question
// is open of each budget (block, kind, agent): what else needs more of it waits with it, ready. A no, or no answer in time, stands until the budget is raised otherwise,
// or another run goes on from this one.

const isOf = (one: Asked, { kind, agent }: Pick<UsedUp, 'kind' | 'agent'>): boolean =>
  one.kind === kind && one.agent === agent;

const askedOf = (state: RunState, used: Pick<UsedUp, 'scope' | 'kind' | 'agent'>): Asked | undefined =>
  state.budgets.get(used.scope)?.asked?.find((one) => isOf(one, used));

/** The task whose form asks for more of that; undefined: none is open. */
const askingFor = (state: RunState, used: UsedUp): string | undefined => askedOf(state, used)?.task;

/** What does not fit waits where somebody is asked for more. */
export function orAsked(state: RunState, over: Beyond | undefined): Beyond | undefined {
  const asked = over?.waits === false ? askingFor(state, over.used) : undefined;
  return over === undefined || asked === undefined ? over : { used: over.used, waits: true, asked };
}

/** Who is asked for more of what an attempt needs; undefined: nobody, or that one has said no. */
export function whoIsAsked(
  state: RunState,
  used: UsedUp,
): Exclude<OnBudget, 'stop' | { readonly agent: string }> | undefined {
  const said = onBudgetOf(state, used.scope);
  if (typeof said !== 'object' || !('ask' in said)) return undefined;
  return askedOf(state, used) === undefined ? said : undefined;
}

/** Whether whoever needs more of that than is left fails for certain: nobody can be asked for more, or they have said no; and nobody cheaper is named. */
function isInVain(state: RunState, used: UsedUp): boolean {
  const said = onBudgetOf(state, used.scope);
  if (said === undefined || said === 'stop') return true;
  if ('agent' in said) return false;
  const asked = askedOf(state, used);
  return !isAskable(used) || (asked !== undefined && asked.task === undefined);
}

/** Of all that does not allow something: the first that never will, those before others about which somebody would be asked in vain; else the first that it waits for. */
export function firstOf(state: RunState, all: Iterable<Beyond>): Beyond | undefined {
  let never: Beyond | undefined;
  let held: Beyond | undefined;
  for (const over of all) {
    if (over.waits) held ??= over;
    else if (isInVain(state, over.used)) return over;
    else never ??= over;
  }
  return never ?? held;
}

/** Whether a block around a task says that somebody is asked for more. */
export function mayAsk(state: RunState, task: TaskState): boolean {
  for (const { path } of budgetsAround(state, task.scope)) {
    const said = onBudgetOf(state, path);
    if (typeof said === 'object' && 'ask' in said) return true;
  }
  return false;
}

/** What is said beside what is used up where a question about it came to nothing; '' where nobody was asked. */
export function askedBefore(state: RunState, used: UsedUp): string {
  const asked = askedOf(state, used);
  return asked === undefined || asked.task !== undefined
    ? ''
    : ' Somebody was asked to raise it, in vain, and is not asked again.';
}

/** By how much a budget has to be raised for what may use `most`, so that it fits at once. */
const missing = (
  most: number,
  { limit, spent, reserved }: { limit: number; spent: number; reserved: number },
): number => Math.max(1, spent + reserved + most - limit);

/** What is asked about what is used up; as it is counted. Undefined when nobody can be asked: it could not be counted then. */
export function questionAbout(
  state: RunState,
  used: UsedUp,
): { readonly spent: number; readonly reserved: number; readonly least: number } | undefined {
  const { scope, kind, limit, agent, spent = limit, most = 1 } = used;
  const around = state.budgets.get(scope);
  if (!isAskable(used) || around === undefined) return undefined;
  const { reserved = useOf(around, kind, agent).reserved } = used;
  const least = missing(most, { limit, spent, reserved });
  return Number.isSafeInteger(limit + least) ? { spent, reserved, least } : undefined;
}

/** Messages and delegations are said by who is at work: there is nobody to wait. */
const isAskable = ({ kind }: UsedUp): boolean => kind !== 'messages' && kind !== 'delegations';

/** The question as it is now: more may be spent, or under way, than when it was asked. */
export function askedNow(state: RunState, asks: Asks): Question & Pick<BudgetAsked, 'spent' | 'reserved'> {
  const { scope, kind, agent } = asks;
  const around = state.budgets.get(scope);
  const limit = around === undefined ? undefined : limitOf(state, around, kind, agent);
  if (around === undefined || limit === undefined) return asks;
  const use = useOf(around, kind, agent);
  return { ...asks, limit, ...use, least: missing(mostOf(asks), { limit, ...use }) };
}

/** What the attempt that is asked about may use. */
const mostOf = ({ limit, spent, reserved = 0, least }: Asks): number => least + limit - spent - reserved;

/** A task asks: it waits, and is an open form. */
export function ask(state: RunState, task: TaskState, event: BudgetAsked): void {
  const { scope: path, budget: kind, agent, limit, spent, reserved, least, until, assignee, at } = event;
  const whose = agent === undefined ? {} : { agent };
  task.asks = {
    ...{ scope: path, kind, ...whose, limit, spent },
    ...(reserved === undefined ? {} : { reserved }),
    least,
    ...(until === undefined ? {} : { until }),
  };
  task.form = { assignee, escalate: [], step: 0, answer: undefined };
  task.stoppedBeforeWait = stoodStill(state, at);
  const scope = state.budgets.get(path);
  if (scope !== undefined) note(scope, { kind, ...whose }, { kind, ...whose, task: task.id });
}

/** It asks no more, whatever came of it. */
export function stopAsking(state: RunState, task: TaskState): void {
  const { asks } = task;
  if (asks === undefined) return;
  task.asks = undefined;
  task.form = undefined;
  const scope = state.budgets.get(asks.scope);
  if (scope !== undefined && askedOf(state, asks)?.task === task.id) note(scope, asks, undefined);
}

/** Nobody is asked for more of it again. */
export function refuse(state: RunState, task: TaskState): void {
  const { asks } = task;
  if (asks === undefined) return;
  task.asks = { ...asks, outcome: 'refused' };
  const scope = state.budgets.get(asks.scope);
  if (scope === undefined) return;
  const { kind, agent } = asks;
  note(scope, asks, { kind, ...(agent === undefined ? {} : { agent }) });
}

/** There is more of it: who asked goes on, and a no stands no longer. */
export function answeredByRaise(state: RunState, { scope: path, raised }: BudgetRaised): void {
  const scope = state.budgets.get(path);
  for (const one of scope?.asked ?? []) {
    const by = one.agent === undefined ? raised : raised.agents?.[one.agent];
    if (scope === undefined || (by as Readonly<Record<string, unknown>> | undefined)?.[one.kind] === undefined)
      continue;
    note(scope, one, undefined);
    const task = state.tasks.get(one.task ?? '');
    if (task?.asks === undefined) continue;
    task.asks = { ...task.asks, outcome: 'raised' };
    state.frontier.add(task.id);
  }
}

/** Another run goes on from here: it may ask again. */
export function askAnew(state: RunState): void {
  for (const scope of state.budgets.values())
    for (const one of scope.asked ?? []) if (one.task === undefined) note(scope, one, undefined);
}

function note(scope: ScopeState, which: Pick<UsedUp, 'kind' | 'agent'>, one: Asked | undefined): void {
  const others = (scope.asked ?? []).filter((other) => !isOf(other, which));
  const all = one === undefined ? others : [...others, one];
  scope.asked = all.length === 0 ? undefined : all;
}

/** What an answer is: by how much the budget is raised, unless it is not. */
export type BudgetAnswer =
  | { readonly decision: 'approve'; readonly raise: number; readonly comment?: string }
  | { readonly decision: 'reject'; readonly comment?: string };

type Question = Pick<BudgetAsked, 'scope' | 'agent' | 'limit' | 'least'> & { readonly kind: BudgetKind };

export const titleOf = ({ scope, kind, agent, limit }: Question): string =>
  `Raise the budget of ${amountText(kind, limit)} of ${nameOf(scope)}${agent === undefined ? '' : `, of the agent '${agent}'`}?`;

/** What an answer has to fit: a JSON Schema. */
export function answerSchema(question: Question): JsonObject {
  const { kind, least } = question;
  return {
    title: titleOf(question),
    type: 'object',
    properties: {
      decision: { enum: ['approve', 'reject'], title: 'Decision' },
      raise: {
        type: kind === 'cost' ? 'number' : 'integer',
        minimum: inUnits(kind, least),
        title: `By how many ${kind}`.replace('many cost', 'much cost'),
      },
      comment: { type: 'string', title: 'Comment' },
    },
    required: ['decision'],
    additionalProperties: false,
    if: { properties: { decision: { const: 'approve' } } },
    then: { required: ['raise'] },
    else: { properties: { raise: false } },
  };
}

/** What the form is about, as people write amounts. */
export function aboutOf({
  scope,
  kind,
  agent,
  limit,
  spent,
  reserved = 0,
  least,
}: Question & Pick<BudgetAsked, 'spent' | 'reserved'>): JsonObject {
  return {
    scope,
    budget: kind,
    ...(agent === undefined ? {} : { agent }),
    limit: inUnits(kind, limit),
    spent: inUnits(kind, spent),
    ...(reserved === 0 ? {} : { reserved: inUnits(kind, reserved) }),
    least: inUnits(kind, least),
  };
}

/** By how much, of what, the budget is raised. */
export const raiseOf = ({ kind, agent }: Pick<UsedUp, 'kind' | 'agent'>, raise: number): BudgetRaised['raised'] =>
  agent === undefined ? { [kind]: raise } : { agents: { [agent]: { [kind]: raise } } };

export const isApproved = (answer: Json): answer is { readonly decision: 'approve'; readonly raise: number } =>
  typeof answer === 'object' && answer !== null && 'decision' in answer && answer['decision'] === 'approve';

/** What a task fails with whose question came to nothing. */
export function notRaised(state: RunState, task: TaskState, why: string): ErrorData {
  const { asks } = task;
  if (asks === undefined) throw new TypeError(`'${task.id}' asks nothing.`);
  const { scope, kind, agent, limit, spent } = asks;
  const whose = agent === undefined ? {} : { agent };
  const most = mostOf(asks);
  const child: Pick<UsedUp, 'isChild'> =
    state.graph.node(task.definitionId)?.definition.workflow === undefined ? {} : { isChild: true };
  const used: UsedUp = { scope, kind, limit, ...whose, spent, ...(most === 1 ? {} : { most }), ...child };
  const error = exhausted(used, task.attempt === 0 ? `'${task.id}'` : `Another attempt of '${task.id}'`);
  return { ...error, message: `${error.message} ${why}` };
}

/** Of a comment, in characters. */
const MAX_COMMENT_CHARS = MAX_ASSIGNEE_CHARS;

export function refusalText(assignee: string | undefined, answer: Json): string {
  const comment = typeof answer === 'object' && answer !== null && 'comment' in answer ? String(answer['comment']) : '';
  const said = comment === '' ? '' : `: ${comment.slice(0, MAX_COMMENT_CHARS)}`;
  return `${assignee === undefined ? 'Who' : `'${assignee}', who`} was asked to raise it said no${said}${/[.!?]$/.test(said) ? '' : '.'}`;
}
