import { type Json, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PureRun, types } from './pure-run.ts';
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
  const timer = { kind: 'task', taskId: 'a', round: 1 } as const;
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

  it('lets a value stand in, but no agent', () => {
    const value = timed({ fallback: { value: 'instead' } });
    value.schedule('a');
    expect(types(value.fire(timer))).to.deep.equal(['TaskAttemptFailed', 'TaskCompleted', 'RunCompleted']);
    const agent = timed({ fallback: { agent: 'other' } });
    agent.schedule('a');
    expect(types(agent.fire(timer))).to.include('RunFailed');
  });

  it('is nothing after the end', () => {
    const run = timed();
    run.run('a');
    expect(run.fire(timer)).to.deep.equal([]);
  });

  it('covers all items of a forEach, and leaves none behind', () => {
    const each = workflow<Json[]>('each')
      .task('a', 'agent', { forEach: ({ input }) => input, timeout: { task: '1m' }, fallback: { value: 'none' } })
      .task('b', 'agent', { after: 'a' })
      .build();
    const run = new PureRun(each, [1, 2, 3]);
    run.run('a.0');
    run.schedule('a.1');
    expect(types(run.fire(timer))).to.deep.equal(['TaskCompleted']);
    expect(run.task('a').output).to.equal('none');
    expect([run.status('a.0'), run.status('a.1'), run.status('a.2')]).to.deep.equal([
      'completed',
      'cancelled',
      'cancelled',
    ]);
    expect(run.state.inFlight).to.equal(0);
    expect(run.ready()).to.deep.equal(['b']);
    run.run('b');
    expect(run.state.status).to.equal('completed');
  });
});

describe('the timeout of a run', () => {
  it('fails it, running or paused', () => {
    for (const paused of [false, true]) {
      const run = new PureRun(workflow('short', { timeout: '1h' }).task('a', 'agent').build());
      run.schedule('a');
      if (paused) run.send({ type: 'PauseRun' });
      expect(types(run.fire({ kind: 'run' }))).to.deep.equal(['RunFailed']);
      expect(run.state.error?.code).to.equal('REPRISE_RUN_TIMEOUT');
      expect(run.status('a')).to.equal('cancelled');
    }
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
