import { expect } from 'chai';
import { describe, it } from 'mocha';
import { formatProblem, type Json, loadDefinition, validateDefinition } from '../../src/index.ts';
import { problemsOf, refused } from './support/refused.ts';

describe('refused: blocks', () => {
  const nested = (levels: number): Json =>
    ({ agent: 'q', ...(levels > 1 && { agent: undefined, scope: { [`l${levels}`]: nested(levels - 1) } }) }) as Json;

  refused([
    [
      'a task after one of another block',
      'a: { scope: { inner: { agent: q } } }\nb: { agent: q, after: inner }',
      "tasks.b.after[0]: 'inner' is a task of another block, and a block is seen from outside only through its output",
    ],
    [
      'a task in a block after one outside',
      'outer: { agent: q }\nb: { scope: { inner: { agent: q, after: outer } } }',
      "tasks.b.scope.inner.after[0]: 'outer' is a task of another block, and a block is seen from outside only through its output",
    ],
    [
      'an id of a block around',
      'a: { agent: q }\nb: { scope: { a: { agent: q }, c: { scope: { b: { agent: q } } } } }',
      "tasks.b.scope.a: there is a task 'a' in a block around this one, too; give it another id",
      "tasks.b.scope.c.scope.b: there is a task 'b' in a block around this one, too; give it another id",
    ],
    [
      'a fallback in another block',
      'a: { scope: { f: { agent: q } }, fallback: { task: f } }\nb: { scope: { c: { agent: q, fallback: { task: a } } } }',
      "tasks.a.fallback.task: there is no task 'f'",
      "tasks.b.scope.c.fallback.task: there is no task 'a' beside this one",
    ],
    [
      'mistakes inside, each with its place',
      'a: { scope: { b: { scope: { c: { agnet: q, agent: q, retry: 0 } } } } }',
      "tasks.a.scope.b.scope.c.agnet: is not known here; did you mean 'agent'?",
      'tasks.a.scope.b.scope.c.retry.maxAttempts: must be a whole number of 1 or more, not 0',
    ],
    [
      'a repeat that is cut, in a block',
      'a: { scope: { b: { agent: q }, c: { agent: q, after: b, repeat: { from: b, until: output, max: 2 } }, d: { agent: q, after: b } } }',
      "tasks.a.scope.c.repeat.from: 'd' comes after 'b', which this repeat runs again; let it come after 'c' instead",
    ],
    [
      'a cycle in a block',
      'a: { scope: { b: { agent: q, after: c }, c: { agent: q, after: b } } }',
      'tasks.a.scope.b.after: there is a cycle: b -> c -> b; remove one of its edges',
    ],
    [
      'concurrency of none',
      'a: { scope: { b: { agent: q } }, concurrency: 0 }',
      'tasks.a.concurrency: must be a whole number of 1 or more, not 0',
    ],
  ]);

  it('the same id in two blocks beside each other is fine', () => {
    expect(problemsOf('a: { scope: { x: { agent: q } } }\nb: { scope: { x: { agent: q } }, after: a }')).to.deep.equal(
      [],
    );
  });

  it('more than 16 levels', () => {
    expect(loadDefinition({ name: 'x', tasks: { a: nested(16) } }).definition.tasks).to.have.length(1);
    const deep = () => loadDefinition({ name: 'x', tasks: { a: nested(17) } });
    expect(deep).to.throw(
      /has a problem:\n {2}tasks\.a(\.scope\.l\d+)+\.scope: is nested deeper than 16 levels; make a workflow/,
    );
    expect(() => loadDefinition({ name: 'x', tasks: { a: nested(60) } })).to.throw(/deeper than 16 levels/);
    const { definition } = loadDefinition({ name: 'x', tasks: { a: nested(16) } });
    let tasks = definition.tasks;
    for (let level = 0; level < 20; level += 1)
      tasks = [{ ...tasks[0], id: `w${level}`, scope: { tasks } }] as typeof tasks;
    expect(
      validateDefinition({ ...definition, tasks })
        .map(formatProblem)
        .join(),
    ).to.match(/deeper than 16 levels/);
  });

  it('paths of more than 1,024 characters, the places of items included', () => {
    const of = (first: number, forEach: boolean): Json => {
      let form: Json = { agent: 'q' };
      for (let level = 8; level >= 1; level -= 1) {
        const id = `${level}`.padEnd(level === 1 ? first : 127, 'x');
        form = { scope: { [id]: form }, ...(forEach && { forEach: 'input.list' }) };
      }
      return { name: 'x', tasks: { a: form } };
    };
    expect(() => loadDefinition(of(126, false))).to.not.throw();
    expect(() => loadDefinition(of(127, false))).to.throw(
      /its path may have more than 1024 characters; use shorter ids/,
    );
    expect(() => loadDefinition(of(126, true))).to.throw(/its path may have more than 1024 characters/);
  });
});

