import {
  type Expression,
  type Fallback,
  hashDefinition,
  type Json,
  type Repeat,
  type Scope,
  type TaskDefinition,
  validateDefinition,
  type Workflow,
  type WorkflowDefinition,
} from '@reprise/core';
import fc from 'fast-check';

/** One random task, as plain data: what fast-check shrinks and prints. */
interface TaskSpec {
  readonly after: readonly number[];
  readonly when: 'none' | 'true' | 'false' | 'odd' | 'throws';
  readonly items: number | undefined;
  readonly itemConcurrency: number;
  readonly onItemFailure: 'fail' | 'continue';
  readonly input: 'none' | 'mapped' | 'throws';
  readonly maxAttempts: number;
  readonly retryDelayMs: number;
  readonly attemptMs: number | undefined;
  readonly taskMs: number | undefined;
  /** Of a forEach: the limit of the whole list. */
  readonly allMs: number | undefined;
  readonly fallback: 'none' | 'value' | 'agent' | 'task';
  readonly repeat: 'none' | 'self' | 'ancestor';
  readonly rounds: number;
  readonly accept: boolean;
  readonly once: boolean;
  readonly priority: number;
}

export interface WorkflowSpec {
  readonly tasks: readonly TaskSpec[];
  readonly concurrency: number;
  readonly timeoutMs: number | undefined;
  readonly output: 'none' | 'mapped' | 'null' | 'throws';
}

const oneOf = <T>(...weighted: readonly (readonly [number, T])[]): fc.Arbitrary<T> =>
  fc.oneof(...weighted.map(([weight, value]) => ({ weight: Math.round(weight * 10), arbitrary: fc.constant(value) })));

const taskArbitrary: fc.Arbitrary<TaskSpec> = fc.record({
  after: fc.uniqueArray(fc.nat(6), { maxLength: 3 }),
  when: oneOf([8, 'none'], [2, 'true'], [2, 'false'], [2, 'odd'], [0.3, 'throws']),
  items: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
  itemConcurrency: fc.integer({ min: 1, max: 3 }),
  onItemFailure: oneOf([1, 'fail'], [2, 'continue']),
  input: oneOf([3, 'none'], [3, 'mapped'], [0.2, 'throws']),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  retryDelayMs: fc.constantFrom(0, 10, 1000),
  attemptMs: fc.option(fc.constantFrom(100, 5000), { nil: undefined }),
  taskMs: fc.option(fc.constantFrom(5000, 60_000), { nil: undefined, freq: 3 }),
  allMs: fc.option(fc.constantFrom(3000, 90_000), { nil: undefined, freq: 2 }),
  fallback: oneOf([3, 'none'], [2, 'value'], [2, 'agent'], [2, 'task']),
  repeat: oneOf([5, 'none'], [1, 'self'], [3, 'ancestor']),
  rounds: fc.integer({ min: 1, max: 3 }),
  accept: fc.boolean(),
  once: fc.boolean(),
  priority: fc.integer({ min: -1, max: 1 }),
});

