import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { findCycles } from '../../src/definition/graph.ts';
import {
  cel,
  createReprise,
  DEFAULT_RETRY,
  definitionWarnings,
  formatProblem,
  parseWorkflow,
  type Repeat,
  type TaskDefinition,
  validateDefinition,
  type WorkflowDefinition,
  workflow,
} from '../../src/index.ts';

type Draft = Partial<TaskDefinition> & { readonly id: string };

const task = (draft: Draft): TaskDefinition => ({
  ...(draft.agent === undefined && draft.capability === undefined && { agent: 'worker' }),
  after: [],
  retry: DEFAULT_RETRY,
  timeouts: {},
  priority: 0,
  delivery: 'at-least-once',
  ...draft,
});

const define = (...tasks: readonly Draft[]): WorkflowDefinition => ({
  schemaVersion: 1,
  name: 'test',
  version: '1',
  tasks: tasks.map(task),
  concurrency: 4,
  strategy: 'graph',
});

const problems = (definition: WorkflowDefinition): readonly string[] =>
  validateDefinition(definition).map(formatProblem);
const expectOnly = (definition: WorkflowDefinition, ...expected: readonly RegExp[]): void => {
  const found = problems(definition);
  expect(found, found.join('\n')).to.have.length(expected.length);
  for (const [index, pattern] of expected.entries()) expect(found[index]).to.match(pattern);
};

describe('validation: the graph', () => {
  it('an ordinary one has no problem', () => {
    expectOnly(
      define({ id: 'a' }, { id: 'b', after: ['a'] }, { id: 'c', after: ['a', 'b'], when: cel('outputs.a.ok') }),
    );
  });

  it('names unknown tasks, and the one that was meant', () => {
    expectOnly(
      define({ id: 'inventory' }, { id: 'b', after: ['inventroy'] }),
      /^tasks\.b\.after\[0\]: there is no task 'inventroy'; did you mean 'inventory'\?$/,
    );
  });

  it('names duplicates, of tasks and of edges', () => {
    expectOnly(define({ id: 'a' }, { id: 'a' }), /^tasks\.a: there is another task 'a'/);
    expectOnly(define({ id: 'a' }, { id: 'b', after: ['a', 'a'] }), /^tasks\.b\.after\[1\]: 'a' is named twice/);
  });

  it('shows a cycle as a path, and what can never run because of it', () => {
    expectOnly(
      define(
        { id: 'a', after: ['c'] },
        { id: 'b', after: ['a'] },
        { id: 'c', after: ['b'] },
        { id: 'd', after: ['c'] },
        { id: 'e', after: ['d'] },
      ),
      /there is a cycle: a -> b -> c -> a;/,
      /^tasks\.d: can never run: it comes after 'c', which is in a cycle$/,
      /^tasks\.e: can never run: it comes after 'd', which can never run either$/,
    );
    expectOnly(define({ id: 'a', after: ['a'] }), /cycle: a -> a;/);
  });

  it('wants at least one task', () => expectOnly(define(), /^tasks: a workflow needs at least one task/));
});

