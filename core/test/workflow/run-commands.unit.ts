import { given, started } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PureRun, types } from './pure-run.ts';
import { chain, single } from './samples.ts';

const a1 = { taskId: 'a', attempt: 1 } as const;
const scheduled = { type: 'TaskScheduled', ...a1, agent: 'agent', input: null } as const;
const cancelled = { type: 'RunCancelled', commandId: 'x', stateDigest: '' } as const;

describe('StartRun', () => {
  const definition = chain().definition;
  const start = { type: 'StartRun', commandId: 'start', definition, definitionHash: 'h', input: 1 } as const;

  it('begins the run', () => {
    const { events, state } = given().when(start);
    expect(types(events)).to.deep.equal(['RunStarted']);
    expect(state.status).to.equal('running');
    expect(state.input).to.equal(1);
  });

  it('is nothing when the same command comes twice', () => {
    given().when([start, start]).thenEvents({ type: 'RunStarted' });
  });

  it('is rejected when another command started the run', () => {
    given()
      .when([start, { ...start, commandId: 'other' }])
      .thenEvents({ type: 'RunStarted' }, { type: 'CommandRejected', code: 'REPRISE_RUN_EXISTS', commandId: 'other' });
  });

  it('records where the run comes from', () => {
    const lineage = { runId: 'old', revision: 3 };
    given()
      .when({ ...start, lineage })
      .thenEvents({ type: 'RunStarted', lineage });
  });
});

describe('a command for a run that does not exist', () => {
  for (const command of [
    { type: 'PauseRun' },
    { type: 'CancelRun' },
    { type: 'CompleteTask', ...a1, output: 1 },
    { type: 'FireTimer', timer: { kind: 'run' }, at: 0 },
  ] as const) {
    it(`${command.type} is rejected and changes nothing`, () => {
      const { events, state } = given().when(command);
      expect(events).to.have.length(1);
      expect(events[0]).to.include({ type: 'CommandRejected', code: 'REPRISE_RUN_NOT_FOUND' });
      expect(state.revision).to.equal(-1);
    });
  }
});

describe('PauseRun and ResumeRun', () => {
  it('pause, and nothing is scheduled', () => {
    const run = new PureRun(chain());
    expect(types(run.send({ type: 'PauseRun', reason: 'lunch' }))).to.deep.equal(['RunPaused']);
    expect(run.schedule('a')).to.deep.equal([]);
    expect(run.state.status).to.equal('paused');
  });

  it('let attempts under way end, and their successors wait', () => {
    const run = new PureRun(chain());
    run.schedule('a');
    run.send({ type: 'PauseRun' });
    expect(types(run.complete('a'))).to.deep.equal(['TaskCompleted']);
    expect(run.ready()).to.deep.equal(['b']);
    expect(run.schedule('b')).to.deep.equal([]);
    run.send({ type: 'ResumeRun' });
    expect(types(run.schedule('b'))).to.deep.equal(['TaskScheduled']);
  });

  it('are nothing when they come twice, whatever came between', () => {
    const run = new PureRun(chain());
    run.send({ type: 'PauseRun', commandId: 'p' });
    expect(run.send({ type: 'PauseRun', commandId: 'p' })).to.deep.equal([]);
    run.send({ type: 'ResumeRun', commandId: 'r' });
    expect(run.send({ type: 'PauseRun', commandId: 'p' })).to.deep.equal([]);
    expect(run.send({ type: 'ResumeRun', commandId: 'r' })).to.deep.equal([]);
    expect(run.state.status).to.equal('running');
  });

  it('are rejected, on record, when they do not fit', () => {
    given(started(chain()))
      .when({ type: 'ResumeRun' })
      .thenEvents({ type: 'CommandRejected', command: 'ResumeRun', code: 'REPRISE_COMMAND_INVALID' });
    given(started(chain()), { type: 'RunPaused', commandId: 'p' })
      .when({ type: 'PauseRun' })
      .thenEvents({ type: 'CommandRejected', command: 'PauseRun', code: 'REPRISE_COMMAND_INVALID' });
  });
});

describe('CancelRun', () => {
  it('ends the run and everything in it', () => {
    const run = new PureRun(chain());
    run.schedule('a');
    expect(types(run.send({ type: 'CancelRun', reason: 'enough' }))).to.deep.equal(['RunCancelled']);
    expect(run.state).to.include({ status: 'cancelled', cancelReason: 'enough', inFlight: 0, readyCount: 0 });
    expect([run.status('a'), run.status('b')]).to.deep.equal(['cancelled', 'cancelled']);
  });

  it('works on a paused run', () => {
    given(started(chain()), { type: 'RunPaused', commandId: 'p' })
      .when({ type: 'CancelRun' })
      .thenEvents({ type: 'RunCancelled', reason: undefined });
  });

  it('is nothing the second time', () => {
    given(started(chain()), cancelled).when({ type: 'CancelRun' }).thenEvents();
  });
});

