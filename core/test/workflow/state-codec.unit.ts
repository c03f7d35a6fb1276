import { bindDefinition, type Json, sha256, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateDigest } from '../../src/orchestration/workflow/digest/state-digest.ts';
import { readyTasks } from '../../src/orchestration/workflow/ready-tasks.ts';
import { replay } from '../../src/orchestration/workflow/replay.ts';
import { type RunState, rootOf } from '../../src/orchestration/workflow/state.ts';
import { restoreState, STATE_VERSION, serializeState } from '../../src/orchestration/workflow/state-codec.ts';
import { stateOf } from '../../src/orchestration/workflow/view-of.ts';
import { PureRun } from './pure-run.ts';

const eachThen = () =>
  workflow<Json[]>('each-then')
    .task('each', 'agent', {
      forEach: ({ input }) => input,
      timeout: { task: '1m' },
      retry: 1,
      fallback: { value: 'none' },
      priority: 1,
    })
    .task('other', 'agent', { priority: 5 })
    .task('after', 'agent', { after: 'each', when: () => true })
    .build();

// Earlier builds let a value stand in for a whole list.
const standIn = {
  type: 'TaskCompleted',
  at: 1,
  taskId: 'each',
  attempt: 0,
  via: 'fallback-value',
  output: 'none',
} as const;

/** What a restart makes of a state. */
function restored(run: PureRun): RunState {
  const registered = run.state.definition;
  return restoreState(serializeState(run.state), (recorded) => bindDefinition(recorded, registered).definition);
}

function expectSame(run: PureRun, what: string): void {
  const copy = restored(run);
  expect(serializeState(copy), what).to.equal(serializeState(run.state));
  expect(stateDigest(copy), what).to.equal(stateDigest(run.state));
  const ids = (state: RunState) => [...readyTasks(state)].map((task) => task.id);
  expect(ids(copy), what).to.deep.equal(ids(run.state));
  expect(copy.readyCount, what).to.equal(run.state.readyCount);
  expect(copy.inFlight, what).to.equal(run.state.inFlight);
  for (const task of run.state.tasks.values()) {
    expect(copy.tasks.get(task.id)?.output, `${what}: output of ${task.id}`).to.deep.equal(task.output);
  }
}

describe('a snapshot', () => {
  it('restores every state of a run', () => {
    const run = new PureRun(eachThen(), [1, 2, 3]);
    expectSame(run, 'ready');
    run.schedule('each[0]', 'other');
    expectSame(run, 'scheduled');
    run.begin('each[0]');
    run.send({ type: 'PauseRun', commandId: 'p' });
    expectSame(run, 'paused');
    run.send({ type: 'ResumeRun', commandId: 'r' });
    run.complete('each[0]', 'a');
    run.fail('other');
    expectSame(run, 'waiting');
    run.run('each[1]', 'b');
    run.run('each[2]', 'c');
    expectSame(run, 'joined');
    run.retry('other');
    run.run('other');
    run.run('after');
    expectSame(run, 'ended');
  });

  it('restores what stood in for a forEach that took too long', () => {
    const run = new PureRun(eachThen(), [1, 2]);
    run.run('each[0]');
    run.fold(standIn);
    expect(run.task('each').output).to.equal('none');
    expectSame(run, 'value for a forEach');
  });

  it('of a restored run goes on like the run itself', () => {
    const run = new PureRun(eachThen(), [1]);
    run.schedule('each[0]');
    const copy = restored(run);
    expect(copy.commands).to.deep.equal(run.state.commands);
    expect(copy.definition.tasks[0]?.forEach?.items).to.have.property('fn');
  });

  it('does not keep the outputs of items twice', () => {
    const run = new PureRun(eachThen(), ['x']);
    run.run('each[0]', 'UNIQUE-OUTPUT');
    expect(serializeState(run.state).split('UNIQUE-OUTPUT')).to.have.length(2);
  });

  it('has a version, which is raised when the shape of the state changes', () => {
    const run = new PureRun(eachThen(), ['x']);
    const parts = [run.state, run.task('each'), run.task('each').items ?? {}, rootOf(run.state)];
    const shape = parts.map((part) => Object.keys(part).sort());
    const known = { v21: 'e60ed03a886c84775f11599971482a83d15095ad7db1ca6025aff59929328640' };
    expect(
      { [STATE_VERSION]: sha256(JSON.stringify(shape)) },
      'raise STATE_VERSION, and note its shape here',
    ).to.deep.equal(known);
  });
});

describe('replay', () => {
  it('gives the live state, and says so', () => {
    const run = new PureRun(eachThen(), [1]);
    for (const id of ['each[0]', 'other', 'after']) run.run(id);
    const result = replay(run.events);
    expect(result.matches).to.equal(true);
    expect(result.events).to.equal(run.events.length);
    expect(serializeState(stateOf(result.state))).to.equal(serializeState(run.state));
    expect(serializeState(run.replayed())).to.equal(
      serializeState({ ...run.state, definition: run.replayed().definition }),
    );
  });

  it('has nothing to compare with before the end', () => {
    const run = new PureRun(eachThen(), [1]);
    expect(replay(run.events)).to.include({ matches: undefined, recordedDigest: undefined });
  });

  it('notices a history that was tampered with', () => {
    const run = new PureRun(eachThen(), [1]);
    for (const id of ['each[0]', 'other', 'after']) run.run(id, 'true');
    const forged = run.events.map((event) =>
      event.type === 'TaskCompleted' && event.taskId === 'other' ? { ...event, output: 'forged' } : event,
    );
    expect(replay(forged).matches).to.equal(false);
  });

  it('notices what stood in for a forEach', () => {
    const run = new PureRun(eachThen(), [1, 2]);
    run.fold(standIn);
    run.run('other');
    run.run('after');
    const forged = run.events.map((event) =>
      event.type === 'TaskCompleted' && event.taskId === 'each' ? { ...event, output: 'forged' } : event,
    );
    expect(replay(run.events).matches).to.equal(true);
    expect(replay(forged).matches).to.equal(false);
  });
});
