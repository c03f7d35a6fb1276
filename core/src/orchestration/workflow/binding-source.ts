import type { Scope } from '../../definition/definition.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { outer } from '../../shared/task-path.ts';
import { type BindingSource, type ItemBinding, type Reader, scopeOf } from '../task-chaining/input-binding.ts';
import { hasPassed, listOf, passedAt, type RunState, type ScopeState, siblingOf, type TaskState } from './state.ts';

/**
 * What expressions may see of a run: the outputs of tasks that have ended. To a task whose join was met at `asOf`, what ended later
 * has not ended.
 */
export function bindingSource(state: RunState, asOf?: number): BindingSource {
  return {
    runId: state.runId,
    input: state.input,
    outputOf(scope, id) {
      const task = state.tasks.get(scope === '' ? id : `${scope}/${id}`);
      if (task === undefined || !hasPassed(task)) return undefined;
      if (asOf !== undefined && (passedAt(task) ?? 0) > asOf) return undefined;
      return task.status === 'failed' ? null : (task.output ?? null);
    },
  };
}

/** The source of a task's expressions. */
export const sourceFor = (state: RunState, task: TaskState): BindingSource => bindingSource(state, task.joinedAt);

/** Where the expressions of a task, or of one of its items, stand. */
export function readerOf(state: RunState, task: TaskState): Reader & { readonly id: string } {
  const place = outer(task.definitionId);
  const scope = state.scopes.get(task.scope);
  return {
    id: place?.id ?? task.definitionId,
    block: state.graph.placeIn(task.scope, place?.block ?? ''),
    scope: task.scope,
    round: task.round,
    feedback: feedbackFor(state, task),
    item: itemAround(state, task),
    ...handedTo(state, task.scope),
    error: errorAround(state, scope),
  };
}

/** Where the expressions of a block itself stand: its output, its loop and its catches. */
export function readerWithin(state: RunState, scope: ScopeState): Reader {
  const task = state.tasks.get(scope.path);
  return {
    block: state.graph.placeIn(scope.path, scope.definitionId),
    scope: scope.path,
    round: scope.round,
    feedback: scope.feedback,
    item: task === undefined ? undefined : itemAround(state, task),
    ...handedTo(state, scope.path),
    error: errorAround(state, scope),
  };
}

/** The scope of a task's expressions. */
export const taskScope = (state: RunState, task: TaskState): Scope =>
  scopeOf(state.graph, sourceFor(state, task), readerOf(state, task));

/** The scope of a block's expressions. */
export const blockScope = (state: RunState, scope: ScopeState): Scope =>
  scopeOf(state.graph, bindingSource(state), readerWithin(state, scope));

const handedTo = (state: RunState, scope: string): { readonly handed?: Json } =>
  scope === '' ? {} : { handed: state.tasks.get(scope)?.input ?? null };

function itemAround(state: RunState, task: TaskState): ItemBinding | undefined {
  const around = listAround(state, task);
  return around === undefined
    ? undefined
    : { item: around.list?.items?.values[around.index] ?? null, index: around.index };
}

/** The innermost list around a task, and the place in it. */
export function listAround(
  state: RunState,
  task: TaskState,
): { readonly list: TaskState | undefined; readonly index: number } | undefined {
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(at.scope)) {
    if (at.index !== undefined) return { list: listOf(state, at), index: at.index };
    if (at.scope === '') return undefined;
  }
  return undefined;
}

/** What the round before handed on, of the innermost loop around a task; or what was said when it was gone back to a task of a block around it. */
function feedbackFor(state: RunState, task: TaskState): Json {
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(at.scope)) {
    const repeater = state.graph.node(at.definitionId)?.repeatedBy;
    if (repeater !== undefined) return siblingOf(state, at, repeater)?.feedback ?? null;
    const scope = state.scopes.get(at.scope);
    if (scope?.team !== undefined && at.again > 0 && at.feedback !== undefined) return at.feedback;
    if (scope === undefined || at.scope === '') return scope?.feedback ?? null;
    if (scope.gotos > 0 || state.graph.block(scope.definitionId)?.hasRounds === true) return scope.feedback;
  }
  return null;
}

/** The failure that is being handled around a place. */
function errorAround(state: RunState, scope: ScopeState | undefined): Json | undefined {
  for (let at = scope; at !== undefined; at = state.scopes.get(outer(at.path)?.block ?? '')) {
    if (at.handling !== undefined) return handedOver(at.handling.error);
    if (at.path === '') return undefined;
  }
  return undefined;
}

/** What a workflow is told of a failure: everything but our word on retries. */
export function handedOver(error: ErrorData | undefined): Json {
  if (error === undefined) return null;
  const { code, type, message, status, details, cause } = error;
  return {
    code,
    ...(type === undefined ? {} : { type }),
    message,
    ...(status === undefined ? {} : { status }),
    ...(details === undefined ? {} : { details }),
    ...(cause === undefined ? {} : { cause: handedOver(cause) }),
  };
}