describe('refused: catch and loop', () => {
  const scope = 'scope: { a: { agent: q }, b: { agent: q, after: a } }';
  const catching = (clause: string): string => `t: { ${scope}, catch: [${clause}] }`;
  refused([
    [
      'a catch that is no list',
      `t: { ${scope}, catch: { then: fail } }`,
      'tasks.t.catch: must be a list of clauses, { on, when, do, then }, not an object',
    ],
    [
      'a clause without an end',
      catching('{ on: { code: A } }'),
      'tasks.t.catch[0]: needs then: retry, continue or fail',
    ],
    [
      'a clause that ends in another way',
      catching('{ then: rtry }'),
      `tasks.t.catch[0].then: must be "retry" or "continue" or "fail", not "rtry"; did you mean 'retry'?`,
    ],
    [
      'a retry without an end',
      catching('{ then: retry }'),
      'tasks.t.catch[0]: needs max: how often the block is run again at most',
    ],
    [
      'what does not belong to its then',
      catching('{ then: fail, max: 2, output: 1 }'),
      'tasks.t.catch[0].max: belongs to then: retry',
      'tasks.t.catch[0].output: belongs to then: continue',
    ],
    [
      'a number of times that is none',
      catching('{ then: retry, max: 0 }'),
      'tasks.t.catch[0].max: must be a whole number of 1 or more, not 0',
    ],
    [
      'filters that fit nothing',
      catching('{ on: { code: [] }, then: fail }'),
      'tasks.t.catch[0].on.code: is empty, so that nothing would fit; leave it out',
    ],
    [
      'filters for other tasks',
      catching('{ on: { task: [a, aa] }, then: fail }'),
      "tasks.t.catch[0].on.task: there is no task 'aa' in this block",
    ],
    ['an empty handler', catching('{ do: {}, then: fail }'), 'tasks.t.catch[0].do: is empty; leave it out'],
    [
      'a handler that comes after the block, or the block after it',
      `t: { scope: { a: { agent: q }, b: { agent: q, after: card } }, catch: [{ do: { card: { agent: q }, c: { agent: q, after: a } }, then: fail }] }`,
      "tasks.t.scope.b.after[0]: 'card' runs only in a catch, as part of its handler",
      "tasks.t.catch[0].do.c.after[0]: 'a' is not of this handler, which begins when the tasks of its block have ended; " +
        'come after tasks of the handler only',
    ],
    [
      'a handler with an id of the block',
      catching('{ do: { a: { agent: q } }, then: fail }'),
      "tasks.t.catch[0].do.a: there is another task 'a'; ids must differ",
    ],
    [
      'a loop without a condition',
      `t: { ${scope}, loop: { max: 2 } }`,
      'tasks.t.loop: needs while (asked before each round) or until (asked after it)',
    ],
    ['a loop without an end', `t: { ${scope}, loop: { until: output } }`, 'tasks.t.loop: needs max'],
    [
      'a loop of no round',
      `t: { ${scope}, loop: { until: output, max: 0 } }`,
      'tasks.t.loop.max: must be a whole number of 1 or more, not 0',
    ],
  ]);

  it('of the workflow, too', () => {
    expect(problemsOf('a: { agent: q }', 'catch: [{ do: { a: { agent: q, after: b } }, then: retry }]')).to.deep.equal([
      "catch[0].do.a: there is another task 'a'; ids must differ",
      'catch[0]: needs max: how often the block is run again at most',
      "catch[0].do.a.after[0]: there is no task 'b'",
    ]);
  });
});
