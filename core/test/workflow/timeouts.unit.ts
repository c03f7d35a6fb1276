import { type Json, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PureRun, START, types } from './pure-run.ts';
import { single } from './samples.ts';

describe('the timeout of an attempt', () => {
  const timer = { kind: 'attempt', taskId: 'a', attempt: 1 } as const;

  it('fails the attempt, which may be made again', () => {
    const run = new PureRun(single({ timeout: '1m', retry: 2 }));
    run.schedule('a');
    run.begin('a');
    const [failed] = run.fire(timer);
    expect(failed).to.include({ type: 'TaskAttemptFailed' }).and.have.property('retryAt');
    expect(run.task('a').error).to.include({ code: 'REPRISE_ATTEMPT_TIMEOUT', retryable: true });
  });

  it('is nothing before the start, after the end, for another attempt, or for nobody', () => {
    const run = new PureRun(single({ timeout: '1m', retry: 2 }));
    run.schedule('a');
    expect(run.fire(timer), 'not started').to.deep.equal([]);
    run.begin('a');
    run.fail('a');
    expect(run.fire(timer), 'failed already').to.deep.equal([]);
    run.retry('a');
    run.schedule('a');
    run.begin('a');
    expect(run.fire(timer), 'another attempt').to.deep.equal([]);
    expect(run.fire({ ...timer, taskId: 'nobody' })).to.deep.equal([]);
  });

  it('can be named as not to be retried', () => {
    const run = new PureRun(
      single({ timeout: '1m', retry: { maxAttempts: 3, nonRetryable: ['REPRISE_ATTEMPT_TIMEOUT'] } }),
    );
    run.schedule('a');
    run.begin('a');
    expect(types(run.fire(timer))).to.include('RunFailed');
  });
});

describe('the timeout of a task', () => {
  const timer = { kind: 'task', taskId: 'a', since: START } as const;
  const timed = (more = {}) => new PureRun(single({ timeout: { task: '1m' }, retry: 5, ...more }));

  it('fails the task, retries or not', () => {
    const run = timed();
    run.schedule('a');
    expect(types(run.fire(timer))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'RunFailed']);
    expect(run.task('a').error?.code).to.equal('REPRISE_TASK_TIMEOUT');
  });

  it('fails a task that waits for a retry, or is ready for one', () => {
    for (const retried of [false, true]) {
      const run = timed();
      run.schedule('a');
      run.fail('a');
      if (retried) run.retry('a');
      expect(types(run.fire(timer))).to.deep.equal(['TaskFailed', 'RunFailed']);
    }
  });

  it('lets a value, another agent or another task stand in, whose time it is not', () => {
    const value = timed({ fallback: { value: 'instead' } });
    value.schedule('a');
    expect(types(value.fire(timer))).to.deep.equal(['TaskAttemptFailed', 'TaskCompleted', 'RunCompleted']);
    const agent = timed({ fallback: { agent: 'other' } });
    agent.schedule('a');
    expect(types(agent.fire(timer))).to.deep.equal(['TaskAttemptFailed', 'TaskFellBack']);
    agent.schedule('a');
    expect(agent.fire(timer)).to.deep.equal([]);
    agent.complete('a', 'by hand');
    expect(agent.state).to.include({ status: 'completed', output: 'by hand' });
  });

  it('lets nobody do again what an at-most-once attempt may have done', () => {
    for (const [fallback, status] of [
      [{ agent: 'other' }, 'failed'],
      [{ value: 'instead' }, 'completed'],
    ] as const) {
      const run = timed({ fallback, delivery: 'at-most-once' });
      run.schedule('a');
      run.fire(timer);
      expect(run.state.status).to.equal(status);
    }
  });

  it('carries the last real error, in its words, too', () => {
    const run = timed();
    run.schedule('a');
    run.fail('a', { code: 'QUOTA', message: 'no tokens left', retryable: true });
    run.fire(timer);
    expect(run.task('a').error).to.deep.include({
      code: 'REPRISE_TASK_TIMEOUT',
      cause: { code: 'QUOTA', message: 'no tokens left', retryable: true },
    });
    expect(run.state.error?.message).to.include('no tokens left');
  });

  it('is not waited for by a retry that would come after it', () => {
    const run = timed({ retry: { maxAttempts: 5, initialDelay: '2m', maxDelay: '2m', jitter: 0 } });
    run.schedule('a');
    expect(types(run.fail('a', { code: 'QUOTA', message: 'none left', retryable: true }))).to.deep.equal([
      'TaskAttemptFailed',
      'TaskFailed',
      'RunFailed',
    ]);
    expect(run.task('a').error).to.have.nested.property('cause.code', 'QUOTA');
  });

  it('is nothing after the end', () => {
    const run = timed();
    run.run('a');
    expect(run.fire(timer)).to.deep.equal([]);
  });

  const each = (more: object) =>
    workflow<Json[]>('each')
      .task('a', 'agent', { forEach: ({ input }: { input: Json[] }) => input, ...more } as object)
      .task('b', 'agent', { after: 'a' })
      .build();

  it('is that of each item of a forEach, and a value stands in for that item', () => {
    const run = new PureRun(each({ timeout: { task: '1m' }, fallback: { value: 'late' } }), [1, 2, 3]);
    run.run('a[0]', 'in time');
    run.schedule('a[1]');
    run.schedule('a[2]');
    expect(run.fire(timer), 'the list has no such limit').to.deep.equal([]);
    expect(types(run.fire({ ...timer, taskId: 'a[1]' }))).to.deep.equal(['TaskAttemptFailed', 'TaskCompleted']);
    run.complete('a[2]', 'in time, too');
    expect(run.task('a').output).to.deep.equal(['in time', 'late', 'in time, too']);
  });
});