describe('validation: names and numbers', () => {
  it('names each with its place', () => {
    const bad: Draft = {
      id: 'a/b',
      agent: 'x y',
      capability: 'z',
      priority: Number.NaN,
      retry: { ...DEFAULT_RETRY, maxAttempts: 0, factor: 0.5, jitter: 2, maxDelayMs: -1 },
      timeouts: { attemptMs: 10, taskMs: 5, heartbeatMs: 20 },
      forEach: { items: cel('input'), concurrency: 0, onItemFailure: 'fail' },
    };
    expectOnly(
      { ...define(bad), name: '', concurrency: 1.5, timeoutMs: 0 },
      /^name: "" is not a workflow name/,
      /^concurrency: must be a whole number of 1 or more, not 1\.5/,
      /^timeout: must be a duration from 1ms/,
      /^tasks\.a\/b: 'a\/b' is not a task id/,
      /^tasks\.a\/b\.capability: stands beside an agent/,
      /^tasks\.a\/b\.agent: "x y" is not the name of an agent/,
      /priority: must be a finite number/,
      /forEach\.concurrency: must be a whole number/,
      /retry\.maxAttempts: must be/,
      /retry\.maxDelay: must be/,
      /retry\.factor: must be from 1 to 100/,
      /retry\.jitter: must be from 0 to 1/,
      /timeout\.attempt: is longer than the timeout of the whole task/,
      /timeout\.heartbeat: is longer/,
    );
  });

  it('knows the limit of a whole list, beside a forEach only', () => {
    const forEach = { items: cel('input'), concurrency: 2, onItemFailure: 'fail' } as const;
    expectOnly(define({ id: 'a', forEach, timeouts: { attemptMs: 5, taskMs: 10, allMs: 100 } }));
    expectOnly(
      define({ id: 'a', timeouts: { allMs: 100 } }),
      /^tasks\.a\.timeout\.all: is the limit of a whole forEach, and this task has none/,
    );
    expectOnly(
      define({ id: 'a', forEach, timeouts: { allMs: 0 } }),
      /^tasks\.a\.timeout\.all: must be a duration from 1ms/,
    );
  });

  it('wants an agent or a capability', () => {
    const { agent: _, ...bare } = task({ id: 'a' });
    expectOnly({ ...define(), tasks: [bare] }, /^tasks\.a\.agent: is missing/);
  });

  it('knows the agents, when it is told', () => {
    const definition = define(
      { id: 'a', agent: 'inspectr' },
      { id: 'b', capability: 'paint' },
      { id: 'c', fallback: { kind: 'agent', agent: 'nobody' } },
    );
    const agents = [{ name: 'inspector', capabilities: ['print'] }, { name: 'worker' }];
    const found = validateDefinition(definition, { agents }).map(formatProblem);
    expect(found[0]).to.match(/^tasks\.a\.agent: there is no agent 'inspectr'; did you mean 'inspector'\?/);
    expect(found[1]).to.match(/^tasks\.b\.capability: no agent has the capability 'paint'; did you mean 'print'\?/);
    expect(found[2]).to.match(/^tasks\.c\.fallback\.agent: there is no agent 'nobody'/);
    expect(found).to.have.length(3);
  });
});

describe('validation: names of workflows', () => {
  const text = 'name: reprise.mailbox\ntasks: { t: { agent: t } }';
  const refused =
    /^name: 'reprise\.mailbox' begins with reprise\., as the names of workflows that Reprise brings do .*; choose another name/;

  it('that begin with reprise. are not for users, however they write them', async () => {
    const { definition, ...others } = workflow('reprise.mailbox').task('t', 't').build();
    const problems = validateDefinition(definition, { isOfUser: true }).map(formatProblem);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(refused);
    expect(() => parseWorkflow(text)).to.throw(/'reprise\.mailbox' begins with reprise\./);
    const given = await createReprise({ workflows: [{ definition, ...others }] }).catch((error: unknown) => error);
    expect(given).to.include({ code: 'REPRISE_DEFINITION_INVALID' });
    expect(String(given)).to.match(/The workflow 'reprise\.mailbox' cannot run:\n.*begins with reprise\./);
    expect(() => parseWorkflow(text.replace('reprise.mailbox', 'reprise-mailbox'))).to.not.throw();
  });

  it('of runs that have begun with one are taken as they are', () => {
    const { definition } = workflow('reprise.other').task('t', 't').build();
    expect(validateDefinition(definition)).to.deep.equal([]);
  });
});

