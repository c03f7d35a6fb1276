import { type Json, parseWorkflow, type RunEvent, workflow } from '@reprise/core';
import { given } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { adoptable } from '../../src/orchestration/workflow/adoption.ts';
import type { AdoptedTask } from '../../src/orchestration/workflow/events.ts';
import { stateOf } from '../../src/orchestration/workflow/view-of.ts';
import { PureRun, types } from './pure-run.ts';

const flow = (options = {}) =>
  workflow<Json[]>('flow')
    .task('list', 'agent')
    .task('never', 'agent', { when: () => false })
    .task('each', 'agent', { after: 'list', forEach: ({ outputs }) => outputs.list as Json[], retry: 1, ...options })
    .task('end', 'agent', { after: ['each', 'never'] })
    .build();

/** A new run from what an old one can give. */
function adopt(adopted: readonly AdoptedTask[]) {
  const { definition } = flow();
  const lineage = { runId: 'old', revision: 9 };
  return given().when({
    type: 'StartRun',
    commandId: 's',
    definition,
    definitionHash: 'h',
    input: null,
    lineage,
    adopted,
  });
}

const failedRun = (): PureRun => {
  const run = new PureRun(flow(), []);
  run.run('list', [10, 20, 30]);
  run.schedule('each[0]', 'each[1]');
  run.complete('each[1]', 'second');
  run.fail('each[0]');
  return run;
};

