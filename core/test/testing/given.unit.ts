import { workflow } from '@reprise/core';
import { given, started, TEST_RUN_ID } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const flow = workflow<unknown>('flow').task('a', 'agent').task('b', 'agent', { after: 'a' }).build();
const scheduled = { type: 'TaskScheduled', taskId: 'a', attempt: 1, agent: 'agent', input: 'in' } as const;
const done = { type: 'CompleteTask', taskId: 'a', attempt: 1, output: { n: 1 } } as const;

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe('given, when, then', () => {
  it('passes when the events are those that were expected', () => {
    const outcome = given(started(flow, 'in'), scheduled).when(done);
    outcome.thenEvents({ type: 'TaskCompleted', taskId: 'a', output: { n: 1 } });
    expect(outcome.state.tasks.get('b')?.status).to.equal('ready');
    expect(outcome.events[0]).to.have.property('at');
  });

  it('says when, and what chance says', () => {
    const { events } = given(started(flow, 'in'), scheduled).when(
      { type: 'FailTask', taskId: 'a', attempt: 1, error: { code: 'X', message: 'x', retryable: true } },
      { now: 5000, random: () => 0.5 },
    );
    expect(events[0]).to.include({ at: 5000, retryAt: 6000 });
  });

  it('takes several commands in a row', () => {
    given()
      .when([
        { type: 'StartRun', definition: flow.definition, definitionHash: 'h', input: 1 },
        { type: 'PauseRun' },
        { type: 'CancelRun' },
      ])
      .thenEvents(
        { type: 'RunStarted', runId: TEST_RUN_ID },
        { type: 'RunPaused', commandId: 'command-2' },
        { type: 'RunCancelled' },
      );
  });

  it('shows what differs, field by field', () => {
    const text = messageOf(() =>
      given(started(flow), scheduled)
        .when(done)
        .thenEvents({ type: 'TaskCompleted', output: { n: 2 } }),
    );
    expect(text).to.contain('- TaskCompleted { output: {"n":2} }').and.contain('+ TaskCompleted { output: {"n":1} }');
  });

  it('shows what is missing, too much, or something else', () => {
    const outcome = given(started(flow), scheduled).when(done);
    expect(messageOf(() => outcome.thenEvents())).to.contain('+ TaskCompleted {');
    expect(messageOf(() => outcome.thenEvents({ type: 'TaskCompleted' }, { type: 'RunCompleted' }))).to.match(
      / {4}TaskCompleted\n {2}- RunCompleted/,
    );
    const other = messageOf(() => outcome.thenEvents({ type: 'TaskFailed', taskId: 'a' }));
    expect(other).to.contain('- TaskFailed { taskId: "a" }').and.contain('+ TaskCompleted { at:');
  });

  it('can ask for a field not to be there', () => {
    const outcome = given(started(flow), scheduled).when(done);
    expect(messageOf(() => outcome.thenEvents({ type: 'TaskCompleted', output: undefined }))).to.contain(
      'output: nothing',
    );
  });

  it('leaves the history that it starts from alone', () => {
    const history = given(started(flow), scheduled);
    history.when(done).thenEvents({ type: 'TaskCompleted' });
    history.when(done).thenEvents({ type: 'TaskCompleted' });
  });
});
