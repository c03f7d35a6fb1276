import type { Expression, TaskDefinition } from '../../../definition/definition.ts';
import { fallbacksOf } from '../../../definition/fallbacks.ts';
import { type ErrorData, withCause } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { blocksAround } from '../../../shared/task-path.ts';
import { type Bound, bindExpression, bindInput, limited } from '../../task-chaining/input-binding.ts';
import { handedOver, readerOf, sourceFor, taskScope } from '../binding-source.ts';
import { askedBefore } from '../budget-questions.ts';
import { Ahead, cheaperFor, exhausted, type UsedUp } from '../budgets.ts';
import type { ScheduleTasks } from '../commands.ts';
import { MAX_HAND_OFFS } from '../directives.ts';
import type { RunEvent, Usage } from '../events.ts';
import { beyond, noteAhead, reservationOf } from '../metering.ts';
import { payloadSize, turnCost } from '../payload-size.ts';
import { slotsOf, wantedBy } from '../ready-tasks.ts';
import { guessInput } from '../sources/guess.ts';
import { type Source, sourceSize } from '../sources/source.ts';
import { sourceOf } from '../sources/source-of.ts';
import {
  definitionOf,
  isAgentTask,
  listOf,
  type RunState,
  siblingOf,
  type TaskState,
  type Undoable,
} from '../state.ts';
import { heldUpBy, ungranted } from '../transitions/mutex.ts';
import { turnsFor, whoseTurn } from '../turns.ts';
import { askForMore } from './ask-budget.ts';
import type { DecisionContext } from './decision-context.ts';
import { beyondLimit, giveUp } from './outcome.ts';

/** Takes what the strategy chose and the state allows: the task is ready, a slot is free. The rest is passed over. */
export function schedule(state: RunState, command: ScheduleTasks, context: DecisionContext): readonly RunEvent[] {
  if (state.status !== 'running') return [];
  const events: RunEvent[] = [];
  const chosen = new Set<string>();
  // By block: what was taken of its slots and is not folded yet.
  const taken = new Map<string, number>();
  const begun = new Set<object>();
  const ahead = new Ahead();
  // Budgets of which more is asked for by then.
  const asked = new Set<string>();
  const { sliceChars = Number.POSITIVE_INFINITY } = context;
  const held = ungranted(state);
  let slots = state.definition.concurrency - state.inFlight;
  let chars = 0;
  let cost = 0;
  let seen = context;
  for (const { taskId, agent, maxUsage } of command.assignments) {
    const task = state.tasks.get(taskId);
    if (slots <= 0 || cost > sliceChars) break;
    if (task?.status !== 'ready' || chosen.has(taskId) || !isAgentTask(state, task)) continue;
    if (heldUpBy(task, held) !== undefined) continue;
    const turns = turnsFor(state, task);
    if (slotsOf(state, task.scope, taken) <= 0 || (turns !== undefined && task !== whoseTurn(state, turns))) continue;
    // Of those that take turns, one; that it has the turn is not folded yet.
    if (turns !== undefined && begun.has(turns)) continue;
    const definition = definitionOf(state, task);
    if (definition === undefined) continue;
    const wanted = { agent, reserved: reservationOf(state, task, agent, maxUsage) };
    const over = beyond(state, task, wanted, ahead);
    // It may fit once others have ended, or somebody has answered.
    if (over !== undefined && (over.waits || asked.has(budgetOf(over.used)))) continue;
    if (turns !== undefined) begun.add(turns);
    chosen.add(taskId);
    const scheduled =
      over === undefined
        ? scheduleTask(state, task, definition, wanted, { context: seen, chars })
        : (toCheaper(state, task, agent, over.used, context) ??
          beyondBudget(state, task, definition, over.used, context));
    if (over !== undefined && scheduled[0]?.type === 'BudgetAsked') asked.add(budgetOf(over.used));
    // What follows a failure may begin another round: what is there now need not be there when the rest is folded.
    if (scheduled[0]?.type !== 'TaskScheduled') seen = { ...context, inlineChars: Number.POSITIVE_INFINITY };
    else {
      slots -= 1;
      noteAhead(state, task, wanted, ahead);
      if (task.scope !== '')
        for (const block of blocksAround(task.scope)) taken.set(block, (taken.get(block) ?? 0) + 1);
    }
    for (const event of scheduled) {
      events.push(event);
      chars += payloadSize(event);
      cost += turnCost(event);
    }
  }
  return events;
}

