import {
  type Block,
  type Budget,
  type Catch,
  type Compensate,
  DEFAULT_RETRY,
  type Expression,
  type Fallback,
  type ForEach,
  hashDefinition,
  type Json,
  type OnBudget,
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
  /** The items are a list of the run's input. */
  readonly listed: boolean;
  readonly itemConcurrency: number;
  readonly onItemFailure: 'fail' | 'continue';
  /** When a list has what it is for. */
  readonly enough: 'all' | 'need' | 'computed need' | 'until';
  readonly input: 'none' | 'mapped' | 'path' | 'template' | 'throws';
  readonly maxAttempts: number;
  readonly retryDelayMs: number;
  readonly attemptMs: number | undefined;
  readonly taskMs: number | undefined;
  /** Of a forEach: the limit of the whole list. */
  readonly allMs: number | undefined;
  readonly fallback: 'none' | 'value' | 'agent' | 'several' | 'task';
  readonly repeat: 'none' | 'self' | 'ancestor';
  readonly rounds: number;
  readonly accept: boolean;
  readonly once: boolean;
  readonly priority: number;
  /** What its agent may do to the run. */
  readonly may: 'nothing' | 'spawn' | 'finish' | 'handOff' | 'goto' | 'send';
  readonly performer:
    | 'agent'
    | 'set'
    | 'sleep'
    | 'wait'
    | 'form'
    | 'mail'
    | 'send'
    | 'switch'
    | 'cancel'
    | 'end'
    | 'raise'
    | 'scope'
    | 'child';
  readonly join: 'all' | 'any' | 'two' | 'each';
  readonly rest: 'let' | 'cancel';
  /** By a switch that it comes after. */
  readonly case: 'none' | 'a' | 'b';
  readonly compensate: boolean;
  readonly mutex: 'none' | 'one' | 'by item' | 'across';
  readonly block: BlockSpec | undefined;
  /** It goes on only as long as that task has not completed. */
  readonly watches: number | undefined;
}

interface BlockSpec {
  readonly tasks: readonly TaskSpec[];
  readonly catch: 'none' | 'retry' | 'continue' | 'fail' | 'throws';
  readonly handler: TaskSpec | undefined;
  readonly loop: 'none' | 'while' | 'until';
  readonly concurrency: number | undefined;
  readonly budget: Budget | undefined;
  /** Of its own. */
  readonly strategy: 'none' | 'sequential' | 'team';
}

export interface WorkflowSpec {
  readonly tasks: readonly TaskSpec[];
  readonly concurrency: number;
  readonly inTurn: boolean;
  /** It is led. */
  readonly team: boolean;
  readonly budget: Budget | undefined;
  readonly timeoutMs: number | undefined;
  readonly output: 'none' | 'mapped' | 'null' | 'throws';
  readonly catch: BlockSpec['catch'];
  /** Two tasks that can be undone, of which one is needed. */
  readonly race: boolean;
  /** Three tasks that talk to each other. */
  readonly talk: boolean;
}

const oneOf = <T>(...weighted: readonly (readonly [number, T])[]): fc.Arbitrary<T> =>
  fc.oneof(...weighted.map(([weight, value]) => ({ weight: Math.round(weight * 10), arbitrary: fc.constant(value) })));

const CATCHES = oneOf<BlockSpec['catch']>([2, 'none'], [2, 'retry'], [2, 'continue'], [1, 'fail'], [0.2, 'throws']);

const BUDGETS: fc.Arbitrary<Budget | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.record({
      tasks: fc.integer({ min: 1, max: 12 }),
      attempts: fc.integer({ min: 1, max: 20 }),
      messages: fc.integer({ min: 1, max: 5 }),
      delegations: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      attempts: fc.integer({ min: 1, max: 6 }),
      tokens: fc.integer({ min: 5, max: 60 }),
      // Without a limit, nobody might ever answer.
      onBudget: fc.constantFrom({ ask: 'kim', timeoutMs: 9000 }, { ask: 'kim', timeoutMs: 500 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        tokens: fc.integer({ min: 30, max: 500 }),
        cost: fc.integer({ min: 30, max: 500 }).map((millionths) => millionths / 1_000_000),
        agents: fc.constant({ worker: { attempts: 8, tokens: 90 } }),
        onBudget: fc.constantFrom<OnBudget>('stop', { agent: 'helper' }),
      },
      { requiredKeys: ['tokens'] },
    ),
  },
);

