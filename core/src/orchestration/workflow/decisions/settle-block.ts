import type { Catch } from '../../../definition/definition.ts';
import type { BlockNode } from '../../../definition/task-graph.ts';
import { type ErrorData, errorData, withCause } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { inside } from '../../../shared/task-path.ts';
import { bindCondition, bindExpression, bindOutput, limited } from '../../task-chaining/input-binding.ts';
import { blockScope, handedOver } from '../binding-source.ts';
import { ending } from '../end-of-run.ts';
import type { RunCancelled, RunCompleted, RunEvent, RunFailed } from '../events.ts';
import { definitionOf, outputOfLeaves, type RunState, type ScopeState } from '../state.ts';
import { isThroughWith } from '../team/team.ts';
import type { TeamState } from '../team/team-state.ts';
import { isWaiting } from '../transitions/close.ts';
import { closingAt } from '../transitions/closing-top.ts';
import { lastDone, lastDoneInside, lastLeft } from '../transitions/undoable.ts';
import type { DecisionContext } from './decision-context.ts';
import { conclude, giveUp } from './outcome.ts';
import { undoNext } from './undo-next.ts';

// What becomes of a block (the run is one) once something in it has failed, has ended it, or nothing in it is left to do.

/** Does nothing more than one step: a catch, another round, or the end of the block. */
export function settleBlock(state: RunState, scope: ScopeState, context: DecisionContext): readonly RunEvent[] {
  const block = state.graph.block(scope.definitionId);
  if (block === undefined) return [];
  if (scope.failure !== undefined) return afterFailure(state, scope, block, scope.failure, context);
  if (scope.ending !== undefined) {
    const ender = state.tasks.get(scope.ending);
    const output = ender?.ends !== undefined ? ender.ends : (ender?.output ?? null);
    return quietly(state, scope, 'end', false, context) ?? complete(state, scope, { output }, context);
  }
  if (!isThroughWith(scope)) return [];
  if (scope.team?.ruling !== undefined) return afterRuling(state, scope, block, scope.team.ruling, context);
  if (scope.handling !== undefined) return afterHandler(state, scope, block, context);
  if (block.definition.loop !== undefined) return nextRound(state, scope, block, context);
  return complete(state, scope, outputOf(state, scope, block, context), context);
}

/** The strategy of a team has ended it. What is open in it is not wanted any more. */
function afterRuling(
  state: RunState,
  scope: ScopeState,
  block: BlockNode,
  ruling: NonNullable<TeamState['ruling']>,
  context: DecisionContext,
): readonly RunEvent[] {
  if ('error' in ruling) return complete(state, scope, ruling, context);
  const first = quietly(state, scope, 'end', false, context);
  if (first !== undefined) return first;
  if (block.definition.loop !== undefined) return nextRound(state, scope, block, context);
  return complete(state, scope, outputOf(state, scope, block, context), context);
}

/** A run that is closing, once nothing is awaited any more. */
export function endOfClosing(state: RunState, context: DecisionContext): readonly RunEvent[] {
  const { closing } = state;
  const at = context.now;
  const root = state.scopes.get('');
  if (closing === undefined || root === undefined) return [];
  if (closing.why !== 'cancel' && closing.why !== 'limit') return settleBlock(state, root, context);
  const undo = closing.compensate === false ? undefined : undoNext(state, lastDone(state, ''), context);
  if (undo !== undefined) return undo;
  if (closing.why === 'limit' && closing.error !== undefined)
    return ending<RunFailed>(state, { type: 'RunFailed', at, error: closing.error });
  const { commandId = '', reason } = closing;
  const why = reason === undefined ? {} : { reason };
  return ending<RunCancelled>(state, { type: 'RunCancelled', at, commandId, ...why });
}

/**
 * What is outstanding in the block comes first: it is waited for, then undone. With `own`, that is all that was done in it; else what tasks
 * did that are cut short. Undefined: nothing is, or is left of it.
 */
function quietly(
  state: RunState,
  scope: ScopeState,
  why: 'failure' | 'end',
  own: boolean,
  context: DecisionContext,
): readonly RunEvent[] | undefined {
  const { path } = scope;
  const isClosing = closingAt(state, path) !== undefined;
  if (isWaiting(state, path)) return isClosing ? [] : [closingOf(path, why, context)];
  const last = own ? lastDoneInside(state, scope) : lastLeft(state, scope);
  if (last === undefined) return undefined;
  return isClosing ? undoNext(state, last, context) : [closingOf(path, why, context)];
}

const closingOf = (taskId: string, why: 'failure' | 'end', { now: at }: DecisionContext): RunEvent => ({
  type: 'TaskClosing',
  at,
  taskId,
  why,
});

