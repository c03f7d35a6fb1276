import { workflow } from '@reprise/core';
import { given, started } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PureRun, types } from './pure-run.ts';
import { chain, diamond, single } from './samples.ts';

const a1 = { taskId: 'a', attempt: 1 } as const;
const scheduled = { type: 'TaskScheduled', ...a1, agent: 'agent', input: null } as const;
const boom = { code: 'BOOM', message: 'boom', retryable: true } as const;

describe('ScheduleTasks', () => {
  const ask = (...ids: string[]) =>
    ({ type: 'ScheduleTasks', strategy: 'graph', assignments: ids.map((taskId) => ({ taskId, agent: 'x' })) }) as const;

  it('gives a ready task its input and its attempt', () => {
    given(started(chain(), { folder: '.' }))
      .when(ask('a'))
      .thenEvents({ type: 'TaskScheduled', ...a1, agent: 'x', input: { folder: '.' } });
  });

  it('passes over what is not ready, unknown, or named twice', () => {
    given(started(chain()))
      .when(ask('b', 'nobody', 'a', 'a'))
      .thenEvents({ type: 'TaskScheduled', taskId: 'a' });
  });

  it('goes no further than the concurrency of the run', () => {
    const wide = workflow('wide', { concurrency: 2 }).task('a', 'agent').task('b', 'agent').task('c', 'agent').build();
    const { events, state } = given(started(wide)).when(ask('a', 'b', 'c'));
    expect(events).to.have.length(2);
    expect(state.inFlight).to.equal(2);
  });

  it('hands the outputs of several dependencies over by id', () => {
    const run = new PureRun(diamond());
    run.run('start');
    run.run('left', 1);
    run.run('right', 2);
    expect(run.schedule('end')[0]).to.deep.include({ input: { left: 1, right: 2 } });
  });

  it('does not repeat the input of a second attempt in the history', () => {
    const run = new PureRun(single(), 'payload');
    run.schedule('a');
    run.fail('a');
    run.retry('a');
    expect(run.schedule('a')[0]).to.not.have.property('input');
    expect(run.task('a').input).to.equal('payload');
  });

  it('fails a task whose input cannot be computed, and so the run', () => {
    const broken = workflow<{ list: number[] }>('broken')
      .task('a', 'agent', {
        input: () => {
          throw new Error('no such thing');
        },
      })
      .build();
    const { events } = given(started(broken, {})).when(ask('a'));
    expect(types(events)).to.deep.equal(['TaskFailed', 'RunFailed']);
    expect(events[0]).to.have.nested.property('error.code', 'REPRISE_EXPRESSION_FAILED');
    expect(events[0])
      .to.have.nested.property('error.message')
      .that.contains("task 'a', input")
      .and.contains('no such thing');
  });

  it('fails a task whose input is too large', () => {
    const big = workflow('big')
      .task('a', 'agent', { input: () => 'x'.repeat(200) })
      .build();
    given(started(big))
      .when(ask('a'), { maxPayloadChars: 100 })
      .thenEvents({ type: 'TaskFailed' }, { type: 'RunFailed', taskId: 'a' });
  });

  it('takes the slots of tasks that failed at once for others', () => {
    const broken = workflow('slots', { concurrency: 1 })
      .task('a', 'agent', { input: () => 10n ** 30n })
      .task('b', 'agent')
      .build();
    const { events } = given(started(broken)).when(ask('a', 'b'));
    expect(types(events)).to.deep.equal(['TaskFailed', 'TaskScheduled', 'RunFailed']);
  });
});

describe('StartTask', () => {
  const start = { type: 'StartTask', ...a1, worker: 'w1' } as const;

  it('puts the worker on record', () => {
    given(started(chain()), scheduled)
      .when(start)
      .thenEvents({ type: 'TaskStarted', ...a1, worker: 'w1' });
  });

  it('is nothing twice, late, early or about nobody', () => {
    given(started(chain()), scheduled)
      .when([start, { ...start, worker: 'w2' }])
      .thenEvents({ type: 'TaskStarted', worker: 'w1' });
    given(started(chain())).when(start).thenEvents();
    given(started(chain()), scheduled)
      .when({ ...start, attempt: 2 })
      .thenEvents();
    given(started(chain()))
      .when({ ...start, taskId: 'nobody' })
      .thenEvents();
  });
});

