import type { MaxUsage } from '../../../definition/definition.ts';
import { DEFAULT_RETRY, type TaskDefinition } from '../../../definition/definition.ts';
import { template } from '../../../definition/expression.ts';
import { readTasksToAdd } from '../../../definition/tasks-to-add.ts';
import { literalTemplate } from '../../../definition/template.ts';
import { isErrorCode } from '../../../shared/error-codes.ts';
import { errorData, RepriseError, withCause } from '../../../shared/errors.ts';
import { copyJson, type Json } from '../../../shared/json.ts';
import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import { inside } from '../../../shared/task-path.ts';
import type { Decide } from '../commands.ts';
import { addTasks } from '../decisions/add-tasks.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { goneBack } from '../decisions/go-back.ts';
import { beyondLimit } from '../decisions/outcome.ts';
import { isRefusal, problem, type Refusal } from '../decisions/refusal.ts';
import { schedule } from '../decisions/schedule-tasks.ts';
import { withdraw } from '../decisions/withdraw.ts';
import { MAX_HAND_OFFS } from '../directives.ts';
import type { DecisionKind, DecisionMade, RunEvent } from '../events.ts';
import { cfpsOf, isBid, openBids, ruledOn } from '../messaging/bids.ts';
import { MAX_CONVERSATIONS } from '../messaging/conversations.ts';
import { wouldRepeat } from '../outside/restart.ts';
import { hasEnded, isAgentTask, isInFlight, type RunState, type ScopeState, type TaskState } from '../state.ts';
import type { Decision } from './decision.ts';
import { BID } from './fold.ts';
import { MAX_TEAM_DEPTH, regionAt, teamsAround } from './team.ts';

// What each decision of a strategy leads to. Whether it may be is asked of the same decisions that are asked when an agent, or somebody outside, wants it.

/** What a decision says on record, and the events that follow it. */
export interface Consequences {
  readonly said: Omit<DecisionMade, 'type' | 'at' | 'scope' | 'strategy' | 'n' | 'seen' | 'kind' | 'why' | 'ledger'>;
  readonly events: readonly RunEvent[];
}

interface Judging<Kind extends DecisionKind> {
  readonly state: RunState;
  readonly scope: ScopeState;
  readonly decision: Extract<Decision, { readonly kind?: Kind }>;
  readonly commandId: string;
  readonly maxUsage: MaxUsage | undefined;
  /** The number of the decision. */
  readonly n: number;
  readonly context: DecisionContext;
}

type Judge<Kind extends DecisionKind> = (what: Judging<Kind>) => Consequences | Refusal;

const JUDGES: { readonly [Kind in DecisionKind]: Judge<Kind> } = {
  assign,
  add,
  ask,
  announce,
  award,
  accept: ({ state, scope, decision: { task } }) => {
    const found = ended(state, scope, task);
    return 'code' in found ? found : { said: { tasks: [task] }, events: [] };
  },
  reject,
  drop,
  handOver,
  note: ({ decision: { wakeInMs } }) => ({ said: wakeInMs === undefined ? {} : { wakeInMs }, events: [] }),
  finish: ({ state, decision: { output }, context }) => {
    if (jsonSize(output, context.maxPayloadChars) > context.maxPayloadChars)
      return problem(
        'REPRISE_PAYLOAD_TOO_LARGE',
        `The output is larger than the limit of ${context.maxPayloadChars} characters of JSON.`,
      );
    const error = beyondLimit(state, 'the output of the team', roughSize(output), context);
    if (error !== undefined) return problem('REPRISE_RUN_TOO_LARGE', error.message);
    return { said: { output: copyJson(output) }, events: [] };
  },
  giveUp: ({ state, scope, decision: { code, message, task } }) => {
    const cause = task === undefined ? undefined : state.tasks.get(inside(scope.path, task))?.error;
    const known = code !== undefined && isErrorCode(code) ? code : 'REPRISE_TEAM_FAILED';
    return { said: { error: withCause(errorData(known, message), cause) }, events: [] };
  },
};

export function consequencesOf(
  state: RunState,
  scope: ScopeState,
  decision: Decision & { readonly kind: DecisionKind },
  { commandId, maxUsage }: Pick<Decide, 'commandId' | 'maxUsage'>,
  n: number,
  context: DecisionContext,
): Consequences | Refusal {
  const judge = JUDGES[decision.kind] as Judge<DecisionKind>;
  return judge({ state, scope, decision, commandId, maxUsage, n, context } as Judging<DecisionKind>);
}