/** The block whose budget has nothing left for the agent names one that is cheaper, and that is another. */
function toCheaper(
  state: RunState,
  task: TaskState,
  agent: string,
  { kind, scope }: UsedUp,
  { now: at }: DecisionContext,
): readonly RunEvent[] | undefined {
  if (kind !== 'tokens' && kind !== 'cost') return undefined;
  const to = cheaperFor(state, scope);
  if (to === undefined || to === agent || to === wantedBy(state, task).agent) return undefined;
  if ((task.handOffs?.length ?? 0) >= MAX_HAND_OFFS) return undefined;
  return [{ type: 'TaskHandedOff', at, taskId: task.id, attempt: task.attempt, agent: to, budget: scope }];
}

const budgetOf = ({ scope, kind, agent = '' }: UsedUp): string => `${scope} ${kind} ${agent}`;

/** There is nothing left for another attempt, nor for that of anybody who could stand in: somebody is asked for more, or the task is given up. */
export function beyondBudget(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  over: UsedUp,
  context: DecisionContext,
): readonly RunEvent[] {
  const asks = askForMore(state, task, over, context);
  if (asks !== undefined) return asks;
  const whole = exhausted(over, task.attempt === 0 ? `'${task.id}'` : `Another attempt of '${task.id}'`);
  const error = { ...whole, message: `${whole.message}${askedBefore(state, over)}` };
  return giveUp(state, task, definition, { error: withCause(error, task.error), final: true }, context);
}

function scheduleTask(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  { agent, reserved }: { readonly agent: string; readonly reserved: Usage | undefined },
  { context, chars }: { readonly context: DecisionContext; readonly chars: number },
): readonly RunEvent[] {
  const at = context.now;
  const attempt = task.attempt + 1;
  const { readySince = at } = task;
  const waited = readySince < at ? { readySince } : {};
  const kept = reserved === undefined ? {} : { reserved };
  const base = { type: 'TaskScheduled', at, taskId: task.id, attempt, agent, ...waited, ...kept } as const;
  const events: RunEvent[] = [];
  const handed = task.input === undefined ? undefined : fallbackInput(task, definition);
  if (handed !== undefined) {
    const scope = { ...taskScope(state, task), error: handedOver(task.error) };
    const bound = bindExpression(handed, scope, `task '${task.id}', fallback.input`);
    const given = withinRun(
      state,
      task,
      limited(bound, `input of '${task.id}'`, context.maxPayloadChars),
      context,
      chars,
    );
    if (!given.ok) return giveUp(state, task, definition, { error: given.error }, context);
    events.push({ ...base, input: given.value });
  } else if (task.input !== undefined) {
    events.push(base);
  } else {
    const given = givenTo(state, task, context, chars);
    if (!given.ok) return giveUp(state, task, definition, { error: given.error }, context);
    events.push({ ...base, ...given.recorded });
  }
  // At-most-once: that the attempt began is durable before any agent can be called. Where several may be handed it, the first that claims it has begun it.
  if (definition.delivery === 'at-most-once' && context.claims !== true) {
    events.push({ type: 'TaskStarted', at, taskId: task.id, attempt, worker: 'at-most-once' });
  }
  return events;
}

/** What an agent that stands in is handed at its first attempt, when that is something else. */
function fallbackInput(task: TaskState, definition: TaskDefinition): Expression | undefined {
  if (task.fallback !== 'agent' || task.tries + task.losses > 0) return undefined;
  const fallback = fallbacksOf(definition)[task.passed];
  return fallback?.kind === 'agent' ? fallback.input : undefined;
}

