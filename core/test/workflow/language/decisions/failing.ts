import { expect } from 'chai';
import { effectsOf } from '../../../../src/orchestration/workflow/effects.ts';
import { type PureRun, START, types } from '../../pure-run.ts';
import { run } from '../yaml-run.ts';
import { type Decision, FILES } from './decision.ts';

/** Every way in which a task fails: the task `t`, what makes it fail, and with which code. */
const WAYS: Readonly<Record<string, readonly [task: string, code: string, act?: (r: PureRun, id: string) => void]>> = {
  'attempts are used up': [
    'agent: a, retry: 2',
    'BOOM',
    (r, id) => {
      r.schedule();
      r.fail(id);
      r.retry(id);
      r.schedule();
      r.fail(id);
    },
  ],
  'its time is up': [
    'agent: a, timeout: { task: 1m }',
    'REPRISE_TASK_TIMEOUT',
    (r, id) => {
      r.schedule();
      r.fire({ kind: 'task', taskId: id, since: START });
    },
  ],
  'its input throws': [`agent: a, input: '\${ input.no.such }'`, 'REPRISE_EXPRESSION_FAILED', (r) => r.schedule()],
  'its when throws': ['agent: a, when: input.no.such', 'REPRISE_EXPRESSION_FAILED'],
  'its until throws': [
    `agent: a, repeat: { until: "output == 'instead' || output.no", max: 2 }`,
    'REPRISE_EXPRESSION_FAILED',
    (r, id) => r.run(id),
  ],
  'its repeat is exhausted': [
    `agent: a, repeat: { until: "output == 'instead'", max: 1 }`,
    'REPRISE_REPEAT_EXHAUSTED',
    (r, id) => r.run(id),
  ],
  'its loop is exhausted': ["scope: { in: { set: 1 } }, loop: { until: 'false', max: 2 }", 'REPRISE_REPEAT_EXHAUSTED'],
  'something in it fails': ['scope: { in: { raise: { code: DEEP } } }', 'DEEP'],
  'no branch fits': ["switch: [{ when: 'false', then: x }]", 'REPRISE_SWITCH_UNMATCHED'],
  'it raises an error': ['raise: { code: OWN }', 'OWN'],
  'no signal comes': [
    'wait: { signal: s, timeout: 1m }',
    'REPRISE_TASK_TIMEOUT',
    (r, id) => r.fire({ kind: 'task', taskId: id, since: START }),
  ],
  'its child run fails': [
    'workflow: other',
    'REPRISE_CHILD_FAILED',
    (r, id) => {
      const { child = '', attempt } = r.task(id);
      const error = { code: 'DEEP', message: 'deep', retryable: false };
      r.send({ type: 'EndChild', taskId: id, attempt, child, outcome: { status: 'failed', error } });
    },
  ],
};

function onEachWay(
  check: (what: string, task: string, code: string, act: (r: PureRun, id: string) => void) => void,
): void {
  for (const [what, [task, code, act = () => undefined]] of Object.entries(WAYS)) check(what, task, code, act);
}

const undoOf = (r: PureRun): readonly string[] => r.of('CompensationBegan').map(({ taskId }) => taskId);

