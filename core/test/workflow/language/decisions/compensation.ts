import { expect } from 'chai';
import { type PureRun, START, types } from '../../pure-run.ts';
import { run } from '../yaml-run.ts';
import { type Decision, FILES } from './decision.ts';

const SAGA = 'hotel: { agent: a, compensate: undo }';

const undoOf = (r: PureRun): readonly string[] => r.of('CompensationBegan').map(({ taskId }) => taskId);

/** Schedules and completes whatever is ready, until nothing is. */
function finish(r: PureRun): void {
  for (let [id] = r.ready(); id !== undefined; [id] = r.ready()) r.run(id);
}

/** What is undone. */
export const COMPENSATION: readonly Decision[] = [
  {
    says: 'Compensation: a stack per scope in order of completion, all rounds and items kept',
    shown: {
      'given two rounds of a loop, when what comes after it fails, then both are undone, the last first': () => {
        const r = run(
          `l: { scope: { hotel: { agent: a, compensate: undo } }, loop: { until: round >= 2, max: 2 } }\npay: { agent: a, after: l, retry: 1 }`,
        );
        r.run('l/hotel');
        r.run('l/hotel');
        r.schedule();
        r.fail('pay');
        finish(r);
        expect(undoOf(r)).to.deep.equal(['l/hotel@2', 'l/hotel@1']);
      },
      'given a list, when what comes after it fails, then each item is undone, in the reverse order of their completion':
        () => {
          const r = run(
            `h: { agent: a, compensate: undo, forEach: { items: input } }\npay: { agent: a, after: h, retry: 1 }`,
            [1, 2, 3],
          );
          r.schedule();
          for (const k of [1, 2, 0]) r.complete(`h[${k}]`);
          r.schedule();
          r.fail('pay');
          finish(r);
          expect(undoOf(r)).to.deep.equal(['h[0]@1', 'h[2]@1', 'h[1]@1']);
        },
      'given a segment that repeats, when what comes after it fails, then all its rounds are undone': () => {
        const r = run(
          `h: { agent: a, compensate: undo, repeat: { until: round >= 2, max: 2 } }\npay: { agent: a, after: h, retry: 1 }`,
        );
        r.run('h');
        r.run('h');
        r.schedule();
        r.fail('pay');
        finish(r);
        expect(undoOf(r)).to.deep.equal(['h@2', 'h@1']);
      },
    },
    elsewhere: [[FILES.blocks, 'undoes what was done, last first, before the run fails']],
  },
  {
    says: 'A completed inner scope is one entry: its own compensate, else its stack reversed',
    shown: {
      'given a scope that completed between others, when what comes after it fails, then it is undone in its place':
        () => {
          const r = run(`
first: { agent: a, compensate: undo }
s: { after: first, scope: { one: { agent: a, compensate: undo }, two: { agent: a, after: one, compensate: undo } } }
last: { agent: a, after: s, compensate: undo }
pay: { agent: a, after: last, retry: 1 }`);
          for (const id of ['first', 's/one', 's/two', 'last']) r.run(id);
          r.schedule();
          r.fail('pay');
          finish(r);
          expect(undoOf(r)).to.deep.equal(['last@1', 's/two@1', 's/one@1', 'first@1']);
        },
    },
    elsewhere: [[FILES.blocks, 'of an inner block as a whole stands for all that is in it']],
  },
  {
    says: 'Unknown outcomes are compensated and told so',
    shown: {
      'given an attempt that a race gave up, when it is lost, then it is undone, and told that nobody knows': () => {
        const r = run(
          'a: { agent: a, compensate: undo }\nb: { agent: a }\nfirst: { agent: a, after: [a, b], join: any, rest: cancel, retry: 1 }',
        );
        r.schedule();
        r.complete('b');
        expect(r.task('a').closing?.why, 'it is waited for').to.equal('join');
        r.fail('a', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
        expect(r.schedule('a@1')[0]).to.deep.include({
          taskId: 'a@1',
          input: { input: null, output: null, outcome: 'unknown' },
        });
        r.complete('a@1');
        expect(r.status('a')).to.equal('cancelled');
      },
      'given one that was lost, and not made again before the race gave it up, then it is the same': () => {
        const r = run(
          'a: { agent: a, compensate: undo }\nb: { agent: a }\nfirst: { agent: a, after: [a, b], join: any, rest: cancel, retry: 1 }',
        );
        r.schedule();
        r.fail('a', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
        r.complete('b');
        r.schedule('first');
        r.fail('first');
        expect(undoOf(r)).to.deep.equal(['a@1']);
      },
    },
    elsewhere: [[FILES.blocks, 'is told of an outcome that nobody knows']],
  },
  {
    says: "A completed child is compensated by the parent task's compensate only",
    shown: {
      'given a child run that completed, when what comes after it fails, then the agent of its task undoes it': () => {
        const r = run('c: { workflow: other, compensate: undo }\npay: { agent: a, after: c, retry: 1 }', 'in');
        const { child = '', attempt } = r.task('c');
        r.send({ type: 'EndChild', taskId: 'c', attempt, child, outcome: { status: 'completed', output: 'out' } });
        r.schedule();
        r.fail('pay');
        expect(r.schedule()[0]).to.deep.include({
          taskId: 'c@1',
          input: { input: 'in', output: 'out', outcome: 'completed' },
        });
      },
      'given one without, when what comes after it fails, then nothing is undone': () => {
        const r = run('c: { workflow: other }\npay: { agent: a, after: c, retry: 1 }');
        const { child = '', attempt } = r.task('c');
        r.send({ type: 'EndChild', taskId: 'c', attempt, child, outcome: { status: 'completed', output: 'out' } });
        r.schedule();
        expect(types(r.fail('pay')).at(-1)).to.equal('RunFailed');
      },
    },
  },
  {
    says: 'A compensation is handed { input, output, outcome }',
    elsewhere: [[FILES.blocks, 'undoes what was done, last first, before the run fails']],
  },
  {
    says: 'Exhausted time limits never block a compensation; one that fails does not stop the rest, and is on record',
    shown: {
      'given a run whose time is up, when it has something to undo, then that is done, with its retries': () => {
        const r = run(
          `${SAGA.replace('undo', '{ agent: undo, retry: 2 }')}\nlast: { agent: a, after: hotel }`,
          null,
          'timeout: 1m',
        );
        r.run('hotel');
        r.schedule();
        r.now = START + 60_000;
        expect(types(r.fire({ kind: 'run' }, r.now))).to.deep.equal(['TaskClosing', 'CompensationBegan']);
        r.schedule('hotel@1');
        r.fail('hotel@1');
        r.retry('hotel@1');
        r.run('hotel@1');
        expect(r.state.status).to.equal('failed');
        expect(r.state.error?.code).to.equal('REPRISE_RUN_TIMEOUT');
      },
      'given a block whose time is up, when it has something to undo, then that is done before it ends': () => {
        const r = run(`s: { scope: { ${SAGA}, last: { agent: a, after: hotel } }, timeout: 1m }`);
        r.run('s/hotel');
        r.schedule();
        r.fire({ kind: 'task', taskId: 's', since: START });
        r.run('s/hotel@1');
        expect(r.task('s').error?.code).to.equal('REPRISE_TASK_TIMEOUT');
      },
    },
    elsewhere: [[FILES.blocks, 'is on record when it fails, and does not stop the rest']],
  },
  {
    says: 'catch … then: retry compensates first, is a new round, and needs a max',
    elsewhere: [
      [FILES.blocks, 'comes before another round; what was done in all rounds is undone in the end'],
      [FILES.refusedBlocks, 'a retry without an end'],
    ],
  },
];
