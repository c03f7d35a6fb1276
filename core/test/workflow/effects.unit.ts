import { type Json, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Effect, effectsOf, openEffects } from '../../src/orchestration/workflow/effects.ts';
import { PureRun } from './pure-run.ts';
import { chain, single } from './samples.ts';

const effects = (run: PureRun, events: readonly Parameters<typeof effectsOf>[1][]): Effect[] =>
  events.flatMap((event) => effectsOf(run.state, event));

const timed = () =>
  workflow('timed', { timeout: '1h' })
    .task('a', 'agent', {
      timeout: { attempt: '1m', task: '10m' },
      retry: { maxAttempts: 2, initialDelay: 500, jitter: 0 },
    })
    .build();

describe('effects of events', () => {
  it('start: the timer of the run', () => {
    const run = new PureRun(timed());
    expect(effects(run, run.events)).to.deep.equal([
      { kind: 'set-timer', timer: { kind: 'run' }, at: run.now + 3_600_000 },
    ]);
    expect(effects(new PureRun(chain()), new PureRun(chain()).events)).to.deep.equal([]);
  });

  it('scheduled: a dispatch, and the timer of the task the first time', () => {
    const run = new PureRun(timed());
    expect(effects(run, run.schedule('a'))).to.deep.equal([
      { kind: 'dispatch', taskId: 'a', attempt: 1 },
      { kind: 'set-timer', timer: { kind: 'task', taskId: 'a', since: run.now }, at: run.now + 600_000 },
    ]);
    run.fail('a');
    run.retry('a');
    expect(effects(run, run.schedule('a'))).to.deep.equal([{ kind: 'dispatch', taskId: 'a', attempt: 2 }]);
  });

  it('started: the timer of the attempt', () => {
    const run = new PureRun(timed());
    run.schedule('a');
    run.now += 5;
    const timer = { kind: 'attempt', taskId: 'a', attempt: 1 };
    expect(effects(run, run.begin('a'))).to.deep.equal([{ kind: 'set-timer', timer, at: run.now + 60_000 }]);
  });

  it('failed: the attempt is closed, and the timer of the retry set', () => {
    const run = new PureRun(timed());
    run.schedule('a');
    expect(effects(run, run.fail('a'))).to.deep.equal([
      { kind: 'close-attempt', taskId: 'a', attempt: 1, reason: 'BOOM' },
      { kind: 'set-timer', timer: { kind: 'retry', taskId: 'a', attempt: 1 }, at: run.now + 500 },
    ]);
  });

  it('the end, however it comes: the run is closed', () => {
    const completed = new PureRun(single());
    completed.schedule('a');
    expect(effects(completed, completed.complete('a')).at(-1)).to.deep.equal({
      kind: 'close-run',
      reason: 'completed',
    });
    const cancelled = new PureRun(single());
    expect(effects(cancelled, cancelled.send({ type: 'CancelRun', reason: 'why' }))).to.deep.equal([
      { kind: 'close-run', reason: 'why' },
    ]);
    const late = new PureRun(timed());
    expect(effects(late, late.fire({ kind: 'run' }))).to.deep.equal([
      { kind: 'close-run', reason: 'REPRISE_RUN_TIMEOUT' },
    ]);
  });

  it('a value for a whole forEach: the attempts of its items are closed', () => {
    const each = workflow<Json[]>('each')
      .task('a', 'agent', { forEach: ({ input }) => input, timeout: { task: '1m' }, fallback: { value: 0 } })
      .task('b', 'agent', { after: 'a' })
      .build();
    const run = new PureRun(each, [1, 2]);
    run.schedule();
    const stood = { type: 'TaskCompleted', at: 1, taskId: 'a', attempt: 0, via: 'fallback-value', output: 0 } as const;
    const closed = effects(run, run.fold(stood)).filter(({ kind }) => kind === 'close-attempt');
    expect(closed.map((effect) => 'taskId' in effect && effect.taskId)).to.deep.equal(['a[0]', 'a[1]']);
  });
});

describe('what is outstanding', () => {
  it('is everything that the events of an open run asked for', () => {
    const run = new PureRun(timed());
    const all = [...effects(run, run.events), ...effects(run, run.schedule('a')), ...effects(run, run.begin('a'))];
    const again = all.map((effect) => (effect.kind === 'dispatch' ? { ...effect, again: true } : effect));
    expect(openEffects(run.state)).to.have.deep.members(again);
    run.fail('a');
    expect(openEffects(run.state)).to.deep.include({
      kind: 'set-timer',
      timer: { kind: 'retry', taskId: 'a', attempt: 1 },
      at: run.now + 500,
    });
    expect(openEffects(run.state).filter(({ kind }) => kind === 'dispatch')).to.deep.equal([]);
  });

  it('of a run that was ended elsewhere is its closing', () => {
    const run = new PureRun(timed());
    run.schedule('a');
    run.send({ type: 'CancelRun', reason: 'from outside' });
    expect(openEffects(run.state)).to.deep.equal([{ kind: 'close-run', reason: 'from outside' }]);
  });

  it('of a run that does not exist is nothing', () => {
    const run = new PureRun(timed());
    expect(openEffects({ ...run.state, status: 'none' })).to.deep.equal([]);
  });
});