function afterFailure(
  state: RunState,
  scope: ScopeState,
  block: BlockNode,
  failed: string,
  context: DecisionContext,
): readonly RunEvent[] {
  const error = state.tasks.get(failed)?.error ?? errorData('REPRISE_TASK_FAILED', 'no error given');
  const at = context.now;
  // What fails while a failure is handled is not caught here again.
  const found = scope.handling === undefined ? catchFor(state, scope, block, failed, error) : undefined;
  const clause = found !== undefined && 'clause' in found ? found.clause : undefined;
  const then = block.definition.catch?.[clause ?? -1]?.then;
  const first = quietly(state, scope, 'failure', then === undefined || then === 'retry', context);
  if (first !== undefined) return first;
  if (clause !== undefined) return [{ type: 'ScopeCaught', at, scope: scope.path, clause, taskId: failed, error }];
  if (found !== undefined && 'error' in found)
    return fail(state, scope, failed, withCause(found.error, error), context);
  const cause = scope.handling === undefined ? error : withCause(error, scope.handling.error);
  return fail(state, scope, failed, cause, context);
}

/** The catch that takes an error; the error that asking one gave; undefined when there is none. */
function catchFor(
  state: RunState,
  scope: ScopeState,
  block: BlockNode,
  failed: string,
  error: ErrorData,
): { readonly clause: number } | { readonly error: ErrorData } | undefined {
  for (const [clause, one] of (block.definition.catch ?? []).entries()) {
    const fits = takes(state, scope, one, clause, failed, error);
    if (typeof fits !== 'boolean') return fits;
    if (fits) return { clause };
  }
  return undefined;
}

/** Whether a catch is for an error; the error that asking it gave. */
function takes(
  state: RunState,
  scope: ScopeState,
  { codes, causes, tasks, when, then, max }: Catch,
  clause: number,
  failed: string,
  error: ErrorData,
): boolean | { readonly error: ErrorData } {
  if (then === 'retry' && (scope.catches[clause] ?? 0) >= (max ?? 0)) return false;
  if (codes !== undefined && !codes.includes(error.code)) return false;
  if (tasks !== undefined && !tasks.some((id) => inside(scope.path, id) === failed)) return false;
  if (causes !== undefined && !codesOf(error.cause).some((code) => causes.includes(code))) return false;
  if (when === undefined) return true;
  const seen = { ...blockScope(state, scope), error: handedOver(error) };
  const holds = bindCondition(when, seen, `${placeOf(scope)}catch[${clause}].when`);
  return holds.ok ? holds.value : { error: holds.error };
}

function codesOf(error: ErrorData | undefined): readonly string[] {
  const codes: string[] = [];
  for (let at = error; at !== undefined; at = at.cause) codes.push(at.code);
  return codes;
}

/** The handler is through: again, on, or out. */
function afterHandler(
  state: RunState,
  scope: ScopeState,
  block: BlockNode,
  context: DecisionContext,
): readonly RunEvent[] {
  const { handling } = scope;
  const clause = block.definition.catch?.[handling?.clause ?? -1];
  if (handling === undefined || clause === undefined) return [];
  const leaves = block.handlers[handling.clause]?.leaves ?? [];
  const output = leaves.length === 0 ? null : outputOfLeaves(state, scope.path, leaves);
  if (clause.then === 'fail') {
    const first = quietly(state, scope, 'failure', true, context);
    return first ?? fail(state, scope, handling.taskId, handling.error, context);
  }
  if (clause.then === 'retry') {
    const feedback = { error: handedOver(handling.error), output };
    return [reset(scope, 'catch', feedback, context)];
  }
  if (clause.output === undefined) return complete(state, scope, { output }, context);
  const seen = blockScope(state, scope);
  const place = `${placeOf(scope)}catch[${handling.clause}].output`;
  const bound = limited(bindExpression(clause.output, seen, place), place, context.maxPayloadChars);
  if (!bound.ok) return fail(state, scope, handling.taskId, withCause(bound.error, handling.error), context);
  return complete(state, scope, { output: bound.value }, context);
}

const reset = (scope: ScopeState, why: 'loop' | 'catch', feedback: Json, { now: at }: DecisionContext): RunEvent => ({
  type: 'TasksReset',
  at,
  region: scope.path,
  why,
  round: scope.round + 1,
  feedback,
});