describe('what a new run takes over', () => {
  it('is what completed or was skipped, and the finished items of a forEach', () => {
    const run = failedRun();
    expect(run.state.status).to.equal('failed');
    expect(adoptable(run.state, flow().definition)).to.deep.equal([
      { taskId: 'list', status: 'completed', output: [10, 20, 30] },
      { taskId: 'never', status: 'skipped' },
      { taskId: 'each', status: 'expanded', items: [10, 20, 30] },
      { taskId: 'each[1]', status: 'completed', output: 'second' },
    ]);
  });

  it('is not done again', () => {
    const { events, state } = adopt(adoptable(failedRun().state, flow().definition));
    expect(types(events)).to.deep.equal(['RunStarted', 'TaskAdopted', 'TaskAdopted', 'TaskExpanded', 'TaskAdopted']);
    expect(state.lineage).to.deep.equal({ runId: 'old', revision: 9 });
    expect(state.tasks.get('each[1]')).to.include({ status: 'completed', output: 'second', attempt: 0 });
    expect([...state.tasks.values()].filter(({ status }) => status === 'ready').map(({ id }) => id)).to.deep.equal([
      'each[0]',
      'each[2]',
    ]);
    expect(state.tasks.get('each')?.items).to.include({ active: 2, ended: 1, total: 3 });
  });

  it('may be everything but the end', () => {
    const run = new PureRun(flow(), []);
    run.run('list', [1]);
    run.run('each[0]', 'x');
    run.schedule('end');
    run.send({ type: 'CancelRun' });
    const { state } = adopt(adoptable(run.state, flow().definition));
    expect(state.tasks.get('each')?.output).to.deep.equal(['x']);
    expect(state.tasks.get('end')?.status).to.equal('ready');
  });

  it('may be everything, and then the run is complete', () => {
    const run = new PureRun(flow(), []);
    run.run('list', []);
    run.run('end', 'done');
    const { events, state } = adopt(adoptable(run.state, flow().definition));
    expect(types(events).at(-1)).to.equal('RunCompleted');
    expect(state.output).to.equal('done');
  });

  it('never has a gap: what depends on something new is done again', () => {
    const run = new PureRun(flow(), []);
    run.run('list', [1]);
    run.run('each[0]', 'x');
    run.run('end', 'done');
    const { definition } = workflow<Json[]>('flow')
      .task('fresh', 'agent')
      .task('list', 'agent', { after: 'fresh' })
      .task('never', 'agent')
      .build();
    expect(adoptable(run.state, definition)).to.deep.equal([{ taskId: 'never', status: 'skipped' }]);
  });

  it('leaves items that are adopted out of the concurrency of the rest', () => {
    const { definition } = workflow<Json[]>('flow')
      .task('each', 'agent', { forEach: ({ input }) => input, concurrency: 1 })
      .build();
    const adopted: AdoptedTask[] = [
      { taskId: 'each', status: 'expanded', items: [0, 1, 2, 3] },
      { taskId: 'each[0]', status: 'completed', output: 'a' },
      { taskId: 'each[2]', status: 'completed', output: 'c' },
    ];
    const { state } = given().when({
      type: 'StartRun',
      commandId: 's',
      definition,
      definitionHash: 'h',
      input: [],
      adopted,
    });
    expect(state.tasks.get('each[1]')?.status).to.equal('ready');
    expect(state.tasks.has('each[3]')).to.equal(false);
    expect(state.tasks.get('each')?.items).to.include({ active: 1, ended: 2 });
  });

  it('is nothing of a list that was not recorded as a whole: it is computed again', () => {
    const run = new PureRun(flow(), ['a', 'b', 'c']);
    run.run('list', ['a', 'b', 'c']);
    const [whole] = run.of('TaskExpanded');
    const partly = new PureRun(flow(), ['a', 'b', 'c']);
    partly.schedule('list');
    for (const event of run.events.slice(partly.events.length)) {
      if (event === whole) {
        partly.fold({ ...event, items: ['a'] } as RunEvent);
        break;
      }
      partly.fold(event);
    }
    partly.send({ type: 'CancelRun' });
    expect(partly.task('each').items).to.include({ total: 3 });
    expect(adoptable(partly.state, flow().definition).map(({ taskId }) => taskId)).to.deep.equal(['list', 'never']);
  });

  it('takes any number of items', () => {
    const items = Array.from({ length: 150_000 }, (_, index) => index);
    const run = new PureRun(flow({ concurrency: 150_000, onItemFailure: 'continue' }), items);
    run.run('list', items);
    for (const item of run.task('each').items?.instances ?? []) {
      if (item === undefined) continue;
      item.status = 'completed';
      item.output = 1;
    }
    expect(adoptable(run.state, flow().definition)).to.have.length(150_000 + 3);
  });

  it('goes up a chain of any length, however it is declared', () => {
    const tasks = Array.from({ length: 20_000 }, (_, index) => {
      const [task] = flow().definition.tasks;
      if (task === undefined) throw new Error('no task');
      return { ...task, id: `t${index}`, after: index === 19_999 ? [] : [`t${index + 1}`] };
    });
    const definition = { ...flow().definition, tasks };
    const source = new PureRun({ definition }).state;
    for (const task of source.tasks.values()) task.status = 'completed';
    const adopted = adoptable(source, definition);
    expect(adopted).to.have.length(20_000);
    expect([adopted[0]?.taskId, adopted.at(-1)?.taskId]).to.deep.equal(['t19999', 't0']);
  });

  describe('of a run with blocks and undoing', () => {
    const definition = (more: string) =>
      parseWorkflow(`
name: saga
tasks:
  hotel: { agent: worker, compensate: worker }
  look: { agent: worker }
  block: { scope: { a: { agent: worker }, b: { agent: worker, after: a${more} } }, after: look }
  pay: { agent: worker, after: [hotel, block], retry: 1 }
`);
    const ids = (run: PureRun, flow: ReturnType<typeof definition>) =>
      adoptable(run.state, flow.definition).map(({ taskId }) => taskId);

    it('is not what was undone, nor what comes after it', () => {
      const flow = definition('');
      const run = new PureRun(flow, {});
      for (const id of ['hotel', 'look', 'block/a', 'block/b']) run.run(id, id);
      run.schedule('pay');
      run.fail('pay');
      run.run('hotel@1', null);
      expect(run.state.status).to.equal('failed');
      expect(ids(run, flow)).to.deep.equal(['look', 'block']);
    });

    it('is no block in which something was undone, and nothing from inside one that did not complete', () => {
      const flow = definition(', compensate: worker');
      const run = new PureRun(flow, {});
      for (const id of ['hotel', 'look', 'block/a', 'block/b']) run.run(id, id);
      run.schedule('pay');
      run.fail('pay');
      run.run('block/b@1', null);
      run.run('hotel@1', null);
      expect(ids(run, flow)).to.deep.equal(['look']);
      const open = new PureRun(flow, {});
      for (const id of ['look', 'block/a']) open.run(id, id);
      open.send({ type: 'CancelRun', force: true });
      expect(ids(open, flow)).to.deep.equal(['look']);
    });
  });

  it('counts as held by the new run', () => {
    const { state } = adopt(adoptable(failedRun().state, flow().definition));
    expect(stateOf(state).held).to.be.greaterThan(0);
  });

  it('is nothing about tasks that are not there', () => {
    const { state } = adopt([
      { taskId: 'nobody', status: 'completed', output: 1 },
      { taskId: 'lis', status: 'completed', output: 1 },
      { taskId: 'nobody[3]', status: 'completed', output: 1 },
    ]);
    expect(state.tasks.size).to.equal(4);
    expect(state.status).to.equal('running');
  });
});
