import fc from 'fast-check';
import {
  type Catch,
  type Compensate,
  cel,
  DEFAULT_RETRY,
  type Expression,
  type Json,
  type Loop,
  type Sleep,
  type TaskDefinition,
  template,
  type Wait,
  type WorkflowDefinition,
} from '../../../src/index.ts';
import { PERFORMATIVES } from '../../../src/shared/performatives.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        `\${ input.x }`,
        `$\${`,
        `\${`,
        '\n',
        '\r\n',
        ' ',
        '  ',
        '\t',
        ': ',
        '#',
        '- ',
        '[',
        '{',
        '"',
        "'",
        'word',
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
  fc.constantFrom(
    'null',
    '~',
    'true',
    'no',
    '1e3',
    '0x1f',
    '.inf',
    '<<',
    '---',
    '...',
    '\ud800',
    '\ufeff',
    '=',
    '*a',
    '&a',
    '!!x',
    '[['.repeat(300),
  ),
  fc.constantFrom('x'.repeat(5000), 'word '.repeat(500), '- '.repeat(400), `${'line\n'.repeat(50)}`),
);
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(1e20, 2 ** 53, -(2 ** 60), 1e300, 5e-324),
);
const key = fc
  .oneof(text, fc.constantFrom('20', '3', 'constructor', 'toString', '', 'a b'))
  .filter((one) => one !== '__proto__');
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value;

const source = fc.constantFrom(
  'input.x > 1',
  ' size(input.list) == 0 ',
  '"a: b" == input.x ||\n  true',
  'has(input.constructor)',
);
const computed: fc.Arbitrary<Expression> = source.map((one) => cel(one));
const mapped: fc.Arbitrary<Expression> = fc.oneof(
  computed,
  json.map((value) => template(value)),
);
const ms = fc.integer({ min: 1, max: 100_000_000 });
const name = fc.constantFrom('worker', '1', 'true', 'null', '1.10', '1e3', 'a_b-c.d');

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** A name or a sentence: what looks like a variable may be meant. */
const named: fc.Arbitrary<Expression> = fc.oneof(
  fc.constantFrom('new-card', 'feedback', '30s', `$\${x}`).map((one) => template(one)),
  computed,
);

const retry = fc
  .record({
    maxAttempts: fc.constantFrom(3, 1, 10),
    initialDelayMs: fc.constantFrom(1000, 0, 90_000),
    factor: fc.constantFrom(2, 1, 1.5),
    maxDelayMs: fc.constantFrom(90_000, 60_000, 3_600_001),
    jitter: fc.constantFrom(0.1, 0, 1e-7),
    nonRetryable: fc.constantFrom([], ['A'], ['1', 'null', ' ']),
  })
  .map((one) => ({ ...one, maxDelayMs: Math.max(one.maxDelayMs, one.initialDelayMs) }));
const mailboxRetry = retry.map((one) => ({ ...one, nonRetryable: [] }));
const policy = fc.oneof(fc.constant(DEFAULT_RETRY), fc.constant({ ...DEFAULT_RETRY, maxAttempts: 1 }), retry);

const limits = defined({
  attemptMs: fc.constantFrom(undefined, 100),
  taskMs: optional(fc.integer({ min: 100, max: 5000 })),
  heartbeatMs: fc.constantFrom(undefined, 7),
});