describe('warnings', () => {
  const warnings = (...tasks: readonly Draft[]): readonly string[] =>
    definitionWarnings(define(...tasks)).map(formatProblem);

  it('a retry beside at-most-once delivery, unless it is the default one that every definition holds', () => {
    const delivery = 'at-most-once';
    expect(warnings({ id: 'a', delivery }, { id: 'b', retry: { ...DEFAULT_RETRY, maxAttempts: 5 } })).to.deep.equal([]);
    const written: readonly Partial<typeof DEFAULT_RETRY>[] = [
      { maxAttempts: 5 },
      { jitter: 0 },
      { nonRetryable: ['A'] },
    ];
    for (const one of written) {
      expect(warnings({ id: 'a', delivery, retry: { ...DEFAULT_RETRY, ...one } })).to.deep.equal([
        'tasks.a.retry: has no effect: with at-most-once delivery there is no second attempt; leave it out',
      ]);
      expectOnly(define({ id: 'a', delivery, retry: { ...DEFAULT_RETRY, ...one } }));
    }
  });

  it('a case that no task has, where a task after the switch runs whatever is chosen', () => {
    const cases = [{ when: cel('input.high'), then: 'aproval' }];
    const route: Draft = { id: 'route', switch: { cases, otherwise: 'book' } };
    expect(warnings(route, { id: 'book', after: ['route'], cases: { route: 'book' } })).to.deep.equal([]);
    const typo = [
      route,
      { id: 'approval', after: ['route'] },
      { id: 'book', after: ['route'], cases: { route: 'book' } },
    ];
    expect(warnings(...typo)).to.deep.equal([
      "tasks.route.switch[0].then: 'aproval' is the case of no task after the switch, and 'approval' runs whatever is chosen: is that meant?",
    ]);
  });

  it('a limit of what takes no time', () => {
    const told = (task: string) =>
      definitionWarnings(parseWorkflow(`name: x\ntasks: { a: { agent: a }, b: ${task} }`).definition).map(
        formatProblem,
      );
    expect(told('{ sleep: 1s, timeout: 2s }')).to.deep.equal([]);
    expect(told('{ set: 1, forEach: input, timeout: { all: 2s } }')).to.deep.equal([]);
    for (const performer of [
      'set: 1',
      'switch: [{ when: input, then: c }]',
      'cancel: a',
      'end: {}',
      'raise: { code: C }',
    ])
      expect(told(`{ ${performer}, timeout: 2s }`)).to.deep.equal([
        `tasks.b.timeout: has no effect: a ${performer.split(':')[0]} takes no time, and what it waits for before does not count; leave it out`,
      ]);
  });

  it('a limit of an item beyond that of the whole list', () => {
    const forEach = { items: cel('input'), concurrency: 2, onItemFailure: 'fail' } as const;
    expect(warnings({ id: 'a', forEach, timeouts: { taskMs: 10, allMs: 10 } })).to.deep.equal([]);
    expect(warnings({ id: 'a', forEach, timeouts: { taskMs: 11, allMs: 10 } })).to.deep.equal([
      'tasks.a.timeout.task: is longer than the limit of the whole list (all), so it will never be reached',
    ]);
  });
});

describe('validation: fallbacks', () => {
  const standIn = (id: string, name: string): Draft => ({ id, fallback: { kind: 'task', task: name } });

  it('a fallback task without edges is fine', () => expectOnly(define(standIn('a', 'b'), { id: 'b' })));

  it('names every way to get one wrong', () => {
    expectOnly(define(standIn('a', 'manul'), { id: 'manual' }), /no task 'manul'; did you mean 'manual'/);
    expectOnly(
      define({ id: 'x' }, standIn('a', 'b'), { id: 'b', after: ['x'] }),
      /^tasks\.b\.after: 'b' is the fallback of 'a', so it may not come after/,
    );
    expectOnly(
      define(standIn('a', 'b'), { id: 'b' }, { id: 'c', after: ['b'] }),
      /^tasks\.c: can never run: it comes after 'b', which runs only as a fallback/,
    );
    expectOnly(define(standIn('a', 'c'), standIn('b', 'c'), { id: 'c' }), /^tasks\.c: is the fallback of 'a' and 'b'/);
    expectOnly(define(standIn('a', 'b'), standIn('b', 'a')), /the fallbacks form a cycle: a -> b -> a/);
    expectOnly(define(standIn('a', 'a')), /the fallbacks form a cycle: a -> a/);
    expectOnly(
      define(standIn('a', 'b'), { id: 'b', when: cel('true') }),
      /^tasks\.b\.when: 'b' is the fallback of 'a', so it may not have when/,
    );
    const items = { items: cel('input'), concurrency: 1, onItemFailure: 'fail' as const };
    expectOnly(
      define({ ...standIn('a', 'b'), forEach: items }, { id: 'b' }),
      /the items of a forEach may fall back to a value or an agent/,
    );
  });
});

describe('validation: repeats', () => {
  const repeat = (from: string, max = 3): Repeat => ({
    from,
    until: cel('output.ok'),
    max,
    onExhausted: 'fail',
  });

  it('from the task itself, or from one that it depends on', () => {
    expectOnly(define({ id: 'a', repeat: repeat('a') }));
    expectOnly(
      define(
        { id: 'a' },
        { id: 'b', after: ['a'] },
        { id: 'c', after: ['b'], repeat: repeat('a') },
        { id: 'd', after: ['c'] },
      ),
    );
  });

  it('names every way to get one wrong', () => {
    expectOnly(
      define({ id: 'a' }, { id: 'b', repeat: repeat('a') }),
      /^tasks\.b\.repeat\.from: 'b' does not depend on 'a'/,
    );
    expectOnly(define({ id: 'a', repeat: repeat('x') }), /there is no task 'x'/);
    expectOnly(define({ id: 'a', repeat: repeat('a', 0) }), /^tasks\.a\.repeat\.max/);
    expectOnly(
      define({ id: 'a' }, { id: 'b', after: ['a'], repeat: repeat('a') }, { id: 'c', after: ['a'] }),
      /'c' comes after 'a', which this repeat runs again; let it come after 'b'/,
    );
    expectOnly(
      define(
        { id: 'a' },
        { id: 'b', after: ['a'], repeat: repeat('a') },
        { id: 'c', after: ['b'], repeat: repeat('b') },
      ),
      /'b' is in the segment that 'b' repeats; segments may not overlap/,
    );
    const items = { items: cel('input'), concurrency: 1, onItemFailure: 'fail' as const };
    expectOnly(define({ id: 'a', forEach: items, repeat: repeat('a') }), /a forEach task may not repeat/);
  });
});

