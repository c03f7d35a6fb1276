import { type Json, jsonProblem } from '../../shared/json.ts';
import {
  DEFAULT_RETRY,
  type Expression,
  type Fallback,
  type ForEach,
  type Repeat,
  type RetryPolicy,
  type TaskDefinition,
  type TaskTimeouts,
} from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import { isFields, readChoice, readDuration, readFields, readNumber, readText, readTexts } from './read.ts';

/** Items of a forEach in flight at once when nothing is said. */
export const DEFAULT_ITEM_CONCURRENCY = 16;

/** How the values in expression places are written: functions and `cel()` in the builder, text in YAML. */
export interface ExpressionReader {
  /** A condition, or the items of a forEach. */
  computed(value: unknown, path: Path, report: Report): Expression | undefined;
  /** An input, or the output of the workflow. */
  mapped(value: unknown, path: Path, report: Report): Expression | undefined;
}

const TASK_KEYS: readonly string[] = [
  ...['agent', 'capability', 'description', 'after', 'when', 'input', 'forEach', 'concurrency', 'onItemFailure'],
  ...['retry', 'timeout', 'fallback', 'repeat', 'priority', 'delivery'],
];

const DELIVERIES = ['at-least-once', 'at-most-once'] as const;

/** A task of the human form (or the builder's options, which are the same) as data, defaults filled in. */
export function readTask(
  id: string,
  value: unknown,
  path: Path,
  report: Report,
  reader: ExpressionReader,
): TaskDefinition {
  const fields = readFields(value, path, report, 'a task (an object)', TASK_KEYS) ?? {};
  const at = (key: string): Path => [...path, key];
  const description = readText(fields['description'], at('description'), report);
  const agent = readText(fields['agent'], at('agent'), report);
  const capability = readText(fields['capability'], at('capability'), report);
  const when = fields['when'] === undefined ? undefined : reader.computed(fields['when'], at('when'), report);
  const input = fields['input'] === undefined ? undefined : reader.mapped(fields['input'], at('input'), report);
  const forEach = readForEach(fields, path, report, reader);
  const fallback = readFallback(fields['fallback'], at('fallback'), report);
  const repeat = readRepeat(id, fields['repeat'], at('repeat'), report, reader);
  return {
    id,
    ...(description !== undefined && { description }),
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    after: readTexts(fields['after'], at('after'), report),
    ...(when && { when }),
    ...(input && { input }),
    ...(forEach && { forEach }),
    retry: readRetry(fields['retry'], at('retry'), report),
    timeouts: readTimeouts(fields['timeout'], at('timeout'), report),
    ...(fallback && { fallback }),
    ...(repeat && { repeat }),
    priority: readNumber(fields['priority'], at('priority'), report) ?? 0,
    delivery: readChoice(fields['delivery'], at('delivery'), report, DELIVERIES) ?? 'at-least-once',
  };
}

/** The longest delay when none is written: a minute, or the first delay where that is longer. */
export const defaultMaxDelay = (initialDelayMs: number): number => Math.max(DEFAULT_RETRY.maxDelayMs, initialDelayMs);

/** Attempts in all, or a policy. A longest delay below the first one is a mistake when both are written. */
export function readRetry(value: unknown, path: Path, report: Report): RetryPolicy {
  if (value === undefined) return DEFAULT_RETRY;
  if (typeof value === 'number') return { ...DEFAULT_RETRY, maxAttempts: value };
  const keys = ['maxAttempts', 'initialDelay', 'factor', 'maxDelay', 'jitter', 'nonRetryable'];
  const fields = readFields(value, path, report, 'a number of attempts or a policy', keys) ?? {};
  const at = (key: string): Path => [...path, key];
  const initialDelay = readDuration(fields['initialDelay'], at('initialDelay'), report);
  const maxDelay = readDuration(fields['maxDelay'], at('maxDelay'), report);
  if (initialDelay !== undefined && maxDelay !== undefined && maxDelay < initialDelay) {
    report(
      at('maxDelay'),
      `is ${maxDelay}ms, shorter than the initialDelay of ${initialDelay}ms; make it at least as long, or leave it out`,
    );
  }
  const initialDelayMs = initialDelay ?? DEFAULT_RETRY.initialDelayMs;
  return {
    maxAttempts: readNumber(fields['maxAttempts'], at('maxAttempts'), report) ?? DEFAULT_RETRY.maxAttempts,
    initialDelayMs,
    factor: readNumber(fields['factor'], at('factor'), report) ?? DEFAULT_RETRY.factor,
    maxDelayMs: maxDelay ?? defaultMaxDelay(initialDelayMs),
    jitter: readNumber(fields['jitter'], at('jitter'), report) ?? DEFAULT_RETRY.jitter,
    nonRetryable: readTexts(fields['nonRetryable'], at('nonRetryable'), report),
  };
}