const message = defined({
  mailbox: fc.constantFrom(undefined, '#desk', '#dead-letters'),
  from: fc.constantFrom(undefined, 'somebody', '1'),
  performative: fc.constantFrom(undefined, ...PERFORMATIVES),
  type: fc.constantFrom(undefined, 'null', ' a: b'),
  conversation: optional(named),
  inReplyTo: optional(named),
  where: optional(fc.constantFrom('message.delivery > 1', ' message.data == input.x ').map((one) => cel(one))),
});
const wait: fc.Arbitrary<Wait> = fc.oneof(
  defined({ signal: named, default: optional(mapped) }),
  defined({ message, default: optional(mapped) }),
);
const sent = {
  data: mapped,
  performative: fc.constantFrom(undefined, ...PERFORMATIVES),
  type: fc.constantFrom(undefined, '1e3'),
  expiresMs: optional(ms),
};
const toOne = {
  ...sent,
  to: fc.constantFrom<Expression>(template('#desk'), cel('input.x')),
  conversation: optional(named),
  inReplyTo: optional(named),
};
const send = fc.oneof(
  defined({ ...toOne, until: fc.constantFrom(undefined, 'sent' as const, 'acknowledged' as const) }),
  defined({
    ...toOne,
    performative: fc.constantFrom(undefined, 'request' as const, 'query' as const),
    deadlineMs: optional(ms),
    until: fc.constant('replied' as const),
  }),
  defined({ ...sent, topic: fc.constantFrom<Expression>(template('#news'), cel('input.x')) }),
);
const sleep: fc.Arbitrary<Sleep> = fc.oneof(
  fc.record({ kind: fc.constant('for' as const), ms }),
  fc.record({ kind: fc.constant('for-computed' as const), duration: computed }),
  fc.record({
    kind: fc.constant('until' as const),
    moment: fc.oneof(computed, fc.constantFrom<Json>('2030-01-31T08:00:00Z', '2030-01-31', 0, 1e12).map(template)),
  }),
);
const choice = fc
  .record({
    cases: fc.array(fc.record({ when: computed, then: fc.constantFrom('b', '20', 'left') }), {
      minLength: 1,
      maxLength: 3,
    }),
    otherwise: fc.constantFrom(undefined, 'a', 'left'),
  })
  .map(withoutAbsent);
const raise = defined({
  code: fc.constantFrom('DECLINED', '1', 'null'),
  message: optional(named),
  status: fc.constantFrom(undefined, 402),
  details: optional(
    fc.oneof(
      computed,
      fc.dictionary(key, json, { maxKeys: 3 }).map((one) => template(one)),
    ),
  ),
});

const compensate: fc.Arbitrary<Compensate> = fc
  .record({ who: worker(), input: optional(mapped), retry: policy, timeouts: limits })
  .map(({ who, ...others }) => ({ ...who, ...withoutAbsent(others) }));

const loop: fc.Arbitrary<Loop> = defined({
  while: optional(computed),
  until: computed,
  max: fc.integer({ min: 1, max: 1000 }),
  onExhausted: fc.constantFrom('fail' as const, 'accept' as const),
  feedback: optional(mapped),
});

