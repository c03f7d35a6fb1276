import { expect } from 'chai';
import { idempotencyKey } from '../../../../src/orchestration/workflow/attempt-key.ts';
import { problemsOf } from '../../../definition/support/refused.ts';
import type { PureRun } from '../../pure-run.ts';
import { run } from '../yaml-run.ts';
import { type Decision, FILES } from './decision.ts';

const keyOf = (r: PureRun, id: string): string => idempotencyKey(r.state, r.task(id));

/** Of ids and of what is seen from where. */
export const IDS: readonly Decision[] = [
  {
    says: 'An id is a path: segments joined by /, items in brackets, at most 16 levels and 1,024 characters',
    shown: {
      'given a block for each of a list, when it begins, then its tasks have the place of the item in their path':
        () => {
          const r = run(
            'quotes: { forEach: { items: input }, scope: { ask: { scope: { pay: { agent: a } } } } }',
            [1, 2],
          );
          expect(r.ready()).to.deep.equal(['quotes[0]/ask/pay', 'quotes[1]/ask/pay']);
        },
    },
    elsewhere: [
      [FILES.paths, 'has a form, and an end'],
      [FILES.refusedBlocks, 'more than 16 levels'],
      [FILES.refusedBlocks, 'paths of more than 1,024 characters'],
    ],
  },
  {
    says: 'A segment may have dots and 128 characters; with a dot it is read as outputs["a.b"] only, and the error says so',
    shown: {
      'given a task with a dot, when it is read in brackets, then its output is there': () => {
        const r = run(`a.b: { agent: a }\nc: { agent: a, after: a.b, input: '\${ outputs["a.b"] }' }`);
        r.run('a.b', 'x');
        expect(r.schedule('c')[0]).to.include({ input: 'x' });
      },
      'given the same, when it is read with a dot, then that is refused with how to write it': () => {
        const [problem] = problemsOf('a.b: { agent: a }\nc: { agent: a, after: a.b, when: outputs.a.b }');
        expect(problem).to.include('the output of \'a.b\' is outputs["a.b"]');
      },
      'given an id of 128 characters or of 129, when it is read, then the second is refused': () => {
        expect(problemsOf(`${'a'.repeat(128)}: { agent: a }`)).to.deep.equal([]);
        expect(problemsOf(`${'a'.repeat(129)}: { agent: a }`)[0]).to.include('use 1 to 128 letters');
      },
    },
  },
  {
    says: 'a.3 is an item in rules-1 runs only',
    shown: {
      'given a list and a task that is called as its item was, when both run, then neither is taken for the other':
        () => {
          const r = run('a: { agent: a, forEach: { items: input } }\na.0: { agent: a }', [1]);
          r.run('a.0', 'task');
          expect(r.status('a[0]')).to.equal('ready');
          r.run('a[0]', 'item');
          expect(r.state.output).to.deep.equal({ a: ['item'], 'a.0': 'task' });
        },
    },
    elsewhere: [[FILES.paths, 'is written with dots in histories of rules 1 and 2']],
  },
  {
    says: "Inside a scope: the run's input, the outputs of tasks before the scope, and its own tasks; shadowing is refused",
    shown: {
      'given blocks in blocks, when the innermost task is scheduled, then it reads all of these': () => {
        const r = run(
          `
before: { agent: a }
outer:
  after: before
  scope:
    first: { agent: a }
    inner:
      after: first
      scope: { t: { agent: a, input: ['\${ input.n }', '\${ outputs.before }', '\${ outputs.first }'] } }`,
          { n: 7 },
        );
        r.run('before', 'b');
        r.run('outer/first', 'f');
        expect(r.schedule('outer/inner/t')[0]).to.deep.include({ input: [7, 'b', 'f'] });
      },
    },
    elsewhere: [
      [FILES.refusedBlocks, 'an id of a block around'],
      [FILES.expressions, 'what does not come before the block'],
    ],
  },
  {
    says: "block.input is the scope's bound input and the default of its first tasks",
    shown: {
      'given a scope with an input, when it begins, then its first tasks have it, and all may read it': () => {
        const r = run(
          `s: { input: { x: '\${ input }' }, scope: { a: { agent: a }, b: { agent: a, after: a, input: '\${ block.input.x }' } } }`,
          3,
        );
        expect(r.schedule()[0]).to.deep.include({ input: { x: 3 } });
        r.complete('s/a');
        expect(r.schedule()[0]).to.include({ input: 3 });
      },
    },
    elsewhere: [[FILES.expressions, 'block outside a scope']],
  },
  {
    says: "From outside only the scope's output is seen: its template, else the leaves of its definition",
    shown: {
      'given a template, when the scope completes, then that is its output': () => {
        const r = run(`s: { scope: { a: { agent: a }, b: { agent: a } }, output: { all: '\${ outputs }' } }`);
        r.run('s/a', 1);
        r.run('s/b', 2);
        expect(r.task('s').output).to.deep.equal({ all: { a: 1, b: 2 } });
      },
      'given none, when the scope completes, then it is that of the only leaf, or those of all by id': () => {
        const one = run('s: { scope: { a: { agent: a }, b: { agent: a, after: a } } }');
        one.run('s/a', 1);
        one.run('s/b', 2);
        expect(one.task('s').output).to.equal(2);
        const two = run('s: { scope: { a: { agent: a }, b: { agent: a } } }');
        two.run('s/a', 1);
        two.run('s/b', 2);
        expect(two.task('s').output).to.deep.equal({ a: 1, b: 2 });
      },
    },
    elsewhere: [
      [FILES.expressions, 'what is inside another block'],
      [FILES.refusedBlocks, 'a task after one of another block'],
    ],
  },
  {
    says: 'Idempotency key: the origin run, the path, ~round on each looped segment',
    shown: {
      'given a loop, when its second round begins, then the block says so and not its tasks; attempts have the same key':
        () => {
          const r = run("l: { scope: { t: { agent: a } }, loop: { until: 'false', max: 2 } }");
          const first = keyOf(r, 'l/t');
          expect(first).to.equal('run-1/l/t');
          r.schedule();
          r.fail('l/t');
          r.retry('l/t');
          expect(keyOf(r, 'l/t')).to.equal(first);
          r.run('l/t');
          expect(keyOf(r, 'l/t')).to.equal('run-1/l~2/t');
        },
      'given a segment that repeats, when its second round begins, then each of its tasks says so': () => {
        const r = run(
          "before: { agent: a }\na: { agent: a, after: before }\nb: { agent: a, after: a, repeat: { from: a, until: 'false', max: 2 } }",
        );
        for (const id of ['before', 'a', 'b']) r.run(id);
        expect(['before', 'a', 'b'].map((id) => keyOf(r, id))).to.deep.equal([
          'run-1/before',
          'run-1/a~2',
          'run-1/b~2',
        ]);
      },
      'given a block that a catch retries, when its second round begins, then it says so': () => {
        const r = run('s: { scope: { t: { agent: a, retry: 1 } }, catch: [{ then: retry, max: 1 }] }');
        r.schedule();
        r.fail('s/t');
        expect(keyOf(r, 's/t')).to.equal('run-1/s~2/t');
      },
      'given a task that is called as a round was, when its block repeats, then no two keys are the same': () => {
        const r = run("b: { scope: { r2: { agent: a } }, repeat: { until: 'false', max: 2 } }");
        const first = keyOf(r, 'b/r2');
        r.run('b/r2');
        expect([first, keyOf(r, 'b'), keyOf(r, 'b/r2')]).to.deep.equal(['run-1/b/r2', 'run-1/b~2', 'run-1/b~2/r2']);
      },
    },
  },
  {
    says: 'Child run ids are uuidv5 of parent, path, rounds, attempt',
    shown: {
      'given the same run, when it is played again, then it has the same children; each attempt and round has another':
        () => {
          const children = (): readonly string[] => {
            const r = run("c: { workflow: other, retry: 2, repeat: { until: 'false', max: 2 } }");
            const ids: string[] = [];
            for (const outcome of [
              { status: 'failed', error: { code: 'A', message: 'a', retryable: true } },
              { status: 'completed', output: 1 },
              { status: 'completed', output: 2 },
            ] as const) {
              const { child = '', attempt } = r.task('c');
              ids.push(child);
              r.send({ type: 'EndChild', taskId: 'c', attempt, child, outcome });
              if (outcome.status === 'failed') r.retry('c');
            }
            return ids;
          };
          const ids = children();
          expect(new Set(ids).size).to.equal(3);
          for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
          expect(children()).to.deep.equal(ids);
        },
    },
  },
];
