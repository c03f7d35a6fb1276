import { type Expression, isList, type Scope } from '../../definition/definition.ts';
import { evaluate } from '../../definition/evaluate.ts';
import { lazyRecord } from '../../definition/lazy-record.ts';
import type { TaskGraph, TaskNode } from '../../definition/task-graph.ts';
import { type ErrorData, errorData, toErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { jsonSize, sharedSize } from '../../shared/json-size.ts';
import { inside, outer } from '../../shared/task-path.ts';

/** What binding reads of a run. */
export interface BindingSource {
  readonly runId: string;
  readonly input: Json;
  /** Output of the task `id` of the block at `scope`: null when it was skipped, undefined when it has not ended. */
  outputOf(scope: string, id: string): Json | undefined;
}

/** Where an expression stands, and what is there beside the run's input and the outputs. */
export interface Reader {
  /** The task whose expression it is; absent for one of the block itself, which sees all of it. */
  readonly id?: string;
  /** The block, by its path in the definition; '' is the run. */
  readonly block: string;
  /** The same block in the run. */
  readonly scope: string;
  readonly round: number;
  readonly feedback?: Json;
  readonly item?: ItemBinding | undefined;
  /** What the block was handed; absent for the run. */
  readonly handed?: Json;
  readonly error?: Json | undefined;
}

/** A value, or the error that computing it gave. */
export type Bound<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData };

export interface ItemBinding {
  readonly item: Json;
  readonly index: number;
}

/**
 * The scope of an expression: the outputs of everything that its task depends on, directly or not, and of what is before the blocks around it.
 * Costs what is read of it.
 */
export function scopeOf(graph: TaskGraph, source: BindingSource, reader: Reader): Scope {
  const { block, id, scope } = reader;
  const outputs = lazyRecord(
    (name) => {
      const found = graph.find(block, id, name);
      return found === undefined ? undefined : (source.outputOf(outward(scope, found.levels), name) ?? null);
    },
    () => graph.names(block, id),
  );
  return {
    input: source.input,
    outputs,
    runId: source.runId,
    round: reader.round,
    feedback: reader.feedback ?? null,
    ...reader.item,
    ...(reader.handed === undefined ? {} : { block: { input: reader.handed } }),
    ...(reader.error === undefined ? {} : { error: reader.error }),
  };
}

/** The block `levels` further out than `scope`. */
export function outward(scope: string, levels: number): string {
  let at = scope;
  for (let level = 0; level < levels; level += 1) at = outer(at)?.block ?? '';
  return at;
}

/**
 * The input of an attempt: its mapping, or by default the item of a forEach; else for a task without dependencies what its block (or the
 * run) was handed, the output of the only dependency, or the outputs of all of them by task id.
 */
export function bindInput(
  graph: TaskGraph,
  source: BindingSource,
  { node, scope, item, reader }: InputPlace,
  maxChars: number,
): Bound<Json> {
  const { path, block, definition } = node;
  const what = `input of '${path}'`;
  if (definition.input !== undefined) {
    const seen = scopeOf(graph, source, reader());
    return limited(bindExpression(definition.input, seen, `task '${path}', input`), what, maxChars);
  }
  if (item !== undefined) return { ok: true, value: item };
  const { after } = definition;
  const [first] = after;
  if (first === undefined) return { ok: true, value: block === '' ? source.input : (reader().handed ?? null) };
  if (after.length === 1) {
    const output: Bound<Json> = { ok: true, value: source.outputOf(scope, first) ?? null };
    // What one attempt gave was checked then; what many gave is together only now.
    const before = graph.node(inside(block, first))?.definition;
    const isOne = before === undefined || (!isList(before) && before.scope === undefined);
    return isOne ? output : limited(output, what, maxChars);
  }
  const joined: Record<string, Json> = {};
  for (const id of after) joined[id] = source.outputOf(scope, id) ?? null;
  return limited({ ok: true, value: joined }, what, maxChars);
}

/** The task whose input is bound. */
export interface InputPlace {
  readonly node: TaskNode;
  /** The block that it is in, in the run. */
  readonly scope: string;
  /** Of an item: it. */
  readonly item: Json | undefined;
  /** Where its expressions stand; asked for only when one of them, or what the block was handed, is needed. */
  reader(): Reader;
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

/** The output of a block when the definition computes it; undefined when it is simply that of the leaves. */
export function bindOutput(
  expression: Expression | undefined,
  scope: () => Scope,
  place: string,
  what: string,
  maxChars: number,
): Bound<Json> | undefined {
  return expression === undefined ? undefined : limited(bindExpression(expression, scope(), place), what, maxChars);
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
