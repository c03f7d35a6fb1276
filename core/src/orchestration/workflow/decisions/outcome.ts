import { type Fallback, isList, type TaskDefinition } from '../../../definition/definition.ts';
import { fallbacksOf } from '../../../definition/fallbacks.ts';
import { type ErrorData, errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { bindCondition } from '../../task-chaining/input-binding.ts';
import { taskScope } from '../binding-source.ts';
import type { RunEvent, TaskCompleted, Via } from '../events.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';
import { isTolerated } from '../transitions/end-task.ts';
import { lastAttempted, lastDone } from '../transitions/undoable.ts';
import type { DecisionContext } from './decision-context.ts';
import { undoNext } from './undo-next.ts';

// How a task ends: with an output (conclude), or on the one path that every failure takes (giveUp).

export interface Failure {
  readonly error: ErrorData;
  /** Whether the effect of an at-most-once attempt happened cannot be known: nobody may do it again. */
  readonly unknown?: boolean;
  /** There is nothing left with which anybody could do it. */
  readonly final?: boolean;
  /** It is what stands in last that failed. */
  readonly fellBack?: boolean;
  /** An event before this one leaves something of the task to be undone. */
  readonly leaves?: boolean;
}

/**
 * Nothing is left to try: the fallback stands in, or the task fails. What takes the place of a task, or goes on without it, begins after what the
 * task did was undone; of a failure that is that of the block around, the block decides.
 */
export function giveUp(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  failure: Failure,
  context: DecisionContext,
): readonly RunEvent[] {
  const { error, unknown = false, final = false, fellBack = false } = failure;
  const at = context.now;
  // What a forEach falls back to stands in for its items, one by one, and not for their list.
  const isWhole = isList(definition) && task.index === undefined;
  const fallback = fellBack || isWhole ? undefined : nextFallback(task, definition, unknown || final);
  const first = undoFirst(state, task, fallback === undefined, failure, context);
  if (first !== undefined) return first;
  if (fallback === undefined) return [{ type: 'TaskFailed', at, taskId: task.id, error }];
  if (fallback.kind === 'value')
    return conclude(state, task, { output: fallback.value, via: 'fallback-value', error }, context);
  const { kind } = fallback;
  const to = kind === 'agent' ? { kind, agent: fallback.agent } : { kind, task: fallback.task };
  return [{ type: 'TaskFellBack', at, taskId: task.id, to, error }];
}

/** What stands in now; where nobody may do it again, or can, only a value does. */
function nextFallback(task: TaskState, definition: TaskDefinition, isFinal: boolean): Fallback | undefined {
  if (task.fallback === 'task') return undefined;
  const left = fallbacksOf(definition).slice(task.fallback === undefined ? 0 : task.passed + 1);
  return isFinal ? left.find(({ kind }) => kind === 'value') : left[0];
}

function undoFirst(
  state: RunState,
  task: TaskState,
  fails: boolean,
  { error, leaves = false }: Failure,
  context: DecisionContext,
): readonly RunEvent[] | undefined {
  if (!state.graph.hasOutstanding || (fails && !isTolerated(state, task))) return undefined;
  const last = fails ? lastDone(state, task.id) : lastAttempted(state, task);
  if (task.closing !== undefined) return undoNext(state, last, context);
  if (last === undefined && !leaves) return undefined;
  return [{ type: 'TaskClosing', at: context.now, taskId: task.id, why: 'failure', error }];
}

/** What a task gives. */
export interface Conclusion {
  readonly output: Json;
  readonly via: Via;
  /** Without the output, where the fold finds it. Default: with it. */
  readonly recorded?: boolean;
  /** Of `switch`. */
  readonly case?: string;
  /** Of `signal`. */
  readonly signal?: string;
  /** Of `message`. */
  readonly message?: string;
  /** Of `agent`: it ends the block, which gives this. */
  readonly ends?: Json;
  /** Of `fallback-value`: what it stands in for. */
  readonly error?: ErrorData;
  /** A repeat is not asked: the task completes. */
  readonly final?: boolean;
}

/** The task has an output: its own, or that of what stood in for it. A repeating task is asked whether that will do. */
export function conclude(
  state: RunState,
  task: TaskState,
  { output, via, recorded = true, final = false, ...more }: Conclusion,
  context: DecisionContext,
): readonly RunEvent[] {
  const base = { at: context.now, taskId: task.id, attempt: task.attempt };
  const definition = definitionOf(state, task);
  if (definition === undefined) return [];
  const isStandIn = via === 'fallback-value' || via === 'fallback-task';
  const isUndoable = definition.compensate !== undefined && (via === 'agent' || via === 'child');
  const rejected = (error: ErrorData, attempt: RunEvent): readonly RunEvent[] => {
    // It was only waited for.
    if (task.closing?.why === 'within')
      return [attempt, { type: 'TaskCancelled', at: base.at, taskId: task.id, reason: 'closed' }];
    const next = giveUp(state, task, definition, { error, fellBack: isStandIn, leaves: isUndoable }, context);
    // The attempt, which ended well, has to be closed when something stands in; what it did is on record when it can be undone.
    const closes = isUndoable || (via === 'agent' && next[0]?.type !== 'TaskFailed');
    return closes ? [attempt, ...next] : next;
  };
  // No limit of the run holds up what undoes.
  if (recorded && task.undoes === undefined) {
    const error = beyondLimit(state, `the output of '${task.id}'`, roughSize(output), context);
    if (error !== undefined) return rejected(error, { type: 'TaskAttemptFailed', ...base, error });
  }
  // What it gave is not accepted.
  const refused = (error: ErrorData): readonly RunEvent[] =>
    rejected(
      error,
      isUndoable ? { type: 'TaskAttemptCompleted', ...base, output } : { type: 'TaskAttemptFailed', ...base, error },
    );
  const completed: TaskCompleted = { type: 'TaskCompleted', ...base, via, ...(recorded ? { output } : {}), ...more };
  const repeat = task.index === undefined ? definition.repeat : undefined;
  // What was only waited for does not begin another round, nor does what ends its block.
  if (repeat === undefined || task.closing?.why === 'within' || more.ends !== undefined || final) return [completed];
  const scope = { ...taskScope(state, task), output };
  const until = bindCondition(repeat.until, scope, `task '${task.id}', repeat.until`);
  if (!until.ok) return refused(until.error);
  if (until.value || (task.round >= repeat.max && repeat.onExhausted === 'accept')) return [completed];
  if (task.round < repeat.max) {
    const { at, taskId, attempt } = base;
    const round = task.round + 1;
    const stoodIn = isStandIn ? { via } : {};
    if (state.rules < 3) return [{ type: 'TaskRepeated', ...base, output, from: repeat.from, round, ...stoodIn }];
    const { signal, message, error } = more;
    const took = {
      ...(error === undefined ? {} : { error }),
      ...(signal === undefined ? {} : { signal }),
      ...(message === undefined ? {} : { message }),
    };
    return [
      { type: 'TasksReset', at, region: taskId, why: 'repeat', round, feedback: output, attempt, ...stoodIn, ...took },
    ];
  }
  const message = `The condition of the repeat of '${task.id}' did not hold within ${repeat.max} rounds.`;
  return refused(errorData('REPRISE_REPEAT_EXHAUSTED', message));
}

/** Why the run may not take `size` characters more; undefined when it may. */
export function beyondLimit(
  state: RunState,
  what: string,
  size: number,
  { maxRunChars }: DecisionContext,
): ErrorData | undefined {
  if (maxRunChars === undefined || state.held + size <= maxRunChars) return undefined;
  const message =
    `With ${what} (about ${size} characters of JSON) the run would hold more than limits.maxRunChars, ${maxRunChars} in all; ` +
    `it holds ${state.held}. Pass references instead.`;
  return errorData('REPRISE_RUN_TOO_LARGE', message);
}