const invalid = (why: string): Refusal => problem('REPRISE_DECISION_INVALID', `The decision ${why}.`);

/** A task of the block, by its id. */
function taskOf(state: RunState, scope: ScopeState, id: string): TaskState | Refusal {
  const task = state.tasks.get(inside(scope.path, id));
  return task === undefined || task.undoes !== undefined
    ? invalid(`names '${id}', and the team has no such task`)
    : task;
}

function ended(state: RunState, scope: ScopeState, id: string): TaskState | Refusal {
  const task = taskOf(state, scope, id);
  if ('code' in task || hasEnded(task)) return task;
  return invalid(`is about what '${id}' gave, which has not ended: it is ${task.status}`);
}

/** An assignment that says why, or changes the ledger. */
function assign({ state, scope, decision, commandId, maxUsage, context }: Judging<'assign'>): Consequences | Refusal {
  const { taskId, agent } = decision;
  const task = state.tasks.get(taskId);
  if (task === undefined || regionAt(state, task.scope) !== scope)
    return invalid(`names '${taskId}', and the team has no such task`);
  const { runId } = state;
  const assignments = [{ taskId, agent, ...(maxUsage === undefined ? {} : { maxUsage }) }];
  const events = schedule(state, { type: 'ScheduleTasks', commandId, runId, strategy: '', assignments }, context);
  if (events.length === 0)
    return invalid(`assigns '${taskId}', which is ${task.status}, or for which there is no slot`);
  return { said: { tasks: [taskId], to: agent }, events };
}

function add({ state, scope, decision, commandId, n, context }: Judging<'add'>): Consequences | Refusal {
  try {
    return added(state, scope, readTasksToAdd(decision.tasks), commandId, n, context);
  } catch (error) {
    if (error instanceof RepriseError) return problem('REPRISE_DEFINITION_INVALID', error.message);
    throw error;
  }
}

function added(
  state: RunState,
  { path }: ScopeState,
  tasks: readonly TaskDefinition[],
  commandId: string,
  decidedBy: number,
  context: DecisionContext,
): Consequences | Refusal {
  if (tasks.length === 0) return invalid('adds no tasks');
  if (teamsAround(state, path) + 1 + teamsIn(tasks) > MAX_TEAM_DEPTH)
    return invalid(`adds a team to teams: more than ${MAX_TEAM_DEPTH} may not be in each other`);
  const answer = addTasks(state, { scope: path, tasks, commandId }, context);
  if (isRefusal(answer)) return answer;
  const events = answer.map((event) => (event.type === 'TasksAdded' ? { ...event, decidedBy } : event));
  return { said: { tasks: tasks.map(({ id }) => id) }, events };
}

/** How many teams are in each other in what is added. */
const teamsIn = (tasks: readonly TaskDefinition[]): number =>
  Math.max(
    0,
    ...tasks.map(({ scope }) => (scope === undefined ? 0 : teamsIn(scope.tasks) + (scope.team === undefined ? 0 : 1))),
  );

/** A question as a task: one attempt unless more are asked for, since the strategy asks again. */
export const questionTask = (
  id: string,
  to: Pick<TaskDefinition, 'agent' | 'capability'>,
  input: Json,
  { attempts = 1, timeoutMs }: { readonly attempts?: number; readonly timeoutMs?: number },
): TaskDefinition => ({
  id,
  ...to,
  after: [],
  input: template(literalTemplate(input)),
  retry: { ...DEFAULT_RETRY, maxAttempts: attempts },
  timeouts: timeoutMs === undefined ? {} : { attemptMs: timeoutMs },
  priority: 0,
  delivery: 'at-least-once',
});

