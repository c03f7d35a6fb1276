import type { RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { AMOUNTS, BUDGETS, COUNTS, itemsAtOnce } from '../../../core/src/definition/definition.ts';
import { limitOf, useOf } from '../../../core/src/orchestration/workflow/budgets.ts';
import { endDigest, isEnd } from '../../../core/src/orchestration/workflow/end-of-run.ts';
import type { TaskEntered, TaskScheduled, Usage } from '../../../core/src/orchestration/workflow/events.ts';
import { evolve } from '../../../core/src/orchestration/workflow/evolve.ts';
import {
  definitionOf,
  dependenciesOf,
  hasEnded,
  hasPassed,
  initialState,
  isAgentTask,
  isEntered,
  isHeldBack,
  isInFlight,
  isListening,
  isTerminal,
  listOf,
  type Meters,
  type RunState,
  rootOf,
  type ScopeState,
  siblingOf,
  type TaskState,
} from '../../../core/src/orchestration/workflow/state.ts';
import { letsGoOn, neededBy } from '../../../core/src/orchestration/workflow/transitions/end-task.ts';
import { turnsFor } from '../../../core/src/orchestration/workflow/turns.ts';
import { blocksAround } from '../../../core/src/shared/task-path.ts';
import { atMost, same } from './cheap-checks.ts';
import { MessageBooks } from './message-checks.ts';

/** The attempt that an event is the outcome of: of each, there may be one. */
function outcomeKey(event: RunEvent, state: RunState): string | undefined {
  switch (event.type) {
    case 'TaskCompleted':
      return event.via === 'agent' ? `${event.taskId}/${event.attempt}` : undefined;
    case 'TaskAttemptFailed':
      return `${event.taskId}/${event.attempt}`;
    case 'TaskHandedOff':
      return event.decidedBy === undefined && event.budget === undefined
        ? `${event.taskId}/${event.attempt}`
        : undefined;
    // What stood in for the task may be what is asked, or what fails: its attempt has had its outcome by then.
    case 'TasksReset':
    case 'TaskRepeated':
    case 'TaskFailed': {
      const id = event.type === 'TasksReset' ? event.region : event.taskId;
      const task = state.tasks.get(id);
      return task !== undefined && isInFlight(task) ? `${id}/${task.attempt}` : undefined;
    }
    default:
      return undefined;
  }
}

function checkScheduled(
  state: RunState,
  task: TaskState | undefined,
  attempt: number,
  last: Map<string, number>,
): void {
  expect(task, 'the task is there').to.not.equal(undefined);
  if (task === undefined) return;
  same(state.status, 'running', `${task.id} is scheduled while the run is`);
  same(task.status, 'ready', `${task.id} is scheduled when`);
  expect(attempt, `attempt of ${task.id}`).to.be.greaterThan(last.get(task.id) ?? 0);
  last.set(task.id, attempt);
  const definition = definitionOf(state, task);
  const dependencies = dependenciesOf(state, task);
  const ended = dependencies.filter((id) => {
    const dependency = siblingOf(state, task, id);
    return dependency !== undefined && hasPassed(dependency);
  });
  const needed = definition === undefined ? undefined : neededBy(definition);
  // A join that cannot be met any more is what an agent may stand in for.
  if (needed !== undefined && task.fallback === 'agent') return;
  // An item begins when one has completed.
  if (definition?.join === 'each') return;
  expect(ended.length, `dependencies of ${task.id} that have ended`).to.be.at.least(needed ?? dependencies.length);
}

function checkBudgets(state: RunState): void {
  for (const [path, scope] of state.budgets) {
    for (const kind of COUNTS)
      atMost(scope.spent?.[kind] ?? 0, limitOf(state, scope, kind) ?? Infinity, `${kind} spent in '${path}'`);
    if (isTerminal(state.status)) continue;
    checkAsked(state, path, scope.asked);
    if (scope.meters !== undefined) checkMeters(state, path, scope.meters);
    checkAllotted(state, path, scope.allotted);
  }
}

/** Of each budget one task asks for more, and waits; or nobody does any more. */
function checkAsked(state: RunState, path: string, asked: ScopeState['asked'] = []): void {
  const budgets = asked.map(({ kind, agent }) => `${kind} ${agent}`);
  same(new Set(budgets).size, budgets.length, `questions about the budgets of '${path}'`);
  const asking = [...state.tasks.values()].filter(({ asks }) => asks?.scope === path);
  for (const task of asking) same(task.status, 'waiting', `'${task.id}', which asks`);
  const open = asking.filter(({ asks, form }) => asks?.outcome === undefined && form?.answer === undefined);
  const of = asked.flatMap(({ task }) => task ?? []);
  for (const { id } of open) expect(of, `who asks about '${path}'`).to.include(id);
  for (const id of of) same(state.tasks.get(id)?.asks?.scope, path, `'${id}' asks about '${path}'`);
}

/** What child runs under way may spend is reserved, in all blocks around. */
function checkAllotted(state: RunState, path: string, allotted: Usage = {}): void {
  const open = [...state.tasks.values()].filter(
    (task) => task.allotted !== undefined && (path === '' || blocksOf(task).includes(path)),
  );
  same(
    open.every((task) => isEntered(task) && task.child !== undefined),
    true,
    'what was allotted something is under way',
  );
  for (const kind of BUDGETS)
    same(
      allotted[kind] ?? 0,
      open.reduce((sum, task) => sum + (task.allotted?.[kind] ?? 0), 0),
      `${kind} allotted in '${path}'`,
    );
}

/** What a child run may spend fits beside what is spent and reserved, when it begins. */
function checkAllotment(state: RunState, { taskId, allotted = {} }: TaskEntered): void {
  const task = state.tasks.get(taskId);
  for (const path of task === undefined ? [] : [...blocksOf(task), ''])
    for (const kind of BUDGETS) {
      const scope = state.budgets.get(path);
      const limit = scope === undefined ? undefined : limitOf(state, scope, kind);
      if (scope === undefined || limit === undefined || (allotted[kind] ?? 0) === 0) continue;
      const { spent, reserved } = useOf(scope, kind);
      atMost(spent + reserved, limit, `${kind} of '${path}' with '${taskId}'`);
    }
}

/** What is reserved is what attempts under way may use, in all and by agent. */
function checkMeters(state: RunState, path: string, { reserved, agents }: Meters): void {
  const open = [...state.tasks.values()].filter(
    (task) => task.reserved !== undefined && (path === '' || blocksOf(task).includes(path)),
  );
  same(
    open.every((task) => isInFlight(task)),
    true,
    'what has reserved something is under way',
  );
  const sum = (of: readonly TaskState[]) => ({
    tokens: of.reduce((all, task) => all + (task.reserved?.tokens ?? 0), 0),
    cost: of.reduce((all, task) => all + (task.reserved?.cost ?? 0), 0),
  });
  expect(reserved, `reserved in '${path}'`).to.deep.equal(sum(open));
  for (const one of agents) {
    const own = open.filter(({ agent }) => agent === one.agent);
    expect([one.open, one.reserved], `of '${one.agent}' in '${path}'`).to.deep.equal([own.length, sum(own)]);
  }
}

/** What an attempt may use fits beside what is spent and what others may use, when it begins. */
function checkAdmitted(state: RunState, { taskId, agent, reserved = {} }: TaskScheduled): void {
  const task = state.tasks.get(taskId);
  for (const path of task === undefined ? [] : [...blocksOf(task), ''])
    for (const kind of AMOUNTS)
      for (const whose of [undefined, agent]) {
        const scope = state.budgets.get(path);
        const limit = scope === undefined ? undefined : limitOf(state, scope, kind, whose);
        if (scope === undefined || limit === undefined || (reserved[kind] ?? 0) === 0) continue;
        const use = useOf(scope, kind, whose);
        atMost(use.spent + use.reserved, limit, `${kind} of '${path}' with '${taskId}'`);
      }
}

const blocksOf = ({ scope }: TaskState): readonly string[] => [...blocksAround(scope)];

function checkLimits(state: RunState): void {
  checkBudgets(state);
  const { definition } = state;
  const tasks = [...state.tasks.values()];
  // Whoever waits for messages takes no room, and has it again whatever there is.
  const open = tasks.filter((task) => isInFlight(task) && !isListening(state, task));
  same(open.length, state.inFlight, 'the count of what is in flight');
  if (state.mail === undefined) atMost(open.length, definition.concurrency, 'attempts in flight');
  const ready = tasks.filter(({ status }) => status === 'ready');
  const forAgents = ready.filter((task) => isAgentTask(state, task));
  same(forAgents.length, state.readyCount, 'the count of what is ready');
  const children = [...state.sequences].reduce((sum, { turns }) => sum + (turns?.children.size ?? 0), 0);
  same(ready.length - forAgents.length, state.entering.size + children, 'what is to be entered');
  for (const { turns } of state.mail === undefined ? state.sequences : []) {
    const atWork = tasks.filter(
      (task) => turnsFor(state, task) === turns && (isInFlight(task) || (isEntered(task) && task.child !== undefined)),
    );
    // What is awaited, or undone, by something that closes need not have ended when the next begins.
    const others = atWork.filter((task) => task.closing === undefined);
    atMost(others.length, 1, `has its turn, with ${others.map(({ id }) => id).join(', ')}`);
  }
  const underWay = new Map<TaskState, number>();
  for (const task of tasks) {
    if (task.index === undefined || hasEnded(task) || task.idle) continue;
    const list = listOf(state, task);
    if (list !== undefined) underWay.set(list, (underWay.get(list) ?? 0) + 1);
  }
  for (const [list, count] of underWay)
    atMost(count, itemsAtOnce(definitionOf(state, list) ?? {}), `items of ${list.id} under way`);
  checkBlocks(state, tasks, open);
}

/** What is open is in blocks that are open, each of which counts what is in it. */
function checkBlocks(state: RunState, tasks: readonly TaskState[], open: readonly TaskState[]): void {
  const within = new Map<string, number>();
  for (const task of open) for (const path of blocksAround(task.scope)) within.set(path, (within.get(path) ?? 0) + 1);
  for (const scope of state.scopes.values()) {
    if (scope.path === '') continue;
    const count = within.get(scope.path) ?? 0;
    same(count, scope.inFlight, `attempts in flight in ${scope.path}`);
    const limit = state.graph.block(scope.definitionId)?.definition.concurrency ?? Number.POSITIVE_INFINITY;
    if (state.mail === undefined) atMost(count, limit, `attempts at once in ${scope.path}`);
    same(state.tasks.get(scope.path)?.status, 'running', `the block ${scope.path}`);
  }
  for (const task of tasks) {
    // Nobody is told of what fails a block.
    if (isHeldBack(state, task) && state.closing === undefined && state.scopes.get(task.scope)?.failure === undefined) {
      const open = dependenciesOf(state, task).filter((id) => {
        const dependency = siblingOf(state, task, id);
        return dependency !== undefined && !letsGoOn(state, definitionOf(state, task), dependency);
      });
      same(task.waitingOn, open.length, `what ${task.id} waits on`);
    }
    if (!hasEnded(task)) same(state.scopes.has(task.scope), true, `${task.id} is open in a block that is not`);
    const waits = task.signal !== undefined && isEntered(task);
    same(
      [state.waits, state.unbuffered].some((all) => all.get(task.signal ?? '')?.has(task.id) === true),
      waits,
      `${task.id} waits`,
    );
    if (task.child !== undefined && isEntered(task)) same(state.awaited.has(task.id), true, `${task.id} has a child`);
    if (hasEnded(task)) same(state.awaited.has(task.id), false, `${task.id} is awaited`);
  }
}

/**
 * Everything that holds for every history, however it came about: no event after the end, attempts that only grow, one outcome for
 * each, no task before its dependencies, no limit exceeded, messages that are each in one place, and a recorded digest that the replay confirms.
 */
export function checkHistory(events: readonly RunEvent[]): RunState {
  const state = initialState();
  const attempts = new Map<string, number>();
  const outcomes = new Set<string>();
  const scheduled = new Set<string>();
  const messages = new MessageBooks();
  let begun = 0;
  for (const [index, event] of events.entries()) {
    same(isTerminal(state.status), false, `event ${index} (${event.type}) after the end`);
    same(event.type === 'RunStarted', index === 0, 'RunStarted comes first, once');
    // What is copied was checked where it happened; what is checked from there on goes on from it.
    const isCopied = state.status === 'forking';
    if (event.type === 'TaskScheduled' && isCopied) {
      attempts.set(event.taskId, Math.max(event.attempt, attempts.get(event.taskId) ?? 0));
      scheduled.add(`${event.taskId}/${event.attempt}`);
    } else if (event.type === 'TaskScheduled') {
      checkScheduled(state, state.tasks.get(event.taskId), event.attempt, attempts);
      scheduled.add(`${event.taskId}/${event.attempt}`);
    }
    if (event.type === 'TaskEntered') scheduled.add(`${event.taskId}/${event.attempt}`);
    const outcome = outcomeKey(event, state);
    if (outcome !== undefined) {
      same(outcomes.has(outcome), false, `a second outcome of ${outcome}`);
      same(scheduled.has(outcome), true, `an outcome of ${outcome}, which was never scheduled`);
      outcomes.add(outcome);
    }
    if (isEnd(event)) same(event.stateDigest, endDigest(state, event), 'the digest that the end recorded');
    const isWork = event.type === 'TaskScheduled' || (event.type === 'TaskEntered' && event.child !== undefined);
    if (isWork && state.tasks.get(event.taskId)?.undoes === undefined) begun += 1;
    evolve(state, event);
    atMost(begun, limitOf(state, rootOf(state), 'attempts') ?? Infinity, 'attempts of the run');
    if (event.type === 'TaskScheduled' && state.status !== 'forking') checkAdmitted(state, event);
    if (event.type === 'TaskEntered' && state.status !== 'forking') checkAllotment(state, event);
    messages.fold(event);
    messages.compare(state);
    if (state.status !== 'forking') checkLimits(state);
  }
  return state;
}
