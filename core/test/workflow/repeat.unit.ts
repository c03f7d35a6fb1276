import { workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PureRun, START, types } from './pure-run.ts';

const loop = (options: Record<string, unknown> = {}) =>
  workflow<unknown>('loop')
    .task('draft', 'agent')
    .task('check', 'agent', { after: 'draft' })
    .task('critic', 'agent', {
      after: 'check',
      repeat: { from: 'draft', until: ({ output }) => output === 'good', max: 3, ...options },
    })
    .task('publish', 'agent', { after: 'critic' })
    .build();

function round(run: PureRun, verdict: string): readonly { readonly type: string }[] {
  run.run('draft');
  run.run('check');
  return run.run('critic', verdict).slice(1);
}

describe('repeat', () => {
  it('ends with a round that `when` closes, and keeps what the round before gave', () => {
    const closing = workflow<unknown>('closing')
      .task('edit', 'agent', { when: ({ round }) => round < 3 })
      .task('critic', 'agent', { after: 'edit', repeat: { from: 'edit', until: () => false, max: 9 } })
      .task('publish', 'agent', { after: 'critic', input: ({ outputs }) => outputs })
      .build();
    const run = new PureRun(closing);
    run.run('edit', 'first draft');
    run.run('critic', 'once more');
    run.run('edit', 'second draft');
    run.run('critic', 'and again');
    expect(run.of('TaskSkipped').map(({ taskId }) => taskId)).to.deep.equal(['edit']);
    run.run('publish');
    expect(run.task('publish').input).to.deep.equal({ edit: 'second draft', critic: 'and again' });
    expect(run.state.status).to.equal('completed');
  });

  it('whose first round is skipped is skipped', () => {
    const never = workflow<unknown>('never')
      .task('edit', 'agent', { when: () => false })
      .task('critic', 'agent', { after: 'edit', repeat: { from: 'edit', until: () => false, max: 9 } })
      .build();
    expect(new PureRun(never).state).to.include({ status: 'completed', output: null });
  });

  it('goes on once the condition holds', () => {
    const run = new PureRun(loop());
    expect(round(run, 'good')[0]).to.include({ type: 'TaskCompleted', output: 'good' });
    expect(run.ready()).to.deep.equal(['publish']);
  });

  it('runs the segment again, with attempts that count on', () => {
    const run = new PureRun(loop());
    expect(round(run, 'bad')[0]).to.include({
      type: 'TasksReset',
      region: 'critic',
      why: 'repeat',
      round: 2,
      attempt: 1,
    });
    expect(run.ready()).to.deep.equal(['draft']);
    expect(run.status('check')).to.equal('pending');
    round(run, 'good');
    expect(run.of('TaskScheduled').map(({ taskId, attempt }) => `${taskId}/${attempt}`)).to.deep.equal([
      ...['draft/1', 'check/1', 'critic/1'],
      ...['draft/2', 'check/2', 'critic/2'],
    ]);
    expect(run.task('critic').round).to.equal(2);
    run.run('publish');
    expect(run.state.status).to.equal('completed');
  });

  it('tells the segment what the repeating task said, and in which round it is', () => {
    const seen: unknown[] = [];
    const talking = workflow<unknown>('talking')
      .task('draft', 'agent', {
        input: ({ round: number, feedback, outputs }) => {
          seen.push([number, feedback, outputs]);
          return null;
        },
      })
      .task('critic', 'agent', {
        after: 'draft',
        repeat: { from: 'draft', until: ({ output }) => output === 'ok', max: 3 },
      })
      .build();
    const run = new PureRun(talking);
    run.run('draft');
    run.run('critic', { missing: ['x'] });
    run.run('draft');
    expect(seen).to.deep.equal([
      [1, null, {}],
      [2, { missing: ['x'] }, {}],
    ]);
  });

  it('fails after the last round', () => {
    const run = new PureRun(loop({ max: 2 }));
    round(run, 'bad');
    expect(types(round(run, 'bad') as never)).to.deep.equal(['TaskFailed', 'RunFailed']);
    expect(run.task('critic').error?.code).to.equal('REPRISE_REPEAT_EXHAUSTED');
  });

  it('accepts what there is after the last round when it is told to', () => {
    const run = new PureRun(loop({ max: 2, onExhausted: 'accept' }));
    round(run, 'bad');
    round(run, 'still bad');
    expect(run.schedule('publish')[0]).to.include({ input: 'still bad' });
  });

  it('fails when its condition throws', () => {
    const run = new PureRun(
      loop({
        until: () => {
          throw new Error('which?');
        },
      }),
    );
    round(run, 'bad');
    expect(run.task('critic').error?.message).to.contain("task 'critic', repeat.until").and.contain('which?');
    expect(run.state.status).to.equal('failed');
  });

  it('can be of one task alone', () => {
    const poll = workflow('poll')
      .task('poll', 'agent', { repeat: { until: ({ output }) => output === 'ready', max: 5 } })
      .build();
    const run = new PureRun(poll);
    run.run('poll', 'wait');
    run.run('poll', 'wait');
    run.run('poll', 'ready');
    expect(run.state).to.include({ status: 'completed', output: 'ready' });
    expect(run.task('poll')).to.include({ round: 3, attempt: 3 });
  });

  it('gives every round all its retries', () => {
    const run = new PureRun(loop());
    run.schedule('draft');
    run.fail('draft');
    run.retry('draft');
    run.schedule('draft');
    run.fail('draft');
    run.retry('draft');
    round(run, 'bad');
    run.schedule('draft');
    expect(run.task('draft')).to.include({ attempt: 4, tries: 0 });
    run.fail('draft');
    expect(run.status('draft')).to.equal('waiting');
  });

  it('ignores a result of the round before', () => {
    const run = new PureRun(loop());
    round(run, 'bad');
    run.now += 1;
    run.schedule('draft');
    const late = { type: 'CompleteTask', taskId: 'draft', attempt: 1, output: 'old' } as const;
    expect(run.send(late), 'it was applied in its round').to.deep.equal([]);
    expect(run.task('draft')).to.include({ status: 'scheduled', attempt: 2 });
    expect(run.fire({ kind: 'task', taskId: 'draft', since: START })).to.deep.equal([]);
  });

  it('is silent when the verdict that made it repeat comes again', () => {
    const run = new PureRun(loop());
    round(run, 'bad');
    expect(run.send({ type: 'CompleteTask', taskId: 'critic', attempt: 1, output: 'bad' })).to.deep.equal([]);
  });

  it('resets a condition inside', () => {
    const sometimes = workflow<unknown>('sometimes')
      .task('draft', 'agent')
      .task('polish', 'agent', { after: 'draft', when: ({ round: number }) => number > 1 })
      .task('critic', 'agent', {
        after: ['draft', 'polish'],
        repeat: { from: 'draft', until: ({ round: number }) => number === 2, max: 3 },
      })
      .build();
    const run = new PureRun(sometimes);
    run.run('draft');
    expect(run.status('polish')).to.equal('skipped');
    run.run('critic', 'bad');
    run.run('draft');
    expect(run.ready()).to.deep.equal(['polish']);
    run.run('polish');
    run.run('critic', 'good');
    expect(run.state.status).to.equal('completed');
  });

  it('keeps in mind what was skipped before the segment', () => {
    const skipping = workflow<unknown>('skipping')
      .task('never', 'agent', { when: () => false })
      .task('draft', 'agent')
      .task('critic', 'agent', {
        after: ['never', 'draft'],
        repeat: { from: 'draft', until: ({ round: number }) => number === 2, max: 2 },
      })
      .build();
    const run = new PureRun(skipping);
    run.run('draft');
    run.run('critic');
    expect(run.task('critic')).to.include({ waitingOn: 1, skippedDependencies: 1 });
    run.run('draft');
    run.run('critic');
    expect(run.state.status).to.equal('completed');
  });

  describe('with a forEach inside', () => {
    const many = () =>
      workflow<number[]>('many')
        .task('each', 'agent', { forEach: ({ input }) => input, concurrency: 1 })
        .task('critic', 'agent', {
          after: 'each',
          repeat: { from: 'each', until: ({ output }) => output === 'good', max: 3 },
        })
        .build();

    it('expands again, with attempts that count on', () => {
      const run = new PureRun(many(), [10, 20]);
      run.schedule('each[0]');
      run.fail('each[0]');
      run.retry('each[0]');
      run.run('each[1]', 'b');
      run.run('each[0]', 'a');
      run.run('critic', 'bad');
      expect(run.ready()).to.deep.equal(['each[0]']);
      run.run('each[0]', 'c');
      run.run('each[1]', 'd');
      const attempts = run.of('TaskScheduled').filter(({ taskId }) => taskId === 'each[0]');
      expect(attempts.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
      const others = run.of('TaskScheduled').filter(({ taskId }) => taskId === 'each[1]');
      expect(others.map(({ attempt }) => attempt)).to.satisfy(
        ([first, second]: number[]) => (first ?? 0) < (second ?? 0),
      );
      expect(run.task('each').output).to.deep.equal(['c', 'd']);
      run.run('critic', 'good');
      expect(run.state.status).to.equal('completed');
    });

    it('never takes a result of an item of the round before', () => {
      const run = new PureRun(many(), [10]);
      run.run('each[0]', 'a');
      run.run('critic', 'bad');
      run.schedule('each[0]');
      run.send({ type: 'CompleteTask', taskId: 'each[0]', attempt: 1, output: 'stale' });
      expect(run.status('each[0]')).to.equal('scheduled');
    });

    it('may have fewer items the next time', () => {
      const shrinking = workflow('shrinking')
        .task('each', 'agent', { forEach: ({ round: number }) => (number === 1 ? [1, 2, 3] : [1]) })
        .task('critic', 'agent', {
          after: 'each',
          repeat: { from: 'each', until: ({ round: number }) => number === 2, max: 3 },
        })
        .build();
      const run = new PureRun(shrinking);
      for (const id of ['each[0]', 'each[1]', 'each[2]']) run.run(id);
      run.run('critic');
      run.run('each[0]', 'only');
      expect(run.task('each').output).to.deep.equal(['only']);
      expect(run.state.tasks.has('each[1]')).to.equal(false);
    });
  });

  describe('with fallbacks inside', () => {
    it('still asks `until` of what stands in for the repeating task', () => {
      const critic = (fallback: object, onExhausted?: 'accept') =>
        workflow<unknown>('critic')
          .task('draft', 'agent')
          .task('critic', 'agent', {
            after: 'draft',
            retry: 1,
            fallback,
            repeat: {
              from: 'draft',
              until: ({ output }: { output: { ok: boolean } }) => output.ok,
              max: 3,
              ...(onExhausted && { onExhausted }),
            },
          } as object)
          .build();
      const play = (run: PureRun): PureRun => {
        for (let round = 1; round <= 3 && run.state.status === 'running'; round += 1) {
          run.run('draft', round);
          run.schedule('critic');
          run.fail('critic');
        }
        return run;
      };
      const never = play(new PureRun(critic({ value: { ok: false } })));
      expect(never.of('TasksReset').map(({ round, via }) => [round, via])).to.deep.equal([
        [2, 'fallback-value'],
        [3, 'fallback-value'],
      ]);
      expect(never.state.status).to.equal('failed');
      expect(never.task('critic').error?.code).to.equal('REPRISE_REPEAT_EXHAUSTED');
      const at = play(new PureRun(critic({ value: { ok: true } })));
      expect(at.state).to.deep.include({ status: 'completed', output: { ok: true } });
      const accepted = play(new PureRun(critic({ value: { ok: false } }, 'accept')));
      expect(accepted.state).to.deep.include({ status: 'completed', output: { ok: false } });
    });

    it('lets the fallback stand in for a loop that is exhausted, and asks once more', () => {
      const build = (ok: boolean) =>
        workflow<unknown>('exhausted')
          .task('critic', 'agent', {
            retry: 1,
            fallback: { value: { ok } },
            repeat: { until: ({ output }: { output: { ok: boolean } }) => output.ok, max: 2 },
          } as object)
          .build();
      for (const [ok, status] of [
        [true, 'completed'],
        [false, 'failed'],
      ] as const) {
        const run = new PureRun(build(ok));
        run.run('critic', { ok: false });
        run.run('critic', { ok: false });
        expect(run.state.status).to.equal(status);
      }
    });

    it('gives every round its fallback task', () => {
      const saved = workflow<unknown>('saved')
        .fallbackTask('stand-in', 'agent')
        .task('draft', 'agent', { retry: 1, fallback: { task: 'stand-in' } })
        .task('critic', 'agent', {
          after: 'draft',
          repeat: { from: 'draft', until: ({ output }) => output === 'good', max: 3 },
        })
        .build();
      const run = new PureRun(saved, 'in');
      for (const [output, verdict] of [
        ['one', 'bad'],
        ['two', 'good'],
      ] as const) {
        run.schedule('draft');
        run.fail('draft');
        run.run('stand-in', output);
        expect(run.task('draft').output).to.equal(output);
        run.run('critic', verdict);
      }
      expect(run.state.status).to.equal('completed');
      expect(run.task('stand-in')).to.include({ round: 2, attempt: 2 });
    });

    it('gives every round its chain of fallback tasks', () => {
      const chained = workflow<unknown>('chained')
        .fallbackTask('last', 'agent')
        .fallbackTask('second', 'agent', { retry: 1, fallback: { task: 'last' } } as object)
        .task('draft', 'agent', { retry: 1, input: ({ round: number }) => number, fallback: { task: 'second' } })
        .task('critic', 'agent', {
          after: 'draft',
          repeat: { from: 'draft', until: ({ output }) => output === 'good', max: 3 },
        })
        .build();
      const run = new PureRun(chained);
      for (const [output, verdict] of [
        ['one', 'bad'],
        ['two', 'good'],
      ] as const) {
        run.schedule('draft');
        run.fail('draft');
        run.schedule('second');
        run.fail('second');
        run.run('last', output);
        expect(run.task('draft').output).to.equal(output);
        run.run('critic', verdict);
      }
      expect(run.task('last')).to.include({ round: 2, attempt: 2 });
      expect(run.task('last').input).to.deep.include({
        input: { input: 2, error: { code: 'BOOM', message: 'BOOM!' } },
      });
      expect(run.state.status).to.equal('completed');
    });

    it('forgets that an agent fell back in the round before', () => {
      const other = workflow<unknown>('other')
        .task('draft', 'agent', { retry: 1, fallback: { agent: 'other' } })
        .task('critic', 'agent', {
          after: 'draft',
          repeat: { from: 'draft', until: ({ output }) => output === 'good', max: 3 },
        })
        .build();
      const run = new PureRun(other);
      run.schedule('draft');
      run.fail('draft');
      run.run('draft');
      run.run('critic', 'bad');
      expect(run.task('draft')).to.include({ fallback: undefined, agent: undefined });
      run.schedule('draft');
      expect(types(run.fail('draft'))).to.deep.equal(['TaskAttemptFailed', 'TaskFellBack']);
    });
  });
});