describe('CompleteTask', () => {
  const done = { type: 'CompleteTask', ...a1, output: 1 } as const;

  it('completes a task that was started, or only scheduled', () => {
    given(started(chain()), scheduled)
      .when(done)
      .thenEvents({ type: 'TaskCompleted', ...a1, via: 'agent', output: 1 });
    given(started(chain()), scheduled, { type: 'TaskStarted', ...a1, worker: 'w' })
      .when(done)
      .thenEvents({ type: 'TaskCompleted', ...a1, output: 1 });
  });

  it('ends the run with the last task', () => {
    given(started(single()), scheduled)
      .when(done)
      .thenEvents({ type: 'TaskCompleted' }, { type: 'RunCompleted', output: undefined });
  });

  it('is applied once', () => {
    given(started(chain()), scheduled)
      .when([done, done, { ...done, output: 2 }])
      .thenEvents({ type: 'TaskCompleted', output: 1 });
  });

  it('of an older attempt is put on record once, and changes nothing', () => {
    const run = new PureRun(single());
    run.schedule('a');
    run.fail('a');
    run.retry('a');
    run.schedule('a');
    const late = { ...done, output: 'late' };
    expect(run.send(late)[0]).to.include({ type: 'TaskResultIgnored', attempt: 1, outcome: 'completed' });
    expect(run.send(late)).to.deep.equal([]);
    expect(run.task('a')).to.include({ status: 'scheduled', attempt: 2 });
  });

  it('after the same attempt failed is put on record, not applied', () => {
    const run = new PureRun(single());
    run.schedule('a');
    run.fail('a');
    expect(run.send(done)[0]).to.include({ type: 'TaskResultIgnored', outcome: 'completed' });
    expect(run.status('a')).to.equal('waiting');
  });

  it('of an attempt that was never made, or a task that is not there, is nothing', () => {
    given(started(chain()), scheduled)
      .when([
        { ...done, attempt: 7 },
        { ...done, taskId: 'nobody' },
      ])
      .thenEvents();
  });
});

describe('FailTask', () => {
  it('waits for the retry that the policy says', () => {
    const run = new PureRun(single({ retry: { maxAttempts: 3, initialDelay: 1000, factor: 3, jitter: 0 } }));
    run.schedule('a');
    expect(run.fail('a')[0]).to.include({ type: 'TaskAttemptFailed', attempt: 1, retryAt: run.now + 1000 });
    run.retry('a');
    run.schedule('a');
    expect(run.fail('a')[0]).to.include({ attempt: 2, retryAt: run.now + 3000 });
    run.retry('a');
    run.schedule('a');
    expect(types(run.fail('a'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'RunFailed']);
    expect(run.state.error).to.include({ code: 'REPRISE_TASK_FAILED' });
    expect(run.state.error?.message).to.contain("'a'").and.contain('BOOM!');
  });

  it('is final for an error that is not retryable, or whose code the policy names', () => {
    for (const error of [{ retryable: false }, { code: 'EPERM' }]) {
      const run = new PureRun(single({ retry: { maxAttempts: 3, nonRetryable: ['EPERM'] } }));
      run.schedule('a');
      expect(types(run.fail('a', error))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'RunFailed']);
    }
  });

  it('does not count against maxAttempts when the worker was lost', () => {
    const run = new PureRun(single({ retry: 1 }));
    for (let loss = 0; loss < 5; loss += 1) {
      run.schedule('a');
      expect(run.fail('a', { lost: true })[0]).to.include({ lost: true, retryAt: run.now });
      run.retry('a');
    }
    run.schedule('a');
    expect(run.task('a')).to.include({ attempt: 6, tries: 0, losses: 5 });
    expect(types(run.fail('a'))).to.include('RunFailed');
  });

  it('gives up on a task that kills every worker', () => {
    const run = new PureRun(single({ retry: 1 }));
    for (let loss = 0; loss < 99; loss += 1) {
      run.schedule('a');
      run.fail('a', { lost: true });
      run.retry('a');
    }
    run.schedule('a');
    expect(types(run.fail('a', { lost: true }))).to.include('RunFailed');
  });

  it('is nothing twice, and on record when it is late', () => {
    const run = new PureRun(chain());
    run.schedule('a');
    const fail = { type: 'FailTask', ...a1, error: boom } as const;
    run.send(fail);
    expect(run.send(fail)).to.deep.equal([]);
    run.retry('a');
    run.run('a');
    expect(run.send({ ...fail, attempt: 2 })[0]).to.include({
      type: 'TaskResultIgnored',
      attempt: 2,
      outcome: 'failed',
    });
    expect(run.status('a')).to.equal('completed');
  });
});

describe('at-most-once', () => {
  const once = () => new PureRun(single({ delivery: 'at-most-once', retry: 3 }));

  it('puts the start on record with the dispatch, before any agent can be called', () => {
    expect(types(once().schedule('a'))).to.deep.equal(['TaskScheduled', 'TaskStarted']);
  });

  it('makes no second attempt, whatever the policy says', () => {
    for (const error of [{}, { lost: true }]) {
      const run = once();
      run.schedule('a');
      expect(types(run.fail('a', error))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'RunFailed']);
    }
  });

  it('falls back like any other', () => {
    const run = new PureRun(single({ delivery: 'at-most-once', fallback: { value: 'instead' } }));
    run.schedule('a');
    expect(types(run.fail('a', { lost: true }))).to.deep.equal(['TaskAttemptFailed', 'TaskCompleted', 'RunCompleted']);
  });
});
