import { expect } from 'chai';
import { describe, it } from 'mocha';
import { definitionWarnings, formatProblem, type Json, loadDefinition, validateDefinition } from '../../src/index.ts';
import { problemsOf, refused } from './support/refused.ts';

describe('what expressions may read', () => {
  const reads = (slot: string): string => `before: { agent: q }\nother: { agent: q }\nt: { after: before, ${slot} }`;
  const fine = (what: string, tasks: string, beside = ''): void => {
    it(what, () => expect(problemsOf(tasks, beside)).to.deep.equal([]));
  };

  fine(
    'block, and what comes before the block, inside it',
    reads(`scope: { a: { agent: q, input: { x: "\${ block.input }", y: "\${ outputs.before }" } } }`),
  );
  fine(
    'what comes before, through several blocks',
    reads(
      'scope: { a: { agent: q }, b: { after: a, scope: { c: { agent: q, when: outputs.a.x > outputs.before.x } } } }',
    ),
  );
  fine(
    'item and index in all of a block that is one of many',
    reads(
      `forEach: input.list, scope: { a: { scope: { b: { agent: q, when: item.x > index } } } }, output: "\${ item }"`,
    ),
  );
  fine(
    'feedback and output in a loop',
    reads(
      `scope: { a: { scope: { b: { agent: q, input: "\${ feedback }" } } } }, loop: { while: feedback == null, until: output.ok, feedback: "\${ outputs.a }", max: 2 }`,
    ),
  );
  fine(
    'error in a catch, and all of the block',
    reads(
      `scope: { a: { agent: q, input: "\${ feedback }" } }, catch: [{ when: error.code == outputs.a.x, do: { c: { agent: q, input: "\${ [error, outputs.a, outputs.before] }" } }, then: retry, max: 2 }]`,
    ),
  );
  fine(
    'what the handler gave, in the output of its clause',
    reads(
      `scope: { a: { agent: q } }, catch: [{ do: { c: { agent: q } }, then: continue, output: "\${ outputs.c }" }]`,
    ),
  );
  fine(
    'feedback everywhere in a workflow that retries itself',
    `a: { scope: { b: { agent: q, input: "\${ feedback }" } } }`,
    'catch: [{ then: retry, max: 2 }]',
  );
  fine(
    'item in what each item does',
    `t: { forEach: input.list, wait: { signal: "\${ item }" }, mutex: "\${ item }", timeout: 1h }`,
  );

  refused([
    [
      'block outside a scope',
      `t: { agent: q, input: "\${ block.input }" }`,
      "tasks.t.input: 'block' is not available here: it is what a scope was handed, in the tasks of the scope",
    ],
    [
      'error outside a catch',
      `t: { agent: q, input: "\${ error }" }`,
      "tasks.t.input: 'error' is not available here: it is what failed, in a catch and in what a fallback is handed",
    ],
    [
      'feedback where nothing runs again',
      `t: { scope: { a: { agent: q, input: "\${ feedback }" } }, catch: [{ then: fail }] }`,
      "tasks.t.scope.a.input: 'feedback' is not available here: it is what the round before handed on, in a loop, a segment that repeats, a block that a catch retries, or one whose tasks are gone back to",
    ],
    [
      'item where there are not many',
      't: { scope: { a: { agent: q, when: item } } }',
      "tasks.t.scope.a.when: 'item' is not available here: it is of a forEach, in the input of its task or inside its scope",
    ],
    [
      'what is inside another block',
      `a: { scope: { inner: { agent: q } } }\nb: { agent: q, after: a, input: "\${ outputs.inner }" }`,
      "tasks.b.input: outputs.inner: 'inner' is inside 'a', and a block is seen from outside only through its output",
    ],
    [
      'what does not come before the block',
      reads(`scope: { a: { agent: q, input: "\${ outputs.other }" } }`),
      "tasks.t.scope.a.input: outputs.other: 't' does not come after 'other', so its output may not be there; add 'other' to after",
    ],
    [
      'the block from inside it',
      `t: { scope: { a: { agent: q, input: "\${ outputs.t }" } } }`,
      "tasks.t.scope.a.input: outputs.t: 't' is the block around it, which has no output before it has ended",
    ],
    [
      'a handler from outside it',
      `t: { scope: { a: { agent: q } }, output: "\${ outputs.c }", catch: [{ do: { c: { agent: q } }, then: fail }, { when: outputs.c, then: fail }] }`,
      "tasks.t.output: outputs.c: 'c' runs only in a catch, as part of its handler",
      "tasks.t.catch[1].when: outputs.c: 'c' runs only in a catch, as part of its handler",
    ],
    [
      'a switch, a sleep, a raise, a signal of what is not there',
      [
        'a: { switch: [{ when: outputs.x, then: b }] }',
        `b: { sleep: { for: "\${ outputs.x }" } }`,
        `c: { raise: { code: A, message: "\${ outputs.x }" } }`,
        `d: { wait: { signal: "\${ outputs.x }", default: { y: ["\${ outputs.x }"] }, timeout: 1s } }`,
      ].join('\n'),
      ...['a.switch[0].when', 'b.sleep.for', 'c.raise.message', 'd.wait.signal', 'd.wait.default.y[0]'].map(
        (place) => `tasks.${place}: outputs.x: there is no task 'x'`,
      ),
    ],
  ]);
});