/** What becomes of failures. */
export const FAILING: readonly Decision[] = [
  {
    says: "One path: retries, fallback (value, agent, task), the scope's catch, failure of the scope, and so outwards; limits, what throws, exhausted loops, a missing branch too",
    shown: {
      'given a fallback to a value, when the task fails in any way, then the value is its output': () =>
        onEachWay((what, task, _code, act) => {
          const r = run(`t: { ${task}, fallback: { value: instead } }`, {});
          act(r, 't');
          expect(r.state, what).to.include({ status: 'completed', output: 'instead' });
        }),
      'given a fallback to an agent, when the task fails in any way, then the agent stands in': () =>
        onEachWay((what, task, _code, act) => {
          const r = run(`t: { ${task}, fallback: { agent: other } }`, {});
          act(r, 't');
          // It throws for the other agent, too.
          if (what === 'its input throws') {
            r.schedule();
            return void expect(r.state.status, what).to.equal('failed');
          }
          r.run('t', 'instead');
          expect(r.state, what).to.include({ status: 'completed', output: 'instead' });
        }),
      'given a fallback to a task, when the task fails in any way, then that one runs, and is told why': () =>
        onEachWay((what, task, code, act) => {
          const r = run(`t: { ${task}, fallback: { task: f } }\nf: { agent: other }`, {});
          act(r, 't');
          expect(r.schedule('f')[0], what).to.have.nested.property('input.error.code', code);
        }),
      'given a catch around it, when the task fails in any way, then the block goes on': () =>
        onEachWay((what, task, code, act) => {
          const r = run(
            `s: { scope: { t: { ${task} } }, catch: [{ then: continue, output: '\${ error.code }' }] }`,
            {},
          );
          act(r, 's/t');
          expect(r.state, what).to.include({ status: 'completed', output: code });
        }),
      'given nothing that catches it, when the task fails in any way, then its block fails with it, and what is around':
        () =>
          onEachWay((what, task, code, act) => {
            const r = run(`o: { scope: { s: { scope: { t: { ${task} } } } } }`, {});
            act(r, 'o/s/t');
            expect([r.task('o/s').error?.code, r.task('o').error?.code], what).to.deep.equal([code, code]);
            expect(r.state.error?.cause?.code, what).to.equal(code);
          }),
    },
    elsewhere: [
      [FILES.blocks, 'goes outwards: what nothing inside catches, a block around may'],
      [FILES.starting, 'fails with REPRISE_JOIN_UNMET'],
    ],
  },
  {
    says: "Who is to blame: a command that cannot be decided is isolated. From a person: rejected. A worker's result: its attempt fails. If that throws, or a timer or settle does: RunParked",
    elsewhere: [[FILES.containment, 'ends, refuses or parks its run, which is said']],
  },
  {
    says: 'A strategy that throws: the run is held, not parked',
    elsewhere: [[FILES.plugins, 'with a strategy that throws hold up the run, not its cancellation, and say so']],
  },
  {
    says: 'A scope that ends otherwise than completed closes first: what is pending is given up, attempts aborted, children cancelled and awaited; attempts with compensate are awaited, their completions applied; then compensations; then one end',
    shown: {
      'given one of each in a block, when it fails, then that is the order, and there is one end': () => {
        const r = run(`
s:
  scope:
    done: { agent: a, compensate: undo }
    fails: { agent: a, after: done, retry: 1 }
    plain: { agent: a, after: done }
    paid: { agent: a, after: done, compensate: undo }
    child: { workflow: other, after: done }
    waits: { agent: a, after: plain }
  fallback: { value: none }`);
        r.run('s/done');
        r.schedule();
        const closing = r.fail('s/fails');
        expect(types(closing)).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'TaskClosing']);
        expect(['plain', 'waits', 'paid', 'child'].map((id) => r.status(`s/${id}`))).to.deep.equal([
          'cancelled',
          'cancelled',
          'scheduled',
          'running',
        ]);
        const effects = closing.flatMap((event) => effectsOf(r.state, event));
        expect(effects).to.deep.include({ kind: 'close-attempt', taskId: 's/plain', attempt: 1, reason: 'cancelled' });
        expect(effects.filter(({ kind }) => kind === 'cancel-child')).to.have.length(1);
        expect(r.complete('s/paid').at(-1)?.type, 'the child is awaited').to.equal('TaskCompleted');
        const { child = '', attempt } = r.task('s/child');
        r.send({ type: 'EndChild', taskId: 's/child', attempt, child, outcome: { status: 'cancelled' } });
        expect(undoOf(r)).to.deep.equal(['s/paid@1']);
        r.run('s/paid@1');
        expect(types(r.run('s/done@1')).slice(-2)).to.deep.equal(['TaskCompleted', 'RunCompleted']);
        expect(r.of('TaskClosing')).to.have.length(1);
        expect(r.task('s')).to.include({ status: 'completed', output: 'none' });
      },
      'given an attempt that is awaited, when its own time is up, then it is not awaited any more': () => {
        const r = run('hotel: { agent: a, compensate: undo, timeout: 1m }\nfails: { agent: a, retry: 1 }');
        r.schedule();
        r.begin('hotel');
        r.fail('fails');
        r.fire({ kind: 'attempt', taskId: 'hotel', attempt: 1 });
        expect(undoOf(r)).to.deep.equal(['hotel@1']);
      },
    },
    elsewhere: [
      [FILES.blocks, 'waits for an attempt that would have to be undone, and takes its completion'],
      [FILES.limitsOfClosing, 'is that of an attempt which is waited for'],
      [FILES.blocksInt, 'awaits an attempt that would have to be undone, and undoes it when it completes after all'],
      [FILES.children, 'is told to end with its parent, which awaits it, all the way down'],
    ],
  },
  {
    says: '--force skips the waiting',
    elsewhere: [
      [FILES.blocks, 'belongs to a cancellation, too, also of a run that is paused; force leaves it out'],
      [FILES.blocksInt, 'undoes nothing when the run is cancelled by force'],
    ],
  },
  {
    says: 'At-most-once: one start per round, no second try, after invalid outputs neither',
    shown: {
      'given a block that loops, when its second round begins, then it is started again': () => {
        const r = run(
          "l: { scope: { t: { agent: a, delivery: at-most-once } }, loop: { until: 'false', max: 2, onExhausted: accept } }",
        );
        r.run('l/t');
        r.run('l/t');
        expect(r.of('TaskStarted').map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
        expect(r.state.status).to.equal('completed');
      },
      'given any failure, when it is retryable, then there is no second try': () => {
        for (const code of ['BOOM', 'REPRISE_OUTPUT_INVALID', 'REPRISE_OUTCOME_UNKNOWN']) {
          const r = run('t: { agent: a, delivery: at-most-once, retry: 5 }');
          r.schedule();
          r.fail('t', { code, retryable: true });
          expect(r.task('t').error?.code, code).to.equal(code);
          expect(r.of('TaskScheduled'), code).to.have.length(1);
        }
      },
    },
    elsewhere: [
      [FILES.attempts, 'makes no second attempt, whatever the policy says'],
      [FILES.attempts, 'puts the start on record with the dispatch, before any agent can be called'],
    ],
  },
  {
    says: 'An unknown outcome goes to catch or fails, never to a fallback agent or task',
    shown: {
      'given each fallback, when the outcome is unknown, then a value only stands in': () => {
        const lost = (fallback: string): PureRun => {
          const r = run(
            `t: { agent: a, delivery: at-most-once, fallback: ${fallback} }\n${fallback.includes('task') ? 'f: { agent: a }' : ''}`,
          );
          r.schedule('t');
          r.fail('t', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
          return r;
        };
        expect(lost('{ value: 1 }').state).to.include({ status: 'completed', output: 1 });
        for (const fallback of ['{ agent: other }', '{ task: f }'])
          expect(lost(fallback).state.status, fallback).to.equal('failed');
      },
      'given a catch, when the outcome is unknown, then it is asked': () => {
        const r = run(
          's: { scope: { t: { agent: a, delivery: at-most-once } }, catch: [{ on: { code: REPRISE_OUTCOME_UNKNOWN }, then: continue, output: asked }] }',
        );
        r.schedule();
        r.fail('s/t', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
        expect(r.state.output).to.equal('asked');
      },
    },
    elsewhere: [
      [FILES.timeouts, 'lets nobody do again what an at-most-once attempt may have done'],
      [FILES.leases, 'that runs out leaves an at-most-once attempt unknown, not made again'],
    ],
  },
  {
    says: 'Recorded definitions always hold a retry policy: there it has no effect; one that is written is a warning',
    elsewhere: [[FILES.expressions, 'reach into blocks and handlers']],
  },
];
