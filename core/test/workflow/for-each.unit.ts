import { type Json, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PureRun, START, types } from './pure-run.ts';

const each = (options: Record<string, unknown> = {}) =>
  workflow<Json[]>('each')
    .task('each', 'agent', { forEach: ({ input }) => input, retry: 1, ...options })
    .task('after', 'agent', { after: 'each' })
    .build();

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('forEach', () => {
  it('runs once for each item and joins the outputs in the order of the items', () => {
    const run = new PureRun(each(), ['x', 'y', 'z']);
    expect(run.ready()).to.deep.equal(['each[0]', 'each[1]', 'each[2]']);
    expect(run.schedule('each[2]')[0]).to.include({ input: 'z' });
    run.complete('each[2]', 'Z');
    run.run('each[0]', 'X');
    expect(types(run.run('each[1]', 'Y'))).to.deep.equal(['TaskScheduled', 'TaskCompleted', 'TaskCompleted']);
    expect(run.of('TaskCompleted').at(-1), 'the outputs are not stored twice')
      .to.include({ taskId: 'each', via: 'items' })
      .and.not.have.property('output');
    expect(run.schedule('after')[0]).to.deep.include({ input: ['X', 'Y', 'Z'] });
  });

  it('of nothing completes at once with an empty array', () => {
    const run = new PureRun(each(), []);
    expect(types(run.events)).to.deep.equal(['RunStarted', 'TaskExpanded', 'TaskCompleted']);
    expect(run.schedule('after')[0]).to.deep.include({ input: [] });
  });

  it('keeps no more than `concurrency` items under way; one that waits for a retry is not, and comes before new ones', () => {
    const run = new PureRun(each({ concurrency: 2 }), numbers(5));
    expect(run.ready()).to.deep.equal(['each[0]', 'each[1]']);
    run.schedule('each[0]');
    run.fail('each[0]', { lost: true });
    expect(run.ready(), 'another has its place').to.deep.equal(['each[1]', 'each[2]']);
    run.retry('each[0]');
    expect(run.ready(), 'there is no place yet').to.deep.equal(['each[1]', 'each[2]']);
    expect(run.task('each[0]')).to.include({ status: 'waiting', retryAt: undefined });
    run.run('each[1]');
    expect(run.ready()).to.deep.equal(['each[2]', 'each[0]']);
    expect(run.replayed().tasks).to.deep.equal(run.state.tasks);
  });

  it('ends when the last of its items fails for good while it waits for a place', () => {
    const run = new PureRun(each({ concurrency: 1, onItemFailure: 'continue', timeout: { task: '1m' } }), numbers(2));
    run.schedule('each[0]');
    run.fail('each[0]', { lost: true });
    run.retry('each[0]');
    expect(run.ready()).to.deep.equal(['each[1]']);
    run.fire({ kind: 'task', taskId: 'each[0]', since: START });
    expect(run.status('each[0]')).to.equal('failed');
    run.run('each[1]');
    expect(run.task('each')).to.deep.include({ status: 'completed' });
    expect(run.task('each').items).to.include({ active: 0, ended: 2 });
  });

  it('expands many items in events of bounded size', () => {
    const run = new PureRun(each({ concurrency: 10_000 }), numbers(1201));
    expect(run.of('TaskExpanded').map(({ from, items, total }) => [from, items?.length, total])).to.deep.equal([
      [0, 500, 1201],
      [500, 500, 1201],
      [1000, 201, 1201],
    ]);
    expect(run.ready()).to.have.length(1201);
    expect(run.task('each').items?.values).to.deep.equal(numbers(1201));
  });

  it('fails the task with the first item that fails, and cancels the rest', () => {
    const run = new PureRun(each(), numbers(3));
    run.schedule();
    expect(types(run.fail('each[1]'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'TaskFailed', 'RunFailed']);
    expect(run.task('each').error?.message).to.equal('item 1: BOOM!');
    expect(run.status('each[0]')).to.equal('cancelled');
  });

  it('goes on when it is told to, with null in the place of what failed', () => {
    const run = new PureRun(each({ onItemFailure: 'continue' }), numbers(3));
    run.schedule();
    run.fail('each[1]');
    run.complete('each[0]', 'a');
    run.complete('each[2]', 'c');
    expect(run.status('each')).to.equal('completed');
    expect(run.schedule('after')[0]).to.deep.include({ input: ['a', null, 'c'] });
  });

  it('retries and falls back item by item', () => {
    const run = new PureRun(each({ retry: { maxAttempts: 2, jitter: 0 }, fallback: { value: 'none' } }), numbers(2));
    run.schedule();
    run.fail('each[0]');
    run.retry('each[0]');
    run.schedule('each[0]');
    expect(types(run.fail('each[0]'))).to.deep.equal(['TaskAttemptFailed', 'TaskCompleted']);
    run.complete('each[1]', 'ok');
    expect(run.task('each').output).to.deep.equal(['none', 'ok']);
  });

  it('falls back to an agent item by item', () => {
    const run = new PureRun(each({ fallback: { agent: 'other' } }), numbers(1));
    run.schedule();
    run.fail('each[0]');
    expect(run.task('each[0]')).to.include({ fallback: 'agent', agent: 'other', status: 'ready' });
    run.run('each[0]', 'saved');
    expect(run.task('each').output).to.deep.equal(['saved']);
  });

  it('fails when its items are no array', () => {
    const run = new PureRun(each(), { not: 'an array' });
    expect(run.task('each').error).to.include({ code: 'REPRISE_ITEMS_INVALID' });
    expect(run.state.status).to.equal('failed');
  });

  it('computes the input of an item from the item and its index', () => {
    const run = new PureRun(each({ input: ({ item, index }: { item: string; index: number }) => `${index}:${item}` }), [
      'x',
      'y',
    ]);
    expect(run.schedule('each[1]')[0]).to.include({ input: '1:y' });
  });

  it('can follow another, on its outputs', () => {
    const nested = workflow<number[]>('nested')
      .task('first', 'agent', { forEach: ({ input }) => input })
      .task('second', 'agent', { after: 'first', forEach: ({ outputs }) => outputs.first as number[] })
      .build();
    const run = new PureRun(nested, [1, 2]);
    run.schedule();
    run.complete('first[1]', 'two');
    run.complete('first[0]', ['o', 'ne']);
    expect(run.ready()).to.deep.equal(['second[0]', 'second[1]']);
    run.schedule();
    expect(run.task('second[0]').input).to.deep.equal(['o', 'ne']);
    run.complete('second[0]', 1);
    run.complete('second[1]', 2);
    expect(run.state.output).to.deep.equal([1, 2]);
  });

  it('is skipped as a whole', () => {
    const run = new PureRun(each({ when: () => false }), numbers(3));
    expect(run.state.status).to.equal('completed');
    expect(types(run.events)).to.deep.equal(['RunStarted', 'TaskSkipped', 'TaskSkipped', 'RunCompleted']);
  });

  it('takes 10,000 items, with work that does not grow with their number', () => {
    const run = new PureRun(each({ concurrency: 50 }), numbers(10_000));
    let most = 0;
    while (run.state.status === 'running' && run.status('each') !== 'completed') {
      run.schedule();
      for (const task of [...run.state.tasks.values()].slice(-60)) {
        if (task.status === 'scheduled') most = Math.max(most, run.complete(task.id, task.index ?? 0).length);
      }
      expect(run.state.inFlight).to.be.lessThanOrEqual(50);
    }
    expect(run.task('each').output).to.deep.equal(numbers(10_000));
    expect(most, 'events that one completion gave').to.equal(2);
    expect(run.events).to.have.length(1 + 20 + 20_000 + 1);
  });

  it('does not take a result for the task instead of for an item', () => {
    const run = new PureRun(each(), numbers(2));
    run.schedule();
    expect(run.send({ type: 'CompleteTask', taskId: 'each', attempt: 0, output: 1 })).to.deep.equal([]);
    expect(run.send({ type: 'CompleteTask', taskId: 'each[7]', attempt: 1, output: 1 })).to.deep.equal([]);
    expect(run.fire({ kind: 'attempt', taskId: 'each', attempt: 0 })).to.deep.equal([]);
    expect(run.status('each')).to.equal('running');
  });
});