describe('the limit of a whole list', () => {
  const list = (more: object) =>
    new PureRun(
      workflow<Json[]>('list')
        .task('a', 'agent', {
          forEach: ({ input }: { input: Json[] }) => input,
          concurrency: 2,
          timeout: { all: '1m' },
          ...more,
        } as object)
        .task('b', 'agent', { after: 'a' })
        .build(),
      [1, 2, 3, 4],
    );
  const timer = { kind: 'all', taskId: 'a', since: START } as const;

  it('lets a value stand in for each item that has not ended, those that never began included', () => {
    const run = list({ fallback: { value: 'late' } });
    run.run('a[0]', 'in time');
    run.schedule('a[1]');
    expect(types(run.fire(timer))[0]).to.equal('TaskExpired');
    expect(run.task('a').output).to.deep.equal(['in time', 'late', 'late', 'late']);
    expect(run.state.inFlight).to.equal(0);
    expect(run.ready()).to.deep.equal(['b']);
  });

  it('fails the task without one, or leaves null for items that may fail', () => {
    const strict = list({});
    strict.schedule('a[0]');
    strict.fire(timer);
    expect(strict.state.status).to.equal('failed');
    expect(strict.task('a').error?.code).to.equal('REPRISE_TASK_TIMEOUT');
    const tolerant = list({ onItemFailure: 'continue' });
    tolerant.run('a[0]', 1);
    tolerant.fire(timer);
    expect(tolerant.task('a').output).to.deep.equal([1, null, null, null]);
    expect(tolerant.ready()).to.deep.equal(['b']);
  });

  it('hands each item to the other agent, as many at once as the list allows', () => {
    const run = list({ fallback: { agent: 'other' } });
    run.schedule('a[0]');
    run.fire(timer);
    expect(run.ready()).to.deep.equal(['a[0]', 'a[1]']);
    for (const id of ['a[0]', 'a[1]', 'a[2]', 'a[3]']) run.run(id, id);
    expect(run.of('TaskFellBack').map(({ taskId }) => taskId)).to.deep.equal(['a[0]', 'a[1]', 'a[2]', 'a[3]']);
    expect(run.task('a').output).to.deep.equal(['a[0]', 'a[1]', 'a[2]', 'a[3]']);
    expect(run.fire(timer)).to.deep.equal([]);
  });
});

describe('a list whose time is up while settling has yet to come to its items', () => {
  const expired = () => {
    const run = new PureRun(
      workflow<number[]>('list')
        .task('a', 'agent', {
          forEach: ({ input }) => input,
          timeout: { all: '1m' },
          fallback: { value: 'late' },
          retry: 5,
        })
        .build(),
      [0, 1],
    );
    run.schedule();
    return run;
  };
  const error = { code: 'TIME', message: 'up', retryable: false };

  it('makes no further attempt of one that fails meanwhile', () => {
    const run = expired();
    run.fold({ type: 'TaskExpired', at: run.now, taskId: 'a', error });
    expect(types(run.fail('a[0]', { lost: true, code: 'REPRISE_WORKER_LOST' })).slice(0, 2)).to.deep.equal([
      'TaskAttemptFailed',
      'TaskCompleted',
    ]);
    expect(run.task('a[0]').output).to.equal('late');
  });

  it('makes no further attempt of one whose retry comes due meanwhile', () => {
    const run = expired();
    run.fail('a[0]');
    run.fold({ type: 'TaskExpired', at: run.now, taskId: 'a', error });
    expect(types(run.retry('a[0]'))).not.to.include('TaskReady');
    expect(run.task('a[0]').output).to.equal('late');
  });
});

describe('the time for a very long list', () => {
  it('runs out for all of its items', () => {
    const items = Array.from({ length: 150_000 }, (_, index) => index);
    const run = new PureRun(
      workflow<number[]>('long')
        .task('a', 'agent', { forEach: ({ input }) => input, timeout: { all: '1m' }, fallback: { value: null } })
        .build(),
      items,
    );
    run.fire({ kind: 'all', taskId: 'a', since: START });
    expect(run.state.status).to.equal('completed');
    expect(run.task('a').output).to.have.length(150_000);
  }).timeout(20_000);
});

describe('the timeout of a run', () => {
  it('fails it', () => {
    const run = new PureRun(workflow('short', { timeout: '1h' }).task('a', 'agent').build());
    run.schedule('a');
    expect(types(run.fire({ kind: 'run' }))).to.deep.equal(['RunFailed']);
    expect(run.state.error?.code).to.equal('REPRISE_RUN_TIMEOUT');
    expect(run.status('a')).to.equal('cancelled');
  });

  it('is nothing to a run that has none', () => {
    const run = new PureRun(single());
    expect(run.fire({ kind: 'run' })).to.deep.equal([]);
  });
});

describe('the timer of a retry', () => {
  it('is nothing when it comes twice, or for another attempt', () => {
    const run = new PureRun(single());
    run.schedule('a');
    run.fail('a');
    expect(run.fire({ kind: 'retry', taskId: 'a', attempt: 2 })).to.deep.equal([]);
    expect(types(run.retry('a'))).to.deep.equal(['TaskReady']);
    expect(run.fire({ kind: 'retry', taskId: 'a', attempt: 1 })).to.deep.equal([]);
  });
});