function ask({ state, scope, decision, commandId, n, context }: Judging<'ask'>): Consequences | Refusal {
  const { id, role, agent, capability, input, timeoutMs, attempts } = decision;
  if ((agent === undefined) === (capability === undefined))
    return invalid('asks an agent, or a capability: one of the two');
  if (role === BID) return invalid(`asks in the role '${BID}', which announce has`);
  const to = agent === undefined ? { capability: capability ?? '' } : { agent };
  const more = { ...(attempts === undefined ? {} : { attempts }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const answer = added(state, scope, [questionTask(id, to, input, more)], commandId, n, context);
  return 'code' in answer
    ? answer
    : { ...answer, said: { ...answer.said, role, ...(agent === undefined ? {} : { to: agent }) } };
}

function announce({ state, scope, decision, commandId, n, context }: Judging<'announce'>): Consequences | Refusal {
  const { task: about, bids, data, deadlineMs } = decision;
  const task = taskOf(state, scope, about);
  if ('code' in task) return task;
  if (hasEnded(task)) return invalid(`calls for proposals about '${about}', which has ended`);
  if (bids.length === 0) return invalid('calls for proposals, and asks nobody');
  if (openBids(state, scope, about).size > 0)
    return invalid(`calls for proposals about '${about}', and bids are still open`);
  const tasks = bids.map(({ id, agent }) => questionTask(id, { agent }, data, {}));
  const answer = added(state, scope, tasks, commandId, n, context);
  if ('code' in answer) return answer;
  const more = bids.length + (state.mail?.conversations.size ?? 0);
  if (more > MAX_CONVERSATIONS)
    return problem('REPRISE_MESSAGE_INVALID', `${MAX_CONVERSATIONS} conversations may be open in the run at once.`);
  const { now: at } = context;
  const calls = cfpsOf(scope, bids, { at, data: copyJson(data), commandId, deadline: at + deadlineMs, n });
  return { said: { ...answer.said, about }, events: [...answer.events, ...calls] };
}

function award({ state, scope, decision, n, context: { now: at } }: Judging<'award'>): Consequences | Refusal {
  const { task: about, bid } = decision;
  const open = openBids(state, scope, about);
  const won = bid === undefined ? undefined : open.get(bid);
  if (bid !== undefined && won?.stage !== 'proposed') return invalid(`takes the bid '${bid}', which proposes nothing`);
  const events = [...open.values()].map((one) => {
    const performative = one === won ? 'accept-proposal' : one.stage === 'proposed' ? 'reject-proposal' : 'cancel';
    return ruledOn(state, scope, one, performative, { at, data: { task: about }, n });
  });
  return { said: { tasks: [about], ...(bid === undefined ? {} : { to: bid }) }, events };
}

function reject({ state, scope, decision, commandId, n, context }: Judging<'reject'>): Consequences | Refusal {
  const { task: id, feedback } = decision;
  const task = ended(state, scope, id);
  if ('code' in task) return task;
  if (isBid(state, task)) return invalid(`rejects '${id}', which is a bid: award another, or call again`);
  const back = goneBack(state, task, { feedback: copyJson(feedback), commandId }, context.now);
  if ('code' in back) return back;
  const repeats = wouldRepeat(state, back.region, []);
  if (repeats !== undefined) return repeats;
  const error = beyondLimit(state, 'the feedback', roughSize(feedback), context);
  if (error !== undefined) return problem('REPRISE_RUN_TOO_LARGE', error.message);
  const events = back.events.map((event) => (event.type === 'TasksReset' ? { ...event, decidedBy: n } : event));
  return { said: { tasks: [id] }, events };
}

function drop({ state, scope, decision: { tasks }, context: { now } }: Judging<'drop'>): Consequences | Refusal {
  const events: RunEvent[] = [];
  for (const id of new Set(tasks)) {
    const task = taskOf(state, scope, id);
    if ('code' in task) return task;
    const { fallbackFor } = state.graph.node(task.definitionId) ?? {};
    if (fallbackFor !== undefined) return invalid(`drops '${id}', which stands in for '${fallbackFor}': drop that`);
    events.push(...withdraw(state, task, { why: 'team' }, now));
  }
  return { said: { tasks: [...new Set(tasks)] }, events };
}

function handOver({ state, scope, decision, n, context }: Judging<'handOver'>): Consequences | Refusal {
  const { task: id, agent, input, why } = decision;
  const task = taskOf(state, scope, id);
  if ('code' in task) return task;
  if (task.status !== 'ready' || !isAgentTask(state, task) || isInFlight(task))
    return invalid(`hands '${id}' to '${agent}', and it is ${task.status}: only what is ready is handed over`);
  if ((task.handOffs?.length ?? 0) >= MAX_HAND_OFFS)
    return invalid(`hands '${id}' on, which was handed on ${MAX_HAND_OFFS} times in this round`);
  if (context.takers?.has(agent) === false)
    return problem(
      'REPRISE_AGENT_UNKNOWN',
      `'${id}' cannot be handed to '${agent}': no agent that is there is called so.`,
    );
  const event: RunEvent = {
    type: 'TaskHandedOff',
    at: context.now,
    taskId: task.id,
    attempt: task.attempt,
    agent,
    ...(input === undefined ? {} : { input: copyJson(input) }),
    ...(why === undefined ? {} : { why }),
    decidedBy: n,
  };
  return { said: { tasks: [id], to: agent }, events: [event] };
}