describe('validation: expressions', () => {
  it('CEL is parsed, and may read only what is there', () => {
    const expected: readonly [Draft, RegExp][] = [
      [{ id: 'b', when: cel('input.x >') }, /^tasks\.b\.when: CEL expression input\.x >: Unexpected token/],
      [{ id: 'b', when: cel('outputs.aa.ok') }, /outputs\.aa: there is no task 'aa'$/],
      [
        { id: 'b.c', when: cel('outputs.b.c') },
        /outputs\.b: there is no task 'b'; the output of 'b\.c' is outputs\["b\.c"\]$/,
      ],
      [
        { id: 'b', when: cel('outputs.a.ok') },
        /outputs\.a: 'b' does not come after 'a', so its output may not be there; add 'a' to after/,
      ],
      [{ id: 'b', when: cel('outputs["b"]') }, /the output of 'b' is not there before it has run/],
      [{ id: 'b', input: cel('item') }, /^tasks\.b\.input: 'item' is not available here/],
      [{ id: 'b', when: cel('output.ok') }, /'output' is not available here/],
      [{ id: 'b', input: cel('feedback') }, /'feedback' is not available here/],
      [
        { id: 'b', input: { kind: 'template', template: { x: [`\${ inptu }`] } } },
        /^tasks\.b\.input\.x\[0\]: .*did you mean 'input'/,
      ],
    ];
    for (const [draft, pattern] of expected) expectOnly(define({ id: 'a' }, draft), pattern);
  });

  it('the output of the workflow reads any task but a fallback', () => {
    const tasks = define({ id: 'a', fallback: { kind: 'task', task: 'b' } }, { id: 'b' });
    expectOnly({ ...tasks, output: cel('outputs.a') });
    expectOnly({ ...tasks, output: cel('outputs.b') }, /^output: outputs\.b: 'b' runs only as a fallback/);
  });
});

describe('validation: any graph', () => {
  /** Task n may come after any of the tasks before it. */
  const dag = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 }).map((rows) =>
    rows.map((picks, index) => ({
      id: `t${index}`,
      after: [...new Set(picks.map((pick) => `t${pick % (index || 1)}`))].slice(0, index),
    })),
  );

  it('one without cycles has no problem, in whatever order it is declared', () => {
    fc.assert(
      fc.property(
        dag.chain((drafts) => fc.shuffledSubarray(drafts, { minLength: drafts.length })),
        (drafts) => {
          expect(problems(define(...drafts))).to.deep.equal([]);
        },
      ),
    );
  });

  it('an edge back gives a cycle whose path is true', () => {
    fc.assert(
      fc.property(dag, fc.nat(), fc.nat(), (drafts, first, second) => {
        const tasks = drafts.map(task);
        const descendant = tasks[first % tasks.length];
        if (descendant === undefined) return;
        const ancestors = [descendant.id];
        for (const id of ancestors)
          for (const next of tasks.find((one) => one.id === id)?.after ?? [])
            if (!ancestors.includes(next)) ancestors.push(next);
        const ancestor = ancestors[second % ancestors.length];
        const closed = tasks.map((one) =>
          one.id === ancestor ? { ...one, after: [...one.after, descendant.id] } : one,
        );
        const cycles = problems({ ...define(), tasks: closed }).flatMap(
          (text) => /cycle: ([^;]+);/.exec(text)?.[1] ?? [],
        );
        expect(cycles).to.not.be.empty;
        for (const cycle of cycles) {
          const path = cycle.split(' -> ');
          expect(path[0]).to.equal(path.at(-1));
          for (const [index, id] of path.slice(1).entries())
            expect(closed.find((one) => one.id === id)?.after).to.include(path[index]);
        }
      }),
    );
  });

  it('a chain of 50,000 tasks needs no stack', () => {
    const next = (id: string): readonly string[] => [`${(Number(id) + 1) % 50_000}`];
    expect(findCycles(['0'], next)).to.have.length(1);
  });
});