describe('what is registered elsewhere', () => {
  const { definition } = loadDefinition({
    name: 'x',
    tasks: {
      a: {
        scope: { pay: { agent: 'pya', compensate: 'refnd' } },
        catch: [{ do: { c: { capability: 'ask' } }, then: 'fail' }],
      },
      b: { workflow: 'chlid' },
      c1: { workflow: { name: 'child', version: '3' } },
      d: { workflow: 'many' },
      e: { workflow: 'x' },
    },
  });

  it('agents, in blocks, handlers and compensations', () => {
    const agents = [{ name: 'pay' }, { name: 'refund', capabilities: ['asks'] }];
    expect(validateDefinition(definition, { agents }).map(formatProblem)).to.deep.equal([
      "tasks.a.scope.pay.agent: there is no agent 'pya'; did you mean 'pay'? (registered: pay, refund)",
      "tasks.a.scope.pay.compensate.agent: there is no agent 'refnd'; did you mean 'refund'? (registered: pay, refund)",
      "tasks.a.catch[0].do.c.capability: no agent has the capability 'ask'; did you mean 'asks'? (registered: asks)",
    ]);
  });

  it('workflows, with their versions; any may be a child of itself', () => {
    const workflows = ['1', '2'].flatMap((version) => [
      { name: 'many', version },
      { name: 'child', version },
    ]);
    const problems = validateDefinition(definition, { workflows });
    expect(problems.map(formatProblem)).to.deep.equal([
      "tasks.b.workflow: there is no workflow 'chlid'; did you mean 'child'?",
      "tasks.c1.workflow: there is no version 3 of 'child' (registered: 1, 2)",
      "tasks.d.workflow: there are several versions of 'many' (1, 2); say which",
    ]);
    expect(problems.map(({ code }) => code)).to.deep.equal(Array(3).fill('REPRISE_WORKFLOW_UNKNOWN'));
  });
});

describe('warnings', () => {
  it('reach into blocks and handlers', () => {
    const once = { agent: 'q', delivery: 'at-most-once', retry: 2 };
    const { definition } = loadDefinition({
      name: 'x',
      tasks: {
        a: { scope: { b: once }, catch: [{ do: { c: once }, then: 'fail' }] },
        w: { wait: { signal: 's', default: 1 } },
      },
    });
    expect(definitionWarnings(definition).map(formatProblem)).to.deep.equal([
      'tasks.w.wait.default: has no effect without a timeout: it is the output when the time is up',
      'tasks.a.scope.b.retry: has no effect: with at-most-once delivery there is no second attempt; leave it out',
      'tasks.a.catch[0].do.c.retry: has no effect: with at-most-once delivery there is no second attempt; leave it out',
    ]);
  });
});

describe('the cost of validation', () => {
  it('grows with the number of tasks, in blocks as in chains', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => [
      `t${index}`,
      { agent: 'q', ...(index > 0 && { after: `t${index - 1}`, input: `\${ outputs.t${index - 1} }` }) },
    ]);
    const inner = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`i${index}`, { agent: 'q', input: `\${ outputs.first }` }]),
    );
    const blocks = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`b${index}`, { scope: { x: { agent: 'q' } }, after: 'first' }]),
    );
    expect(loadDefinition({ name: 'x', tasks: Object.fromEntries(chain) as Json }).definition.tasks).to.have.length(
      10_000,
    );
    const tasks = { first: { agent: 'q' }, all: { scope: inner, after: 'first' }, ...blocks } as Json;
    expect(loadDefinition({ name: 'x', tasks }).definition.tasks).to.have.length(5002);
  });
});