export const workflowArbitrary: fc.Arbitrary<WorkflowSpec> = fc.record({
  tasks: fc.array(taskArbitrary, { minLength: 1, maxLength: 7 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  timeoutMs: fc.option(fc.constantFrom(1000, 3_600_000), { nil: undefined, freq: 3 }),
  output: oneOf([4, 'none'], [2, 'mapped'], [1, 'null'], [0.2, 'throws']),
});

const fn = (digest: string, compute: (scope: Scope) => unknown): Expression => ({
  kind: 'function',
  digest,
  fn: compute,
});

const throws = fn('throws', () => {
  throw new Error('thrown by the workflow');
});

/** Even or odd, whatever the value. */
const isOdd = (value: Json | undefined): boolean => JSON.stringify(value ?? null).length % 2 === 1;

const CONDITIONS: Readonly<Record<string, Expression>> = {
  true: fn('true', () => true),
  false: fn('false', () => false),
  odd: fn('odd', ({ outputs, round }) => Object.values(outputs).filter(isOdd).length % 2 === round % 2),
  throws,
};

const taskId = (index: number): string => `t${index}`;

function repeatOf(spec: TaskSpec, index: number, after: readonly string[]): Repeat | undefined {
  if (spec.repeat === 'none' || spec.items !== undefined) return undefined;
  const from = spec.repeat === 'self' ? taskId(index) : (after[0] ?? taskId(index));
  const until = fn('until', ({ output, round }) => round >= spec.rounds || isOdd(output));
  return { from, until, max: spec.accept ? 2 : 3, onExhausted: spec.accept ? 'accept' : 'fail' };
}

function fallbackOf(spec: TaskSpec, index: number): Fallback | undefined {
  if (spec.fallback === 'value') return { kind: 'value', value: { instead: index } };
  if (spec.fallback === 'agent') return { kind: 'agent', agent: 'other' };
  if (spec.fallback === 'task' && spec.items === undefined) return { kind: 'task', task: `f${index}` };
  return undefined;
}

function taskOf(spec: TaskSpec, index: number): TaskDefinition {
  const after = spec.after.filter((other) => other < index).map(taskId);
  const when = CONDITIONS[spec.when];
  const fallback = fallbackOf(spec, index);
  const items = spec.items;
  return {
    id: taskId(index),
    agent: index % 2 === 0 ? 'worker' : 'helper',
    after,
    ...(when && { when }),
    ...(spec.input === 'mapped' && {
      input: fn('mapped', ({ outputs, round, feedback, item }) => ({ outputs, round, feedback, item })),
    }),
    ...(spec.input === 'throws' && { input: throws }),
    ...(items !== undefined && {
      forEach: {
        items: fn('items', ({ round }) => Array.from({ length: Math.max(0, items - round + 1) }, (_, n) => ({ n }))),
        concurrency: spec.itemConcurrency,
        onItemFailure: spec.onItemFailure,
      },
    }),
    retry: {
      maxAttempts: spec.maxAttempts,
      initialDelayMs: spec.retryDelayMs,
      factor: 2,
      maxDelayMs: 60_000,
      jitter: 0.5,
      nonRetryable: ['FATAL'],
    },
    timeouts: {
      ...(spec.attemptMs !== undefined && { attemptMs: spec.attemptMs }),
      ...(spec.taskMs !== undefined && { taskMs: spec.taskMs }),
      ...(spec.allMs !== undefined && items !== undefined && { allMs: spec.allMs }),
    },
    ...(fallback && { fallback }),
    priority: spec.priority,
    delivery: spec.once ? 'at-most-once' : 'at-least-once',
  };
}

const standIn = (index: number): TaskDefinition => ({
  id: `f${index}`,
  agent: 'other',
  after: [],
  retry: { maxAttempts: 2, initialDelayMs: 10, factor: 1, maxDelayMs: 10, jitter: 0, nonRetryable: [] },
  timeouts: { attemptMs: 5000 },
  priority: 0,
  delivery: 'at-least-once',
});

const OUTPUTS: Readonly<Record<string, Expression>> = {
  mapped: fn('output', ({ outputs }) => outputs),
  null: fn('null', () => null),
  throws,
};

/** The workflow that a spec stands for. Repeats that would not be valid are left out. */
export function toWorkflow(spec: WorkflowSpec): Workflow<Json, Json> {
  const output = OUTPUTS[spec.output];
  const tasks = spec.tasks.map(taskOf);
  const standIns = spec.tasks.flatMap((task, index) =>
    fallbackOf(task, index)?.kind === 'task' ? [standIn(index)] : [],
  );
  let definition: WorkflowDefinition = {
    schemaVersion: 1,
    name: 'random',
    version: '1',
    tasks: [...tasks, ...standIns],
    ...(output && { output }),
    ...(spec.timeoutMs !== undefined && { timeoutMs: spec.timeoutMs }),
    concurrency: spec.concurrency,
    strategy: 'graph',
  };
  for (const [index, task] of spec.tasks.entries()) {
    const repeat = repeatOf(task, index, tasks[index]?.after ?? []);
    if (repeat === undefined) continue;
    const repeating = definition.tasks.map((other) => (other.id === taskId(index) ? { ...other, repeat } : other));
    const candidate = { ...definition, tasks: repeating };
    if (validateDefinition(candidate).length === 0) definition = candidate;
  }
  const problems = validateDefinition(definition);
  if (problems.length > 0) throw new Error(`an invalid workflow was made: ${JSON.stringify(problems)}`);
  return { definition, hash: hashDefinition(definition), agents: [] };
}