const blockArbitrary = (depth: number): fc.Arbitrary<BlockSpec> =>
  fc.record({
    tasks: fc.array(taskArbitrary(depth - 1), { minLength: 1, maxLength: 3 }),
    catch: CATCHES,
    handler: fc.option(taskArbitrary(0), { nil: undefined }),
    loop: oneOf([3, 'none'], [1, 'while'], [1, 'until']),
    concurrency: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    budget: BUDGETS,
    strategy: oneOf([5, 'none'], [1, 'sequential'], [1.5, 'team']),
  });

const taskArbitrary = (depth: number): fc.Arbitrary<TaskSpec> =>
  fc.record({
    performer: oneOf<TaskSpec['performer']>(
      ...([
        [7, 'agent'],
        [1, 'set'],
        [1, 'sleep'],
        [1, 'wait'],
        [0.7, 'form'],
        [0.6, 'mail'],
        [0.6, 'send'],
        [1, 'switch'],
      ] as const),
      ...([
        [0.5, 'cancel'],
        [0.3, 'end'],
        [0.3, 'raise'],
        [depth > 0 ? 3 : 0.01, 'scope'],
        [0.8, 'child'],
      ] as const),
    ),
    join: oneOf([6, 'all'], [2, 'any'], [1, 'two'], [2, 'each']),
    rest: oneOf([3, 'let'], [2, 'cancel']),
    case: oneOf([1, 'none'], [2, 'a'], [2, 'b']),
    compensate: fc.boolean(),
    mutex: oneOf([4, 'none'], [1, 'one'], [1, 'by item'], [1, 'across']),
    watches: fc.option(fc.nat(6), { nil: undefined, freq: 4 }),
    block: depth > 0 ? fc.option(blockArbitrary(depth), { nil: undefined, freq: 9 }) : fc.constant(undefined),
    after: fc.uniqueArray(fc.nat(6), { maxLength: 3 }),
    when: oneOf([8, 'none'], [2, 'true'], [2, 'false'], [2, 'odd'], [0.3, 'throws']),
    items: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
    listed: fc.boolean(),
    itemConcurrency: fc.integer({ min: 1, max: 3 }),
    onItemFailure: oneOf([1, 'fail'], [2, 'continue']),
    enough: oneOf<TaskSpec['enough']>([3, 'all'], [2, 'need'], [1, 'computed need'], [2, 'until']),
    input: oneOf([3, 'none'], [2, 'mapped'], [2, 'path'], [2, 'template'], [0.2, 'throws']),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    retryDelayMs: fc.constantFrom(0, 10, 1000),
    attemptMs: fc.option(fc.constantFrom(100, 5000), { nil: undefined }),
    taskMs: fc.option(fc.constantFrom(5000, 60_000), { nil: undefined, freq: 3 }),
    allMs: fc.option(fc.constantFrom(3000, 90_000), { nil: undefined, freq: 2 }),
    fallback: oneOf([3, 'none'], [2, 'value'], [2, 'agent'], [1, 'several'], [2, 'task']),
    repeat: oneOf([5, 'none'], [1, 'self'], [3, 'ancestor']),
    rounds: fc.integer({ min: 1, max: 4 }),
    accept: fc.boolean(),
    once: fc.boolean(),
    priority: fc.integer({ min: -1, max: 1 }),
    may: oneOf([4, 'nothing'], [2, 'spawn'], [0.5, 'finish'], [1, 'handOff'], [1, 'goto'], [2, 'send']),
  });

