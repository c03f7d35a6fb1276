import type { Expression, Scope, WorkflowDefinition } from '../../definition/definition.ts';
import { evaluate } from '../../definition/evaluate.ts';
import { type ErrorData, RepriseError, toErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { ancestorsOf, type Plan } from './plan.ts';

/** What binding reads of a run. */
export interface BindingSource {
  readonly runId: string;
  readonly input: Json;
  /** Output of a task of the definition: null when it was skipped, undefined when it has not ended. */
  outputOf(taskId: string): Json | undefined;
  /** Output of the repeating task in the round before. */
  feedbackFor(taskId: string): Json | undefined;
}

/** A value, or the error that computing it gave. */
export type Bound<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData };

export interface ItemBinding {
  readonly item: Json;
  readonly index: number;
}

/** The scope of a task's expressions: the outputs of everything that it depends on, directly or not. */
export function scopeOf(plan: Plan, source: BindingSource, taskId: string, round: number, item?: ItemBinding): Scope {
  const outputs: Record<string, Json> = {};
  for (const id of ancestorsOf(plan, taskId)) {
    const output = source.outputOf(id);
    if (output !== undefined) outputs[id] = output;
  }
  return {
    input: source.input,
    outputs,
    runId: source.runId,
    round,
    feedback: source.feedbackFor(taskId) ?? null,
    ...item,
  };
}

/**
 * The input of an attempt: its mapping, or by default the item of a forEach; else the run's input for a task without
 * dependencies, the output of the only dependency, or the outputs of all of them by task id.
 */
export function bindInput(
  plan: Plan,
  source: BindingSource,
  taskId: string,
  scope: () => Scope,
  maxChars: number,
  item?: ItemBinding,
): Bound<Json> {
  const task = plan.tasks.get(taskId)?.definition;
  if (task?.input !== undefined)
    return limited(bindExpression(task.input, scope(), `task '${taskId}', input`), taskId, maxChars);
  if (item !== undefined) return { ok: true, value: item.item };
  const [first, ...others] = task?.after ?? [];
  if (first === undefined) return { ok: true, value: source.input };
  if (others.length === 0) {
    const output: Bound<Json> = { ok: true, value: source.outputOf(first) ?? null };
    // What one attempt gave was checked then; what many items gave is together only now.
    return plan.tasks.get(first)?.definition.forEach === undefined ? output : limited(output, taskId, maxChars);
  }
  const joined: Record<string, Json> = {};
  for (const id of [first, ...others]) joined[id] = source.outputOf(id) ?? null;
  return limited({ ok: true, value: joined }, taskId, maxChars);
}

/** Evaluates an expression; a throw becomes the error, with `place` saying whose expression it was. */
export function bindExpression(expression: Expression, scope: Scope, place: string): Bound<Json> {
  try {
    return { ok: true, value: evaluate(expression, scope) };
  } catch (cause) {
    const error = toErrorData(cause, 'REPRISE_EXPRESSION_FAILED');
    return { ok: false, error: { ...error, message: `${place}: ${error.message}`, retryable: false } };
  }
}

/** A condition must yield true or false; anything else is an error, never a guess. */
export function bindCondition(expression: Expression, scope: Scope, place: string): Bound<boolean> {
  const bound = bindExpression(expression, scope, place);
  if (!bound.ok) return bound;
  if (typeof bound.value === 'boolean') return { ok: true, value: bound.value };
  return failure(`${place}: gave ${describe(bound.value)} where true or false is needed.`);
}

/** The items of a forEach. */
export function bindItems(expression: Expression, scope: Scope, taskId: string): Bound<readonly Json[]> {
  const bound = bindExpression(expression, scope, `task '${taskId}', forEach`);
  if (!bound.ok) return bound;
  if (Array.isArray(bound.value)) return { ok: true, value: bound.value };
  const message = `task '${taskId}', forEach: gave ${describe(bound.value)} where an array is needed.`;
  return { ok: false, error: toErrorData(new RepriseError('REPRISE_ITEMS_INVALID', message), 'REPRISE_ITEMS_INVALID') };
}

/** The run's output when the definition computes it; undefined when it is simply that of the leaves. */
export function bindRunOutput(
  definition: WorkflowDefinition,
  plan: Plan,
  source: BindingSource,
  maxChars: number,
): Bound<Json> | undefined {
  if (definition.output === undefined) return undefined;
  const outputs: Record<string, Json> = {};
  for (const id of plan.tasks.keys()) {
    const output = source.outputOf(id);
    if (output !== undefined) outputs[id] = output;
  }
  const scope: Scope = { input: source.input, outputs, runId: source.runId, round: 1 };
  return limited(bindExpression(definition.output, scope, 'output of the workflow'), 'output', maxChars);
}

function limited(bound: Bound<Json>, taskId: string, maxChars: number): Bound<Json> {
  if (!bound.ok) return bound;
  const size = JSON.stringify(bound.value).length;
  if (size <= maxChars) return bound;
  const message = `The input of '${taskId}' is ${size} characters of JSON, more than the limit of ${maxChars}.`;
  const error = new RepriseError('REPRISE_PAYLOAD_TOO_LARGE', message);
  return { ok: false, error: toErrorData(error, 'REPRISE_PAYLOAD_TOO_LARGE') };
}

function failure(message: string): { readonly ok: false; readonly error: ErrorData } {
  return {
    ok: false,
    error: toErrorData(new RepriseError('REPRISE_EXPRESSION_FAILED', message), 'REPRISE_EXPRESSION_FAILED'),
  };
}

function describe(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}