describe('a run that has ended', () => {
  const ended = given(started(chain()), scheduled, cancelled);

  for (const type of ['PauseRun', 'ResumeRun', 'RetryTasks'] as const) {
    it(`rejects ${type}, and the history takes nothing`, () => {
      const { events, state } = ended.when({ type });
      expect(events[0]).to.include({ type: 'CommandRejected', code: 'REPRISE_RUN_CLOSED' });
      expect(state.revision).to.equal(2);
    });
  }

  for (const command of [
    { type: 'CompleteTask', ...a1, output: 1 },
    { type: 'FailTask', ...a1, error: { code: 'X', message: 'x', retryable: true } },
    { type: 'StartTask', ...a1, worker: 'w' },
    { type: 'FireTimer', timer: { kind: 'run' }, at: 0 },
    { type: 'ScheduleTasks', strategy: 'graph', assignments: [{ taskId: 'a', agent: 'agent' }] },
  ] as const) {
    it(`is silent to a late ${command.type}`, () => {
      ended.when(command).thenEvents();
    });
  }

  it('rejects CancelRun when it ended otherwise', () => {
    given(started(single()), { type: 'RunCompleted', stateDigest: '' })
      .when({ type: 'CancelRun' })
      .thenEvents({ type: 'CommandRejected', code: 'REPRISE_RUN_CLOSED' });
  });

  it('folds nothing more', () => {
    const { state } = given(started(chain()), cancelled, { type: 'RunResumed', commandId: 'r' }).when([]);
    expect(state.status).to.equal('cancelled');
    expect(state.revision).to.equal(2);
  });
});

describe('a command from outside', () => {
  it('takes effect once, by its id, whatever became of the run since', () => {
    const run = new PureRun(single({ retry: 3 }));
    run.schedule('a');
    run.fail('a');
    const retry = { type: 'RetryTasks', commandId: 'retry' } as const;
    expect(types(run.send(retry))).to.deep.equal(['TaskReady']);
    expect(run.send(retry), 'at once').to.deep.equal([]);
    run.schedule('a');
    run.fail('a');
    expect(run.send(retry), 'while the next retry is waited for').to.deep.equal([]);
    expect(run.status('a')).to.equal('waiting');
    const pause = { type: 'PauseRun', commandId: 'pause' } as const;
    const cancel = { type: 'CancelRun', commandId: 'cancel' } as const;
    run.send(pause);
    run.send(cancel);
    for (const again of [retry, pause, cancel]) expect(run.send(again), again.type).to.deep.equal([]);
    expect(run.replayed().commands).to.deep.equal(run.state.commands);
  });

  it('is another one for another id, and refused where it does not fit', () => {
    const run = new PureRun(single());
    run.send({ type: 'CancelRun', commandId: 'one' });
    expect(types(run.send({ type: 'PauseRun', commandId: 'two' }))).to.deep.equal(['CommandRejected']);
  });
});

describe('RetryTasks', () => {
  const waiting = () => {
    const run = new PureRun(single({ retry: 3 }));
    run.schedule('a');
    run.fail('a');
    return run;
  };

  it('makes what waits for a retry ready at once', () => {
    const run = waiting();
    expect(run.status('a')).to.equal('waiting');
    expect(run.send({ type: 'RetryTasks' })[0]).to.include({ type: 'TaskReady', taskId: 'a', reason: 'manual' });
    expect(run.retry('a'), 'the timer of that retry is late').to.deep.equal([]);
    expect(types(run.schedule('a'))).to.deep.equal(['TaskScheduled']);
  });

  it('can pick one task', () => {
    expect(types(waiting().send({ type: 'RetryTasks', taskId: 'a' }))).to.deep.equal(['TaskReady']);
  });

  it('is rejected when nothing waits', () => {
    expect(waiting().send({ type: 'RetryTasks', taskId: 'b' })[0]).to.include({ code: 'REPRISE_COMMAND_INVALID' });
    expect(new PureRun(single()).send({ type: 'RetryTasks' })[0]).to.include({ code: 'REPRISE_COMMAND_INVALID' });
  });
});
