import { workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { explainState } from '../../src/orchestration/workflow/explain/explain-run.ts';
import { PureRun, START, types } from './pure-run.ts';
import { single } from './samples.ts';

describe('fallback', () => {
  it('to a value completes the task with it', () => {
    const run = new PureRun(single({ retry: 1, fallback: { value: { text: 'none' } } }));
    run.schedule('a');
    const events = run.fail('a');
    expect(types(events)).to.deep.equal(['TaskAttemptFailed', 'TaskCompleted', 'RunCompleted']);
    expect(events[1]).to.deep.include({ via: 'fallback-value', output: { text: 'none' } });
    expect(run.state.output).to.deep.equal({ text: 'none' });
    const [failed, completed] = [run.of('TaskAttemptFailed')[0], run.of('TaskCompleted')[0]];
    expect(completed?.error, 'what it stands in for').to.deep.equal(failed?.error);
    expect(run.task('a').error).to.deep.equal(failed?.error);
    expect(explainState(run.state, { now: run.now }).standIns).to.deep.equal([{ taskId: 'a', error: failed?.error }]);
  });

  it('comes only after the retries', () => {
    const run = new PureRun(single({ retry: 2, fallback: { value: 1 } }));
    run.schedule('a');
    expect(types(run.fail('a'))).to.deep.equal(['TaskAttemptFailed']);
    run.retry('a');
    run.schedule('a');
    expect(types(run.fail('a'))).to.include('RunCompleted');
  });

  describe('to an agent', () => {
    const run = () => {
      const started = new PureRun(single({ retry: 2, fallback: { agent: 'other' } }), 'payload');
      started.schedule('a');
      started.fail('a');
      started.retry('a');
      started.schedule('a');
      started.fail('a');
      return started;
    };

    it('hands it the same input, with attempts that count on and retries of its own', () => {
      const fallen = run();
      expect(fallen.of('TaskFellBack')[0]).to.deep.include({ to: { kind: 'agent', agent: 'other' } });
      expect(fallen.task('a')).to.include({ status: 'ready', agent: 'other', tries: 0, attempt: 2, input: 'payload' });
      fallen.schedule('a');
      fallen.fail('a');
      expect(fallen.status('a')).to.equal('waiting');
      fallen.retry('a');
      fallen.schedule('a');
      fallen.complete('a', 1);
      expect(fallen.state).to.include({ status: 'completed', output: 1 });
      expect(fallen.task('a').attempt).to.equal(4);
    });

    it('has no second fallback', () => {
      const fallen = run();
      fallen.schedule('a');
      fallen.fail('a');
      fallen.retry('a');
      fallen.schedule('a');
      expect(types(fallen.fail('a'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'RunFailed']);
    });
  });

  describe('to a task', () => {
    const review = () =>
      workflow<unknown>('review')
        .fallbackTask('human', 'agent', { retry: 1 })
        .task('a', 'agent', { retry: 1, fallback: { task: 'human' } })
        .task('b', 'agent', { after: 'a' })
        .build();

    it('does not run it when it is not needed', () => {
      const run = new PureRun(review());
      expect(run.ready()).to.deep.equal(['a']);
      run.run('a');
      run.run('b');
      expect(run.state.status).to.equal('completed');
      expect(run.status('human')).to.equal('skipped');
    });

    it('hands it the input and the error, and takes its output over', () => {
      const run = new PureRun(review(), 'payload');
      run.schedule('a');
      expect(types(run.fail('a'))).to.deep.equal(['TaskAttemptFailed', 'TaskFellBack']);
      expect(run.ready()).to.deep.equal(['human']);
      expect(run.schedule('human')[0]).to.deep.include({
        input: { input: 'payload', error: { code: 'BOOM', message: 'BOOM!' } },
      });
      const events = run.complete('human', 'mended');
      expect(types(events)).to.deep.equal(['TaskCompleted', 'TaskCompleted']);
      expect(events[1]).to.include({ taskId: 'a', via: 'fallback-task' }).and.not.have.property('output');
      expect(run.schedule('b')[0]).to.include({ input: 'mended' });
    });

    it('fails the task when the fallback task fails', () => {
      const run = new PureRun(review());
      run.schedule('a');
      run.fail('a');
      run.schedule('human');
      expect(types(run.fail('human', { code: 'ALSO' }))).to.deep.equal([
        'TaskAttemptFailed',
        'TaskFailed',
        'TaskFailed',
        'RunFailed',
      ]);
      expect(run.task('a').error?.code).to.equal('ALSO');
    });

    it('can be chained', () => {
      const chained = workflow<unknown>('chained')
        .fallbackTask('last', 'agent')
        .fallbackTask('second', 'agent', { retry: 1, fallback: { task: 'last' } } as object)
        .task('a', 'agent', { retry: 1, fallback: { task: 'second' } })
        .build();
      const run = new PureRun(chained);
      run.schedule('a');
      run.fail('a');
      run.schedule('second');
      run.fail('second');
      run.run('last', 'saved');
      expect(run.state).to.include({ status: 'completed', output: 'saved' });
    });

    it('is not covered by the time limit of the task that it stands in for', () => {
      const timed = workflow<unknown>('timed')
        .fallbackTask('human', 'agent')
        .task('a', 'agent', { retry: 1, timeout: { task: '1h' }, fallback: { task: 'human' } })
        .build();
      const run = new PureRun(timed);
      run.schedule('a');
      run.fail('a');
      run.schedule('human');
      expect(run.fire({ kind: 'task', taskId: 'a', since: START })).to.deep.equal([]);
      run.complete('human', 'by hand');
      expect(run.state).to.include({ status: 'completed', output: 'by hand' });
    });
  });
});