export const workflowArbitrary: fc.Arbitrary<WorkflowSpec> = fc.record({
  tasks: fc.array(taskArbitrary(2), { minLength: 1, maxLength: 7 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  inTurn: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  team: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
  budget: BUDGETS,
  timeoutMs: fc.option(fc.constantFrom(1000, 3_600_000), { nil: undefined, freq: 3 }),
  output: oneOf([4, 'none'], [2, 'mapped'], [1, 'null'], [0.2, 'throws']),
  catch: CATCHES,
  race: fc.boolean(),
  talk: fc.boolean(),
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

/** The workflow of the child runs of random workflows. */
export const CHILD = 'random-child';

/** Where tasks stand: how they are called, and by whom. */
interface Place {
  readonly prefix: string;
  readonly specs: readonly TaskSpec[];
}

const RETRY = { factor: 2, maxDelayMs: 60_000, jitter: 0.5, nonRetryable: ['FATAL'] };

function fallbackOf(spec: TaskSpec, id: string): Fallback | undefined {
  if (spec.performer === 'end') return undefined;
  if (spec.fallback === 'value') return { kind: 'value', value: { instead: id } };
  if (spec.fallback === 'agent') return { kind: 'agent', agent: 'other' };
  if (spec.fallback === 'several')
    return {
      kind: 'agent',
      agent: 'other',
      input: fn('failed', ({ error, item }) => ({ error, item: item ?? null })),
      then: { kind: 'agent', agent: 'undoer', ...(spec.accept && { then: { kind: 'value', value: 'last' } }) },
    };
  if (spec.fallback === 'task' && spec.items === undefined) return { kind: 'task', task: `f-${id}` };
  return undefined;
}

const isAgent = (spec: TaskSpec): boolean =>
  spec.performer === 'agent' || (spec.performer === 'scope' && spec.block === undefined);

/** A later task of the same block; of the last one the block itself. */
function cancelledBy(index: number, { prefix, specs }: Place): string | undefined {
  if (index + 1 < specs.length) return `${prefix}${index + 1}`;
  return prefix.endsWith('-') ? prefix.replace(/^h-/, '').slice(0, -1) : undefined;
}

const ALLOTMENT: Budget = { tokens: 30, attempts: 2, messages: 1 };

function performerOf(spec: TaskSpec, id: string, index: number, place: Place): Partial<TaskDefinition> {
  const { performer, block } = spec;
  if (isAgent(spec)) return { agent: index % 2 === 0 ? 'worker' : 'helper' };
  if (performer === 'scope' && block !== undefined) return { scope: blockOf(block, `${id}-`) };
  if (performer === 'child') return { workflow: { name: CHILD, ...(spec.may !== 'nothing' && { budget: ALLOTMENT }) } };
  if (performer === 'sleep')
    return { sleep: spec.accept ? { kind: 'for', ms: 700 } : { kind: 'until', moment: fn('moment', () => 2_000_000) } };
  if (performer === 'wait')
    return {
      wait: {
        signal: { kind: 'template', template: spec.once ? 'go' : 'stop' },
        ...(index % 3 === 1 && { buffered: false as const }),
        ...(spec.accept && { default: fn('default', () => 'waited in vain') }),
      },
    };
  if (performer === 'form')
    return {
      wait: {
        form: {
          schema: { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } },
          assignee: { kind: 'template', template: 'kim' },
          escalate: [{ afterMs: 2000, to: { kind: 'template', template: 'lee' } }],
        },
        ...(spec.accept && { default: fn('unanswered', () => ({ ok: false })) }),
      },
    };
  if (performer === 'mail')
    return {
      wait: {
        message: {
          ...(spec.once && { mailbox: '#desk' }),
          ...(index % 3 === 1 && {
            where: fn('asked', ({ message }) => JSON.stringify(message ?? null).length % 2 === 0),
          }),
          ...(index % 4 === 2 && { performative: 'request' as const }),
        },
        ...(spec.accept && { default: fn('default', () => 'waited in vain') }),
      },
    };
  if (performer === 'send')
    return {
      send: {
        ...(spec.rounds === 2
          ? { topic: { kind: 'template' as const, template: '#news' } }
          : { to: { kind: 'template' as const, template: spec.once ? '#desk' : id } }),
        data: fn('said', ({ outputs, round }) => ({ outputs: Object.keys(outputs), round })),
        ...(index % 2 === 1 && { performative: 'request' as const }),
        ...(spec.rounds > 2 && { expiresMs: 20 }),
        ...(spec.accept &&
          spec.rounds !== 2 && { until: spec.listed ? ('replied' as const) : ('acknowledged' as const) }),
      },
    };
  if (performer === 'switch')
    return {
      switch: {
        cases: [
          { when: CONDITIONS['odd'] as Expression, then: 'a' },
          { when: fn('big', ({ outputs }) => Object.keys(outputs).length > 2), then: 'b' },
        ],
        ...(spec.once || spec.accept ? { otherwise: 'b' } : {}),
      },
    };
  const cancelled = performer === 'cancel' ? cancelledBy(index, place) : undefined;
  if (cancelled !== undefined) {
    const named = place.specs[index + 1];
    const isList = named !== undefined && named.items !== undefined && MAY_BE_MANY.has(named.performer);
    const isRepeated = place.specs.some(({ repeat }) => repeat !== 'none');
    return { cancel: { tasks: [cancelled], ...(spec.accept && isList && !isRepeated && { complete: true }) } };
  }
  if (performer === 'end') return { end: spec.accept ? {} : { output: fn('end', ({ outputs }) => outputs) } };
  if (performer === 'raise') return { raise: { code: spec.once ? 'FATAL' : 'RAISED' } };
  return {
    set:
      spec.input === 'throws'
        ? throws
        : fn('set', ({ outputs, round, block, error }) => ({ outputs, round, block, error })),
  };
}

const TAKES_INPUT: ReadonlySet<string> = new Set(['agent', 'form', 'sleep', 'switch', 'scope', 'child']);
const MAY_BE_MANY: ReadonlySet<string> = new Set([
  ...['agent', 'set', 'sleep', 'wait', 'form', 'mail', 'raise', 'scope', 'child'],
]);

const KEYS = {
  one: { kind: 'template', template: 'the key' },
  across: { kind: 'template', template: 'the key' },
  'by item': fn('key', ({ item }) => ['key', item ?? null]),
} as const;

const MAY_BE_UNDONE: ReadonlySet<string> = new Set(['agent', 'scope', 'child']);

const COMPENSATE: Compensate = {
  agent: 'undoer',
  retry: { maxAttempts: 2, initialDelayMs: 10, factor: 1, maxDelayMs: 10, jitter: 0, nonRetryable: [] },
  timeouts: { attemptMs: 5000 },
};

const UNDO_BY_TEMPLATE: Compensate = {
  ...COMPENSATE,
  input: { kind: 'template', template: { done: `\${ output }`, all: [`\${ input }`, 1] } },
};

/** What any run of these workflows is handed beside what its test hands it. */
export const LISTED = { list: [{ n: 0 }, { n: 1 }] } as const;

const pathTo = ([first]: readonly string[]): string => (first === undefined ? 'input' : `outputs["${first}"]`);

const templateOf = (after: readonly string[], isItem: boolean): Expression => ({
  kind: 'template',
  template: {
    all: `\${ input }`,
    list: ['as it is', `\${ input.list[1] }`, ...after.map((id) => `\${ outputs["${id}"] }`)],
    ...(isItem ? { item: `\${ item }` } : {}),
    computed: `\${ [input.list, 1] }`,
  },
});

function enoughOf({ enough, onItemFailure, rounds, accept }: TaskSpec): Omit<ForEach, 'items' | 'concurrency'> {
  const rest = accept ? ({ rest: 'cancel' } as const) : {};
  if (enough === 'all') return { onItemFailure };
  if (enough === 'need') return { onItemFailure: 'fail', need: rounds, ...rest };
  if (enough === 'computed need')
    return { onItemFailure: 'fail', need: fn('need', ({ input }) => (isOdd(input) ? 1 : 0)), ...rest };
  const until = fn('so far', ({ completed = 0, output }) => completed >= rounds || isOdd(output));
  return { onItemFailure, until, ...rest };
}

function timeoutsOf(spec: TaskSpec, items: number | undefined): TaskDefinition['timeouts'] {
  // A wait whose time is never up would wait for the test to end.
  const waits = ['wait', 'form', 'mail'].includes(spec.performer) || (spec.performer === 'send' && spec.accept);
  const taskMs = waits ? (spec.taskMs ?? 9000) : spec.taskMs;
  return {
    ...(spec.attemptMs !== undefined && isAgent(spec) && { attemptMs: spec.attemptMs }),
    ...(taskMs !== undefined && { taskMs }),
    ...(spec.allMs !== undefined && items !== undefined && { allMs: spec.allMs }),
  };
}

function taskOf(spec: TaskSpec, index: number, place: Place): TaskDefinition {
  const { prefix, specs } = place;
  const id = `${prefix}${index}`;
  const others = spec.after.filter((other) => other < index);
  const after = others.map((other) => `${prefix}${other}`);
  const switches = others.filter((other) => specs[other]?.performer === 'switch');
  const cases = Object.fromEntries(switches.map((other) => [`${prefix}${other}`, spec.case]));
  const when = CONDITIONS[spec.when];
  const fallback = fallbackOf(spec, id);
  const items = MAY_BE_MANY.has(spec.performer) ? spec.items : undefined;
  const mayBeEach = after.length > 0 && items === undefined && MAY_BE_MANY.has(spec.performer);
  const join =
    spec.join === 'any' && after.length > 0
      ? 'any'
      : spec.join === 'two' && after.length > 1
        ? 2
        : spec.join === 'each' && mayBeEach
          ? 'each'
          : undefined;
  const takesInput = TAKES_INPUT.has(spec.performer);
  return {
    id,
    ...performerOf(spec, id, index, place),
    after,
    ...(switches.length > 0 && spec.case !== 'none' && { cases }),
    ...(join !== undefined && { join }),
    ...(when && { when }),
    ...(spec.input === 'mapped' &&
      takesInput && {
        input: fn('mapped', ({ outputs, round, feedback, item }) => ({ outputs, round, feedback, item })),
      }),
    ...(spec.input === 'path' && takesInput && { input: { kind: 'cel', source: pathTo(after) } as const }),
    ...(spec.input === 'template' && takesInput && { input: templateOf(after, items !== undefined) }),
    ...(spec.input === 'throws' && takesInput && { input: throws }),
    ...(items !== undefined && {
      forEach: {
        items: spec.listed
          ? { kind: 'cel', source: 'input.list' }
          : fn('items', ({ round }) => Array.from({ length: Math.max(0, items - round + 1) }, (_, n) => ({ n }))),
        concurrency: spec.itemConcurrency,
        ...enoughOf(spec),
      },
    }),
    retry:
      isAgent(spec) || spec.performer === 'child'
        ? { ...RETRY, maxAttempts: spec.maxAttempts, initialDelayMs: spec.retryDelayMs }
        : { ...DEFAULT_RETRY, maxAttempts: 1 },
    timeouts: timeoutsOf(spec, items),
    ...(spec.mutex !== 'none' && {
      mutex: { key: KEYS[spec.mutex], across: spec.mutex === 'across' ? 'workflow' : 'run' } as const,
    }),
    ...(spec.compensate &&
      MAY_BE_UNDONE.has(spec.performer) && { compensate: spec.accept ? COMPENSATE : UNDO_BY_TEMPLATE }),
    // An item falls back to no task.
    ...(fallback && !(join === 'each' && fallback.kind === 'task') && { fallback }),
    priority: spec.priority,
    delivery: spec.once && isAgent(spec) ? 'at-most-once' : 'at-least-once',
    ...(spec.may !== 'nothing' && isAgent(spec) && { may: MAY[spec.may] }),
  };
}

const MAY = {
  spawn: ['spawn', 'addItems'],
  finish: ['spawn', 'finish'],
  handOff: ['spawn', 'handOff', 'cancel', 'link'],
  goto: ['spawn', 'goto'],
  send: ['send', 'sendAcross', 'spawn'],
} as const;

const standIn = (id: string): TaskDefinition => ({
  id,
  agent: 'other',
  after: [],
  retry: { maxAttempts: 2, initialDelayMs: 10, factor: 1, maxDelayMs: 10, jitter: 0, nonRetryable: [] },
  timeouts: { attemptMs: 5000 },
  priority: 0,
  delivery: 'at-least-once',
});

/** The loser is awaited, undone, and then cancelled. */
const RACE: readonly TaskDefinition[] = [
  { ...standIn('r0'), compensate: COMPENSATE },
  { ...standIn('r1'), compensate: COMPENSATE },
  { ...standIn('r2'), after: ['r0', 'r1'], join: 'any', rest: 'cancel' },
];

/** Tasks that do little but talk. */
export const TALKERS: readonly string[] = ['c0', 'c1', 'c2'];

const TALK = TALKERS.map((id): TaskDefinition => ({ ...standIn(id), may: ['send'], timeouts: { attemptMs: 20_000 } }));

function tasksOf(specs: readonly TaskSpec[], prefix: string): readonly TaskDefinition[] {
  const tasks = specs.map((spec, index) => taskOf(spec, index, { prefix, specs }));
  const standIns = tasks.flatMap(({ fallback }) => (fallback?.kind === 'task' ? [standIn(fallback.task)] : []));
  return [...tasks, ...standIns];
}

function catchesOf(kind: BlockSpec['catch'], handler: readonly TaskDefinition[]): readonly Catch[] | undefined {
  const made = handler.length === 0 ? {} : { handler };
  if (kind === 'none') return undefined;
  if (kind === 'throws') return [{ when: throws, then: 'continue' }];
  if (kind === 'retry') return [{ codes: ['BOOM', 'RAISED', 'REPRISE_TASK_TIMEOUT'], ...made, then: 'retry', max: 2 }];
  if (kind === 'fail') return [{ ...made, then: 'fail' }];
  return [{ when: fn('caught', ({ error }) => error !== undefined), ...made, then: 'continue' }];
}

function blockOf(
  { tasks, catch: kind, handler, loop, concurrency, budget, strategy }: BlockSpec,
  prefix: string,
): Block {
  // Of a team, failures are its strategy's.
  const clauses = catchesOf(
    strategy === 'team' ? 'none' : kind,
    handler === undefined ? [] : tasksOf([handler], `h-${prefix}`),
  );
  const more = fn('more', ({ round, output }) => round < 3 && !isOdd(output));
  const enough = fn('enough', ({ round, output }) => round >= 2 || isOdd(output));
  return {
    tasks: tasksOf(tasks, prefix),
    ...(clauses && { catch: clauses }),
    ...(loop === 'while' && { loop: { while: more, max: 2, onExhausted: 'accept' } }),
    ...(loop === 'until' && { loop: { until: enough, max: 3, onExhausted: 'fail' } }),
    ...(concurrency !== undefined && { concurrency }),
    ...(budget && { budget }),
    ...(strategy === 'sequential' && { strategy }),
    ...(strategy === 'team' && { strategy: 'random-team', team: { goal: prefix } }),
  };
}

const OUTPUTS: Readonly<Record<string, Expression>> = {
  mapped: fn('output', ({ outputs }) => outputs),
  null: fn('null', () => null),
  throws,
};

/** What is tried beside the rest, and left out where it would not be valid. */
function extrasOf(spec: TaskSpec, id: string, after: readonly string[]): readonly Partial<TaskDefinition>[] {
  const from = spec.repeat === 'self' ? id : (after[0] ?? id);
  const until = fn('until', ({ output, round }) => round >= spec.rounds || isOdd(output));
  const onExhausted = spec.accept ? 'accept' : 'fail';
  const repeat: Repeat = { from, until, max: spec.accept ? 2 : 3, onExhausted };
  const watched = `status["t${spec.watches}"] != 'completed'`;
  return [
    ...(spec.repeat === 'none' ? [] : [{ repeat }]),
    ...(spec.rest === 'let' ? [] : [{ rest: spec.rest }]),
    ...(spec.watches === undefined ? [] : [{ while: { kind: 'cel', source: watched } as const }]),
  ];
}

/** The workflow that a spec stands for. */
export function toWorkflow(spec: WorkflowSpec): Workflow<Json, Json> {
  const output = OUTPUTS[spec.output];
  const clauses = catchesOf(spec.team ? 'none' : spec.catch, []);
  let definition: WorkflowDefinition = {
    schemaVersion: 1,
    name: 'random',
    version: '1',
    tasks: [...tasksOf(spec.tasks, 't'), ...(spec.race ? RACE : []), ...(spec.talk ? TALK : [])],
    ...(output && { output }),
    ...(clauses && { catch: clauses }),
    ...(spec.timeoutMs !== undefined && { timeoutMs: spec.timeoutMs }),
    ...(spec.budget && { budget: spec.budget }),
    mailboxes: {
      desk: { retry: { ...RETRY, maxAttempts: 3, initialDelayMs: 5, nonRetryable: [] } },
      narrow: { limit: 2 },
    },
    topics: { news: { subscribers: ['#narrow', 't0'] }, free: {} },
    concurrency: spec.concurrency,
    strategy: spec.team ? 'random-team' : spec.inTurn ? 'sequential' : 'graph',
    ...(spec.team && { team: {} }),
  };
  for (const [index, task] of spec.tasks.entries()) {
    const id = `t${index}`;
    for (const extra of extrasOf(task, id, definition.tasks[index]?.after ?? [])) {
      const tasks = definition.tasks.map((other) => (other.id === id ? { ...other, ...extra } : other));
      const candidate = { ...definition, tasks };
      if (validateDefinition(candidate).length === 0) definition = candidate;
    }
  }
  const problems = validateDefinition(definition);
  if (problems.length > 0) throw new Error(`an invalid workflow was made: ${JSON.stringify(problems)}`);
  return { definition, hash: hashDefinition(definition), agents: [] };
}
