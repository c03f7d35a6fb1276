import type { Json } from '../shared/json.ts';

/**
 * What an expression may read. All of it comes from the run's history.
 * - `input`: the run's input.
 * - `outputs`: outputs by task id; null for a task that was skipped, absent for one that has not ended.
 * - `item`, `index`: inside a forEach task only.
 * - `round`: 1, then one more for every repeat of the task.
 * - `output`: in `repeat.until` only, the output of the repeating task.
 * - `feedback`: inside a repeated segment, the output of the repeating task in the round before; null in round 1.
 */
export interface Scope {
  readonly input: Json;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly runId: string;
  readonly round: number;
  readonly item?: Json;
  readonly index?: number;
  readonly output?: Json;
  readonly feedback?: Json;
}

/** A pure function of a workflow. `fn` lives in code; `digest` (SHA-256 of its source) is what is recorded. */
export interface FunctionExpression {
  readonly kind: 'function';
  readonly digest: string;
  readonly fn?: (scope: Scope) => unknown;
}

/**
 * A computed value. `cel`: one CEL expression. `template`: JSON in which every string of the form "${…}" is replaced by
 * the value of the CEL expression inside it.
 */
export type Expression =
  | { readonly kind: 'cel'; readonly source: string }
  | { readonly kind: 'template'; readonly template: Json }
  | FunctionExpression;

/** Attempt n is made `min(cap, initial * factor^(n-2))` ms after attempt n-1 failed, plus or minus `jitter` of that. */
export interface RetryPolicy {
  /** Attempts in all, the first included. 1: no retry. */
  readonly maxAttempts: number;
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  /** Fraction of the delay, 0 to 1. */
  readonly jitter: number;
  /** Error codes that are never retried. */
  readonly nonRetryable: readonly string[];
}

export interface TaskTimeouts {
  /** From the start of an attempt, in ms. */
  readonly attemptMs?: number;
  /** From the first scheduling of the task, retries included, in ms. Of a forEach: of each item, from the item's first scheduling. */
  readonly taskMs?: number;
  /** Of a forEach as a whole: from when it is expanded until all its items have ended, in ms. */
  readonly allMs?: number;
  /** Longest silence between two heartbeats of the agent, in ms. */
  readonly heartbeatMs?: number;
}

/**
 * What stands in when every attempt has failed. A fallback task has no edges of its own, runs only then, and is handed
 * `{ input, error }` of the failed one. The items of a forEach may fall back to a value or an agent, not to a task.
 */
export type Fallback =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'agent'; readonly agent: string }
  | { readonly kind: 'task'; readonly task: string };

/** Runs the task once for each item; its output is the array of the items' outputs, in order. */
export interface ForEach {
  readonly items: Expression;
  /** Items in flight at once. */
  readonly concurrency: number;
  /** `fail`: the first item that fails fails the task. `continue`: its place in the output is null. */
  readonly onItemFailure: 'fail' | 'continue';
}

/**
 * After this task completes and `until` is not true, the tasks from `from` to this one run again, at most `max` rounds in
 * all. No task outside that segment may depend on any of it but on the repeating task, which may not be a forEach, and a
 * segment may not overlap another.
 */
export interface Repeat {
  readonly from: string;
  readonly until: Expression;
  readonly max: number;
  readonly onExhausted: 'fail' | 'accept';
}

/** One node of the graph. Exactly one of `agent` and `capability` is set. */
export interface TaskDefinition {
  readonly id: string;
  readonly description?: string;
  readonly agent?: string;
  readonly capability?: string;
  readonly after: readonly string[];
  /** False skips the task. A condition that throws fails it. */
  readonly when?: Expression;
  /** Default: the item of a forEach; else the run's input without dependencies, the output of the only one, or the outputs by task id. */
  readonly input?: Expression;
  readonly forEach?: ForEach;
  readonly retry: RetryPolicy;
  readonly timeouts: TaskTimeouts;
  readonly fallback?: Fallback;
  readonly repeat?: Repeat;
  /** Higher first among ready tasks. */
  readonly priority: number;
  readonly delivery: 'at-least-once' | 'at-most-once';
}

/**
 * A workflow as data, normalised: defaults filled in, durations in milliseconds. JSON.stringify of it is its recorded
 * form (functions drop out, their digests stay).
 */
export interface WorkflowDefinition {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly tasks: readonly TaskDefinition[];
  /** The run's output. Default: the output of the only leaf, or the outputs of the leaves by task id. */
  readonly output?: Expression;
  readonly timeoutMs?: number;
  /** Attempts of one run in flight at once. */
  readonly concurrency: number;
  /** The scheduler strategy's name. */
  readonly strategy: string;
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialDelayMs: 1000,
  factor: 2,
  maxDelayMs: 60_000,
  jitter: 0.1,
  nonRetryable: [],
};

export const DEFAULT_CONCURRENCY = 64;
