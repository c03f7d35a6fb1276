import { expect } from 'chai';
import { run } from '../yaml-run.ts';
import { type Decision, FILES } from './decision.ts';

/** What runs again. */
export const LOOPS: readonly Decision[] = [
  {
    says: 'loop (on a scope) and repeat (a segment) are both regions over one event, TasksReset',
    shown: {
      'given one of each, and a catch that retries, when another round begins, then it is the same event': () => {
        const r = run(`
l: { scope: { a: { agent: a } }, loop: { until: round >= 2, max: 2 } }
s: { agent: a, after: l, repeat: { until: round >= 2, max: 2 } }
c: { after: s, scope: { b: { agent: a, retry: 1 } }, catch: [{ then: retry, max: 1 }] }`);
        for (const id of ['l/a', 'l/a', 's', 's']) r.run(id, id);
        r.schedule();
        r.fail('c/b');
        r.run('c/b');
        expect(r.of('TasksReset').map(({ region, why, round }) => `${region} ${why} ${round}`)).to.deep.equal([
          'l loop 2',
          's repeat 2',
          'c catch 2',
        ]);
        expect(r.of('TaskRepeated'), 'of older rules').to.deep.equal([]);
        expect(r.state.status).to.equal('completed');
      },
    },
  },
  {
    says: 'feedback carries state from round to round (after a caught retry: { error, output })',
    shown: {
      'given a repeat, when its second round begins, then its tasks read the output of the first': () => {
        const r = run(
          `a: { agent: a, input: '\${ feedback }' }\nb: { agent: a, after: a, repeat: { from: a, until: 'false', max: 2 } }`,
        );
        expect(r.schedule()[0]).to.include({ input: null });
        r.complete('a');
        r.run('b', 'said');
        expect(r.schedule()[0]).to.include({ input: 'said' });
      },
    },
    elsewhere: [
      [FILES.blocks, 'asks after each round, and hands the feedback on'],
      [FILES.blocks, 'with the error and what the handler gave as feedback'],
      [FILES.repeat, 'tells the segment what the repeating task said, and in which round it is'],
    ],
  },
  {
    says: "end ends the innermost scope and is a loop's exit",
    shown: {
      'given a loop in a loop, when an end inside the inner one is reached, then the outer one goes on': () => {
        const r = run(`
outer:
  scope:
    inner:
      scope: { a: { agent: a }, out: { end: { output: left }, after: a } }
      loop: { until: 'false', max: 9 }
    b: { agent: a, after: inner }
  loop: { until: round >= 2, max: 2 }`);
        r.run('outer/inner/a');
        expect(r.task('outer/inner')).to.include({ status: 'completed', output: 'left' });
        r.run('outer/b');
        expect(r.task('outer/inner/a')).to.include({ status: 'ready', attempt: 1 });
      },
    },
    elsewhere: [
      [FILES.blocks, 'is left by an end, which gives the output of the block'],
      [FILES.starting, 'end completes the run with its output, whatever is under way'],
    ],
  },
];