/** The value, unless the run would hold too much with it. */
function withinRun(
  state: RunState,
  task: TaskState,
  bound: Bound<Json>,
  context: DecisionContext,
  chars: number,
): Bound<Json> {
  if (!bound.ok) return bound;
  const error = beyondLimit(state, `the input of '${task.id}'`, chars + roughSize(bound.value), context);
  return error === undefined ? bound : { ok: false, error };
}

export type Given =
  /** `recorded`: what the event says of the value: where it is from, if that is shorter. */
  | {
      readonly ok: true;
      readonly value: Json;
      readonly recorded: { readonly input: Json } | { readonly source: Source };
    }
  | { readonly ok: false; readonly error: ErrorData };

/** What a task is handed, within the limits of the run; `chars`: what is recorded together with it. Computed once, and kept for its retries. */
export function givenTo(state: RunState, task: TaskState, context: DecisionContext, chars = 0): Given {
  const bound = inputOf(state, task, context);
  if (!bound.ok) return bound;
  const { value } = bound;
  const source = sourceOf(state, value, () => guessInput(state, task), context.inlineChars);
  const size = chars + (source === undefined ? roughSize(value) : sourceSize(source));
  // A budget that is used up does not hold up what undoes others.
  const error = task.undoes === undefined ? beyondLimit(state, `the input of '${task.id}'`, size, context) : undefined;
  if (error !== undefined) return { ok: false, error };
  return { ok: true, value, recorded: source === undefined ? { input: value } : { source } };
}

/** What a task that is ready would be handed now; undefined when that cannot be computed, which fails it once it is scheduled. */
export function inputToCome(state: RunState, task: TaskState): Json | undefined {
  const bound = inputOf(state, task, { maxPayloadChars: Number.MAX_SAFE_INTEGER });
  return bound.ok ? bound.value : undefined;
}

/** guessInput knows the same cases. */
function inputOf(state: RunState, task: TaskState, context: Pick<DecisionContext, 'maxPayloadChars'>): Bound<Json> {
  if (task.undoes !== undefined) return undoingInput(state, task, task.undoes, context);
  const node = state.graph.node(task.definitionId);
  const origin = node?.fallbackFor === undefined ? undefined : siblingOf(state, task, node.fallbackFor);
  if (origin !== undefined && node?.definition.input === undefined) {
    // The input was accepted once, and errors are bounded.
    return { ok: true, value: { input: origin.input ?? null, error: handedOver(origin.error) } };
  }
  if (node === undefined) return { ok: true, value: null };
  const reader = () => readerOf(state, task);
  // The first tasks of a handler are told what failed.
  if (node.clause !== undefined && node.definition.input === undefined && node.definition.after.length === 0) {
    const { handed = state.input, error = null } = reader();
    return { ok: true, value: { input: handed, error } };
  }
  const item = task.index === undefined ? undefined : (listOf(state, task)?.items?.values[task.index] ?? null);
  const place = { node, scope: task.scope, item, reader };
  return bindInput(state.graph, sourceFor(state, task), place, context.maxPayloadChars);
}

/** What undoes a task is handed `{ input, output, outcome }` of it; an expression of its own sees what the task saw, and its output. */
function undoingInput(
  state: RunState,
  task: TaskState,
  { taskId, input, output, outcome }: Undoable,
  { maxPayloadChars }: Pick<DecisionContext, 'maxPayloadChars'>,
): Bound<Json> {
  const expression = definitionOf(state, task)?.input;
  if (expression === undefined) return { ok: true, value: { input, output, outcome } };
  const scope = { ...taskScope(state, state.tasks.get(taskId) ?? task), output };
  const what = `input of '${task.id}'`;
  return limited(bindExpression(expression, scope, `task '${taskId}', compensate.input`), what, maxPayloadChars);
}
