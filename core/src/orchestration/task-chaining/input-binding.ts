import type { Expression, Scope, WorkflowDefinition } from '../../definition/definition.ts';
import { evaluate } from '../../definition/evaluate.ts';
import { lazyRecord } from '../../definition/lazy-record.ts';
import type { TaskGraph } from '../../definition/task-graph.ts';
import { type ErrorData, errorData, toErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { jsonSize, sharedSize } from '../../shared/json-size.ts';

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

/** The scope of a task's expressions: the outputs of everything that it depends on, directly or not. Costs what is read of it. */
export function scopeOf(
  graph: TaskGraph,
  source: BindingSource,
  taskId: string,
  round: number,
  item?: ItemBinding,
): Scope {
  const outputs = lazyRecord(
    (id) => (graph.isBefore(id, taskId) ? source.outputOf(id) : undefined),
    () => graph.ancestors(taskId),
  );
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
  graph: TaskGraph,
  source: BindingSource,
  taskId: string,
  scope: () => Scope,
  maxChars: number,
  item?: ItemBinding,
): Bound<Json> {
  const task = graph.node(taskId)?.definition;
  const what = `input of '${taskId}'`;
  if (task?.input !== undefined)
    return limited(bindExpression(task.input, scope(), `task '${taskId}', input`), what, maxChars);
  if (item !== undefined) return { ok: true, value: item.item };
  const [first, ...others] = task?.after ?? [];
  if (first === undefined) return { ok: true, value: source.input };
  if (others.length === 0) {
    const output: Bound<Json> = { ok: true, value: source.outputOf(first) ?? null };
    // What one attempt gave was checked then; what many items gave is together only now.
    return graph.node(first)?.definition.forEach === undefined ? output : limited(output, what, maxChars);
  }
  const joined: Record<string, Json> = {};
  for (const id of [first, ...others]) joined[id] = source.outputOf(id) ?? null;
  return limited({ ok: true, value: joined }, what, maxChars);
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

export type BoundItems =
  /** `size`: about how many characters of JSON they have in all. */
  | { readonly ok: true; readonly value: readonly Json[]; readonly size: number }
  | { readonly ok: false; readonly error: ErrorData };

/** The items of a forEach, each of which may have `maxChars`. Many may refer to the same large value: it is looked at once. */
export function bindItems(expression: Expression, scope: Scope, taskId: string, maxChars: number): BoundItems {
  const bound = bindExpression(expression, scope, `task '${taskId}', forEach`);
  if (!bound.ok) return bound;
  if (Array.isArray(bound.value)) return measured(bound.value, taskId, maxChars);
  const message = `task '${taskId}', forEach: gave ${describe(bound.value)} where an array is needed.`;
  return { ok: false, error: errorData('REPRISE_ITEMS_INVALID', message) };
}

function measured(items: readonly Json[], taskId: string, maxChars: number): BoundItems {
  const seen = new WeakMap<object, number>();
  let size = 0;
  for (const [index, item] of items.entries()) {
    const chars = sharedSize(item, seen);
    if (chars > maxChars) {
      const message = `Item ${index} of '${taskId}' is larger than the limit of ${maxChars} characters of JSON. Pass references instead.`;
      return { ok: false, error: errorData('REPRISE_PAYLOAD_TOO_LARGE', message) };
    }
    size += chars + 1;
  }
  return { ok: true, value: items, size };
}

/** The run's output when the definition computes it; undefined when it is simply that of the leaves. */
export function bindRunOutput(
  definition: WorkflowDefinition,
  graph: TaskGraph,
  source: BindingSource,
  maxChars: number,
): Bound<Json> | undefined {
  if (definition.output === undefined) return undefined;
  const outputs = lazyRecord(
    (id) => source.outputOf(id),
    () => graph.nodes.keys(),
  );
  const scope: Scope = { input: source.input, outputs, runId: source.runId, round: 1 };
  return limited(bindExpression(definition.output, scope, 'output of the workflow'), 'output of the run', maxChars);
}

/** The value, unless its JSON text is longer than `maxChars`. Never makes that text, so any value may be asked about. */
export function limited(bound: Bound<Json>, what: string, maxChars: number): Bound<Json> {
  if (!bound.ok || jsonSize(bound.value, maxChars) <= maxChars) return bound;
  const message = `The ${what} is larger than the limit of ${maxChars} characters of JSON. Pass references to large data instead.`;
  return { ok: false, error: errorData('REPRISE_PAYLOAD_TOO_LARGE', message) };
}

const failure = (message: string): { readonly ok: false; readonly error: ErrorData } => ({
  ok: false,
  error: errorData('REPRISE_EXPRESSION_FAILED', message),
});

function describe(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}
