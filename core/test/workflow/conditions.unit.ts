import { workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PureRun, types } from './pure-run.ts';

describe('when', () => {
  const branching = () =>
    workflow<{ left: boolean; right: boolean }>('branching')
      .task('start', 'agent')
      .task('left', 'agent', { after: 'start', when: ({ input }) => input.left })
      .task('right', 'agent', { after: 'start', when: ({ input }) => input.right })
      .task('below-left', 'agent', { after: 'left' })
      .task('join', 'agent', { after: ['left', 'right'] })
      .build();

  it('true: the task is ready, by an event', () => {
    const run = new PureRun(branching(), { left: true, right: true });
    run.schedule('start');
    expect(run.complete('start').slice(1))
      .to.have.length(2)
      .and.satisfies((events: { type: string }[]) => events.every((event) => event.type === 'TaskReady'));
  });

  it('false: the task is skipped; one skipped dependency of several gives null', () => {
    const run = new PureRun(branching(), { left: false, right: true });
    run.schedule('start');
    expect(types(run.complete('start'))).to.deep.equal(['TaskCompleted', 'TaskSkipped', 'TaskReady', 'TaskSkipped']);
    expect(run.of('TaskSkipped').map(({ taskId, reason }) => [taskId, reason])).to.deep.equal([
      ['left', 'condition'],
      ['below-left', 'dependencies'],
    ]);
    run.run('right', 'r');
    expect(run.schedule('join')[0]).to.deep.include({ input: { left: null, right: 'r' } });
  });

  it('all dependencies skipped: skipped too, all the way down, and the run completes', () => {
    const run = new PureRun(branching(), { left: false, right: false });
    run.run('start');
    expect(run.of('TaskSkipped').map(({ taskId }) => taskId)).to.have.members(['left', 'right', 'below-left', 'join']);
    expect(run.state.status).to.equal('completed');
    expect(run.state.output).to.deep.equal({ 'below-left': null, join: null });
  });

  it('that throws fails the task, and the run, loudly', () => {
    const broken = workflow<{ list: number[] }>('broken')
      .task('a', 'agent', { when: ({ input }) => input.list.length > 0, retry: 5 })
      .build();
    const run = new PureRun(broken, {});
    expect(types(run.events)).to.deep.equal(['RunStarted', 'TaskFailed', 'RunFailed']);
    expect(run.task('a').error?.message).to.contain("task 'a', when");
    expect(run.task('a').error?.code).to.equal('REPRISE_EXPRESSION_FAILED');
  });

  it('that throws goes the way of any failure: what the task falls back to stands in', () => {
    const when = ({ input }: { input: { list: number[] } }) => input.list.length > 0;
    const value = workflow<{ list: number[] }>('value')
      .task('a', 'agent', { when, fallback: { value: 1 } })
      .build();
    expect(new PureRun(value, {}).state).to.include({ status: 'completed', output: 1 });
    const agent = workflow<{ list: number[] }>('agent')
      .task('a', 'agent', { when, fallback: { agent: 'other' } })
      .build();
    const run = new PureRun(agent, {});
    expect(run.ready()).to.deep.equal(['a']);
    run.run('a', 'by hand');
    expect(run.state).to.include({ status: 'completed', output: 'by hand' });
    const task = workflow<{ list: number[] }>('task')
      .fallbackTask('stand-in', 'agent')
      .task('a', 'agent', { when, fallback: { task: 'stand-in' } })
      .build();
    const other = new PureRun(task, {});
    other.run('stand-in', 'saved');
    expect(other.task('stand-in').input).to.have.nested.property('error.code', 'REPRISE_EXPRESSION_FAILED');
    expect(other.state).to.include({ status: 'completed', output: 'saved' });
  });

  it('that gives no boolean fails the task', () => {
    for (const value of ['true', 1, null, undefined, {}]) {
      const odd = workflow('odd')
        .task('a', 'agent', { when: () => value as unknown as boolean })
        .build();
      const run = new PureRun(odd);
      expect(run.state.status, String(value)).to.equal('failed');
      expect(run.task('a').error?.message).to.contain('true or false');
    }
  });

  it('sees what came before, and nothing else', () => {
    let seen: unknown;
    const looking = workflow('looking')
      .task('a', 'agent')
      .task('other', 'agent')
      .task('b', 'agent', {
        after: 'a',
        when: (scope) => {
          seen = scope;
          return true;
        },
      })
      .build();
    const run = new PureRun(looking, 'in');
    run.run('other', 'secret');
    run.run('a', 1);
    expect(seen).to.deep.equal({ input: 'in', outputs: { a: 1 }, runId: 'run-1', round: 1, feedback: null });
  });
});

describe('the output of a run', () => {
  it('is that of the only leaf', () => {
    const run = new PureRun(workflow('one').task('a', 'agent').task('b', 'agent', { after: 'a' }).build());
    run.run('a');
    run.run('b', 'the end');
    expect(run.state.output).to.equal('the end');
    expect(run.of('RunCompleted')[0], 'it is not stored twice').to.not.have.property('output');
  });

  it('is that of all leaves by id', () => {
    const run = new PureRun(workflow('two').task('a', 'agent').task('b', 'agent').build());
    run.run('a', 1);
    run.run('b', 2);
    expect(run.state.output).to.deep.equal({ a: 1, b: 2 });
  });

  it('is what the expression says', () => {
    const run = new PureRun(
      workflow<number>('sum')
        .task('a', 'agent')
        .output(({ input, outputs }) => input + (outputs.a as number))
        .build(),
      1,
    );
    run.run('a', 2);
    expect(run.state.output).to.equal(3);
    expect(run.of('RunCompleted')[0]?.output).to.equal(3);
  });

  it('may be null when the expression says so', () => {
    const run = new PureRun(
      workflow('nothing')
        .task('a', 'agent')
        .output(() => null)
        .build(),
    );
    run.run('a', 'something');
    expect(run.state.output).to.equal(null);
    expect(run.replayed().output).to.equal(null);
  });

  it('that throws fails the run', () => {
    const run = new PureRun(
      workflow('bad')
        .task('a', 'agent')
        .output(() => {
          throw new Error('oh');
        })
        .build(),
    );
    run.run('a');
    expect(run.state.status).to.equal('failed');
    expect(run.state.error).to.include({ code: 'REPRISE_EXPRESSION_FAILED' });
  });
});