/** Nothing of the round is left: whether there is another one. */
function nextRound(
  state: RunState,
  scope: ScopeState,
  block: BlockNode,
  context: DecisionContext,
): readonly RunEvent[] {
  const { loop } = block.definition;
  if (loop === undefined) return [];
  const given: Result = scope.round === 0 ? { output: null } : outputOf(state, scope, block, context);
  if ('error' in given) return complete(state, scope, given, context);
  const seen = { ...blockScope(state, scope), output: given.output };
  const ask = (slot: 'while' | 'until'): boolean | { readonly error: ErrorData } => {
    const expression = loop[slot];
    if (expression === undefined) return slot === 'while';
    const bound = bindCondition(expression, seen, `${placeOf(scope)}loop.${slot}`);
    return bound.ok ? bound.value : { error: bound.error };
  };
  const done = scope.round === 0 ? false : ask('until');
  if (typeof done !== 'boolean') return complete(state, scope, done, context);
  if (done) return complete(state, scope, given, context);
  const goesOn = ask('while');
  if (typeof goesOn !== 'boolean') return complete(state, scope, goesOn, context);
  if (!goesOn) return complete(state, scope, given, context);
  if (scope.round >= loop.max) {
    if (loop.onExhausted === 'accept') return complete(state, scope, given, context);
    const message = `The loop of '${scope.path}' did not end within ${loop.max} rounds.`;
    return complete(state, scope, { error: errorData('REPRISE_REPEAT_EXHAUSTED', message) }, context);
  }
  if (loop.feedback === undefined || scope.round === 0) return [reset(scope, 'loop', given.output, context)];
  const place = `${placeOf(scope)}loop.feedback`;
  const feedback = limited(bindExpression(loop.feedback, seen, place), place, context.maxPayloadChars);
  if (!feedback.ok) return complete(state, scope, feedback, context);
  return [reset(scope, 'loop', feedback.value, context)];
}

/** What a block gives, and whether the fold finds it by itself; or why there is none. */
type Result = { readonly output: Json; readonly recorded?: boolean } | { readonly error: ErrorData };

function outputOf(state: RunState, scope: ScopeState, block: BlockNode, context: DecisionContext): Result {
  const what = scope.path === '' ? 'output of the run' : `output of '${scope.path}'`;
  const place = scope.path === '' ? 'output of the workflow' : `task '${scope.path}', output`;
  const expression = block.definition.output;
  const bound = bindOutput(expression, () => blockScope(state, scope), place, what, context.maxPayloadChars);
  if (bound !== undefined) return bound.ok ? { output: bound.value } : { error: bound.error };
  const { ruling } = scope.team ?? {};
  if (ruling !== undefined && 'output' in ruling) return { output: ruling.output };
  // What many tasks gave is together only now; a value of one of them was within the limit.
  const { leaves } = block.body;
  const output = scope.path === '' ? null : outputOfLeaves(state, scope.path, leaves);
  if (scope.path === '' || leaves.length === 1) return { output, recorded: false };
  const checked = limited({ ok: true, value: output }, what, context.maxPayloadChars);
  return checked.ok ? { output, recorded: false } : { error: checked.error };
}

/** The block ends well; or fails, when it is its own output or loop that failed. */
function complete(state: RunState, scope: ScopeState, result: Result, context: DecisionContext): readonly RunEvent[] {
  const at = context.now;
  if (scope.path === '') {
    if ('error' in result) {
      const first = quietly(state, scope, 'failure', true, context);
      return first ?? ending<RunFailed>(state, { type: 'RunFailed', at, error: result.error });
    }
    const output = result.recorded === false ? {} : { output: result.output };
    return ending<RunCompleted>(state, { type: 'RunCompleted', at, ...output });
  }
  const task = state.tasks.get(scope.path);
  const definition = task === undefined ? undefined : definitionOf(state, task);
  if (task === undefined || definition === undefined) return [];
  const events =
    'error' in result
      ? giveUp(state, task, definition, { error: result.error }, context)
      : conclude(state, task, { ...result, via: 'scope' }, context);
  // It does not complete after all: what was done in it is undone first.
  const [first] = events;
  const isDone = first?.type === 'TasksReset' || (first?.type === 'TaskCompleted' && first.via === 'scope');
  return isDone ? events : (quietly(state, scope, 'failure', true, context) ?? events);
}

/** Nothing catches the failure: it is that of the block. */
function fail(
  state: RunState,
  scope: ScopeState,
  failed: string,
  cause: ErrorData,
  context: DecisionContext,
): readonly RunEvent[] {
  if (scope.path !== '') {
    const task = state.tasks.get(scope.path);
    const definition = task === undefined ? undefined : definitionOf(state, task);
    if (task === undefined || definition === undefined) return [];
    const message = `${failed.slice(scope.path.length + 1)}: ${cause.message}`;
    return giveUp(state, task, definition, { error: { ...cause, message } }, context);
  }
  const at = context.now;
  // There was no time left in the run for another attempt.
  if (cause.code === 'REPRISE_RUN_TIMEOUT')
    return ending<RunFailed>(state, { type: 'RunFailed', at, error: cause, taskId: failed });
  const error = {
    code: 'REPRISE_TASK_FAILED',
    message: `Task '${failed}' failed: ${cause.message}`,
    retryable: false,
    details: { taskId: failed, code: cause.code },
    cause,
  };
  return ending<RunFailed>(state, { type: 'RunFailed', at, error, taskId: failed });
}

const placeOf = (scope: ScopeState): string => (scope.path === '' ? '' : `task '${scope.path}', `);