/** Ids that a plain object would put in another order, or YAML take for something else; others in each level of blocks. */
const ids = (level: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(
    level === 1
      ? fc.oneof(
          fc.nat({ max: 99 }).map(String),
          fc.constantFrom('b', 'a', '007', '1e3', 'true', 'null', 'constructor', '0x10'),
        )
      : fc.constantFrom(`${level}02`, `${level}01`, `b${level}`, `0x${level}`, `${level}e3`),
    { minLength: 1, maxLength: level === 1 ? 6 : 3 },
  );

interface Extras {
  readonly edges: readonly boolean[];
  readonly repeats: boolean;
  readonly join: 'all' | 'any' | 'some' | undefined;
  readonly rest: 'let' | 'cancel' | undefined;
  readonly case: 'b' | 'left' | undefined;
}

type Drawn = Omit<Partial<TaskDefinition>, 'join' | 'rest'> & Extras;

const drawn = (level: number): fc.Arbitrary<Drawn> =>
  fc
    .record({
      performer: performer(level),
      description: optional(text),
      when: optional(computed),
      input: optional(mapped),
      forEach: optional(
        fc.record({
          items: computed,
          concurrency: fc.integer({ min: 1, max: 2 ** 40 }),
          onItemFailure: fc.constantFrom('fail' as const, 'continue' as const),
        }),
      ),
      retry: policy,
      timeouts: limits,
      allMs: optional(ms),
      fallback: optional(
        fc.oneof(
          json.map((value) => ({ kind: 'value' as const, value })),
          fc.record({ kind: fc.constant('agent' as const), agent: name }),
        ),
      ),
      compensate: optional(compensate),
      mutex: optional(fc.record({ key: named, across: fc.constant('run' as const) })),
      priority: fc.oneof(fc.constant(0), number),
      delivery: fc.constantFrom('at-least-once' as const, 'at-most-once' as const),
      edges: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      repeats: fc.boolean(),
      join: fc.constantFrom(undefined, 'all' as const, 'any' as const, 'some' as const),
      rest: fc.constantFrom(undefined, undefined, 'let' as const, 'cancel' as const),
      case: fc.constantFrom(undefined, 'b' as const, 'left' as const),
    })
    .map(
      ({ performer, allMs, timeouts, forEach, ...others }) =>
        ({
          ...withoutAbsent(others),
          ...performer,
          ...(forEach && { forEach }),
          timeouts: { ...timeouts, ...(forEach && allMs !== undefined && { allMs }) },
        }) as Drawn,
    );

/** What the rules allow beside the performer that was drawn. */
function fitting(draw: Drawn): Drawn {
  const has = (...performers: readonly (keyof TaskDefinition)[]): boolean =>
    performers.some((one) => draw[one] !== undefined);
  const without = (...keys: readonly (keyof Drawn)[]): Partial<Drawn> =>
    Object.fromEntries(Object.entries(draw).filter(([key]) => !keys.includes(key as keyof Drawn)));
  if (has('agent', 'capability')) return draw;
  const { attemptMs: _, heartbeatMs: __, ...timeouts } = draw.timeouts ?? {};
  const { allMs: ___, ...single } = timeouts;
  const one = has('switch', 'end');
  return {
    ...without(
      'delivery',
      ...(has('set', 'send', 'wait', 'end', 'raise') ? (['input'] as const) : []),
      ...(one ? (['forEach'] as const) : []),
      ...(has('end') ? (['fallback'] as const) : []),
      ...(has('workflow', 'scope') ? [] : (['compensate'] as const)),
    ),
    repeats: draw.repeats && !has('switch', 'end', 'raise'),
    timeouts: one ? single : timeouts,
    ...(!has('workflow') && { retry: { ...DEFAULT_RETRY, maxAttempts: 1 } }),
    delivery: 'at-least-once',
  } as Drawn;
}

const tasks = (level: number): fc.Arbitrary<TaskDefinition[]> =>
  fc
    .record({ ids: ids(level), draws: fc.array(drawn(level), { minLength: 6, maxLength: 6 }) })
    .map(({ ids, draws }) => {
      const made: TaskDefinition[] = [];
      for (const [index, id] of ids.entries()) made.push(taskOf(id, fitting(draws[index] as Drawn), made));
      return made;
    });

function taskOf(
  id: string,
  { edges, repeats, join, rest, case: wanted, ...fields }: Drawn,
  made: readonly TaskDefinition[],
): TaskDefinition {
  const before = made.filter((_, index) => edges[index]);
  const cases = before.flatMap(({ id: other, switch: choice }) => {
    const names = choice === undefined ? [] : [...choice.cases.map(({ then }) => then), choice.otherwise];
    const chosen = [wanted, id].find((one) => one !== undefined && names.includes(one));
    return chosen === undefined ? [] : [[other, chosen] as const];
  });
  const joins = before.length > 0 && join !== undefined;
  return {
    id,
    ...fields,
    after: before.map((one) => one.id),
    ...(cases.length > 0 && { cases: Object.fromEntries(cases) }),
    ...(joins && { join: join === 'some' ? before.length : join }),
    ...(joins && join !== 'all' && rest && { rest: made.length > 1 ? 'let' : rest }),
    ...(repeats &&
      fields.forEach === undefined && {
        repeat: { from: id, until: cel('output.done'), max: 3, onExhausted: 'accept' as const },
      }),
  } as TaskDefinition;
}

function performer(level: number): fc.Arbitrary<Partial<TaskDefinition>> {
  return fc.oneof(
    { weight: 6, arbitrary: worker() },
    { weight: 1, arbitrary: fc.record({ workflow: defined({ name, version: optional(name) }) }) },
    { weight: 1, arbitrary: fc.record({ wait }) },
    { weight: 1, arbitrary: fc.record({ sleep }) },
    { weight: 1, arbitrary: fc.record({ set: mapped }) },
    { weight: 1, arbitrary: fc.record({ send }) },
    { weight: 3, arbitrary: fc.record({ switch: choice }) },
    { weight: 1, arbitrary: fc.record({ end: defined({ output: optional(mapped) }) }) },
    { weight: 1, arbitrary: fc.record({ raise }) },
    ...(level < 3 ? [{ weight: 2, arbitrary: fc.record({ scope: scope(level + 1) }) }] : []),
  );
}

const scope = (level: number): fc.Arbitrary<NonNullable<TaskDefinition['scope']>> =>
  fc
    .record({
      tasks: tasks(level),
      output: optional(mapped),
      concurrency: fc.constantFrom(undefined, 1, 64),
      catch: optional(clauses(level)),
      loop: optional(loop),
    })
    .map((one) => caught(withoutAbsent(one)));

const clauses = (level: number): fc.Arbitrary<Catch[]> =>
  fc.array(
    fc
      .record({
        codes: fc.constantFrom(undefined, ['DECLINED'], ['1', 'null']),
        causes: fc.constantFrom(undefined, ['LATE']),
        tasks: fc.boolean(),
        when: optional(computed),
        handler: level < 3 ? optional(tasks(level + 10)) : fc.constant(undefined),
        then: fc.constantFrom('retry' as const, 'continue' as const, 'fail' as const),
        max: fc.integer({ min: 1, max: 9 }),
        output: optional(mapped),
      })
      .map(({ tasks: some, max, output, ...others }) => ({
        ...withoutAbsent(others),
        ...(some && { tasks: [] }),
        ...(others.then === 'retry' && { max }),
        ...(others.then === 'continue' && output && { output }),
      })),
    { maxLength: 1 },
  );

/** Clauses that name tasks name those of the block. */
function caught<B extends { readonly tasks: readonly TaskDefinition[]; readonly catch?: readonly Catch[] }>(
  block: B,
): B {
  if (block.catch === undefined) return block;
  const named = block.tasks.slice(0, 2).map(({ id }) => id);
  return { ...block, catch: block.catch.map((clause) => (clause.tasks ? { ...clause, tasks: named } : clause)) };
}

function worker(): fc.Arbitrary<{ agent: string } | { capability: string }> {
  return fc.oneof(fc.record({ agent: name }), fc.record({ capability: name }));
}

type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function withoutAbsent<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
}

function defined<T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<Present<T>> {
  return fc.record(model).map((value) => withoutAbsent(value as T & object) as Present<T>);
}

/** Definitions without functions, with every word of the language; most of them valid. */
export const definitions: fc.Arbitrary<WorkflowDefinition> = fc
  .record({
    tasks: tasks(1),
    name,
    version: name,
    description: optional(text),
    timeoutMs: optional(ms),
    output: optional(mapped),
    catch: optional(clauses(1)),
    concurrency: fc.constantFrom(64, 1),
    strategy: fc.constantFrom('graph', 'other'),
    mailboxes: fc.record({
      desk: defined({ limit: fc.constantFrom(undefined, 1, 100_000), retry: optional(mailboxRetry) }),
    }),
    topics: fc.record({ news: defined({ subscribers: fc.constantFrom(undefined, ['#desk']) }) }),
  })
  .map((drawn) => caught({ schemaVersion: 1, ...withoutAbsent(drawn) }) as WorkflowDefinition);