/** A duration (of an attempt), or `{ attempt, task, all, heartbeat }`. */
export function readTimeouts(value: unknown, path: Path, report: Report): TaskTimeouts {
  if (value === undefined) return {};
  if (!isFields(value)) {
    const attemptMs = readDuration(value, path, report);
    return attemptMs === undefined ? {} : { attemptMs };
  }
  const keys = ['attempt', 'task', 'all', 'heartbeat'];
  const fields = readFields(value, path, report, 'a duration or an object', keys) ?? {};
  const attemptMs = readDuration(fields['attempt'], [...path, 'attempt'], report);
  const taskMs = readDuration(fields['task'], [...path, 'task'], report);
  const allMs = readDuration(fields['all'], [...path, 'all'], report);
  const heartbeatMs = readDuration(fields['heartbeat'], [...path, 'heartbeat'], report);
  return {
    ...(attemptMs !== undefined && { attemptMs }),
    ...(taskMs !== undefined && { taskMs }),
    ...(allMs !== undefined && { allMs }),
    ...(heartbeatMs !== undefined && { heartbeatMs }),
  };
}

function readForEach(
  task: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
  reader: ExpressionReader,
): ForEach | undefined {
  const value = task['forEach'];
  if (value === undefined) {
    for (const key of ['concurrency', 'onItemFailure']) {
      if (task[key] !== undefined) report([...path, key], 'belongs to a forEach, and this task has none');
    }
    return undefined;
  }
  const nested = isFields(value) && 'items' in value;
  const at: Path = [...path, 'forEach'];
  const fields = nested
    ? (readFields(value, at, report, 'items', ['items', 'concurrency', 'onItemFailure']) ?? {})
    : task;
  const base = nested ? at : path;
  const items = reader.computed(nested ? fields['items'] : value, nested ? [...at, 'items'] : at, report);
  if (items === undefined) return undefined;
  const failures = ['fail', 'continue'] as const;
  return {
    items,
    concurrency: readNumber(fields['concurrency'], [...base, 'concurrency'], report) ?? DEFAULT_ITEM_CONCURRENCY,
    onItemFailure: readChoice(fields['onItemFailure'], [...base, 'onItemFailure'], report, failures) ?? 'fail',
  };
}

function readFallback(value: unknown, path: Path, report: Report): Fallback | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(value, path, report, 'one of { agent }, { task } and { value }', [
    'agent',
    'task',
    'value',
  ]);
  if (fields === undefined) return undefined;
  const [kind, ...others] = Object.keys(fields).filter((key) => fields[key] !== undefined);
  if (kind === undefined || others.length > 0) {
    report(path, 'must have exactly one of agent, task and value');
    return undefined;
  }
  if (kind === 'value') return readFallbackValue(fields['value'], path, report);
  const name = readText(fields[kind], [...path, kind], report);
  if (name === undefined) return undefined;
  return kind === 'agent' ? { kind, agent: name } : { kind: 'task', task: name };
}

function readFallbackValue(value: unknown, path: Path, report: Report): Fallback | undefined {
  const problem = jsonProblem(value);
  if (problem === undefined) return { kind: 'value', value: value as Json };
  report([...path, 'value'], `is not plain JSON: ${problem}`);
  return undefined;
}

function readRepeat(
  id: string,
  value: unknown,
  path: Path,
  report: Report,
  reader: ExpressionReader,
): Repeat | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(value, path, report, 'an object with until and max', [
    'from',
    'until',
    'max',
    'onExhausted',
  ]);
  if (fields === undefined) return undefined;
  for (const key of ['until', 'max']) if (fields[key] === undefined) report(path, `needs ${key}`);
  const until =
    fields['until'] === undefined ? undefined : reader.computed(fields['until'], [...path, 'until'], report);
  const max = readNumber(fields['max'], [...path, 'max'], report);
  if (until === undefined || max === undefined) return undefined;
  const ends = ['fail', 'accept'] as const;
  return {
    from: readText(fields['from'], [...path, 'from'], report) ?? id,
    until,
    max,
    onExhausted: readChoice(fields['onExhausted'], [...path, 'onExhausted'], report, ends) ?? 'fail',
  };
}
