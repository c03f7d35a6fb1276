import { parseWorkflow, type Workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateDigest } from '../../src/orchestration/workflow/digest/state-digest.ts';
import { explain } from '../../src/orchestration/workflow/explain/explain.ts';
import type { ExplainFacts } from '../../src/orchestration/workflow/explain/explanation.ts';
import { restoreState, serializeState } from '../../src/orchestration/workflow/state-codec.ts';
import { PureRun, START, types } from './pure-run.ts';

const run = (tasks: string): PureRun => new PureRun(parseWorkflow(`name: flow\ntasks:\n${tasks}`) as Workflow);

const assign = (r: PureRun, taskId: string, agent: string): void => {
  r.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId, agent }] });
};

/** The task fails at the agents, one after the other. */
function failAt(r: PureRun, taskId: string, ...agents: readonly string[]): void {
  for (const agent of agents) {
    assign(r, taskId, agent);
    r.fail(taskId, { lost: true });
    if (r.status(taskId) === 'waiting') r.retry(taskId);
  }
}

const ANY = '  t: { capability: print, retry: { maxAttempts: 9, initialDelay: 0 } }\n';

describe('the agents that failed at a task', () => {
  it('are kept in the order in which they did so the last time, lost attempts and others', () => {
    const r = run(ANY);
    failAt(r, 't', 'ada', 'ben', 'ada');
    expect(r.task('t').tried).to.deep.equal(['ben', 'ada']);
    assign(r, 't', 'cy');
    r.fire({ kind: 'attempt', taskId: 't', attempt: r.task('t').attempt });
    r.fail('t');
    expect(r.task('t').tried).to.deep.equal(['ben', 'ada', 'cy']);
    expect(r.replayed().tasks.get('t')?.tried).to.deep.equal(['ben', 'ada', 'cy']);
    expect(restoreState(serializeState(r.state), (definition) => definition).tasks.get('t')?.tried).to.deep.equal([
      'ben',
      'ada',
      'cy',
    ]);
  });

  it('are of one round', () => {
    const r = run(
      '  t: { capability: print, retry: { maxAttempts: 9, initialDelay: 0 }, repeat: { until: round == 2, max: 3 } }\n',
    );
    failAt(r, 't', 'ada');
    r.run('t');
    expect([r.task('t').round, r.task('t').tried]).to.deep.equal([2, undefined]);
  });

  it('are kept of each item for itself', () => {
    const r = run(
      "  t: { capability: print, forEach: { items: '[1, 2]' }, retry: { maxAttempts: 9, initialDelay: 0 } }\n",
    );
    failAt(r, 't[0]', 'ada');
    expect([r.task('t[0]').tried, r.task('t[1]').tried]).to.deep.equal([['ada'], undefined]);
  });

  for (const [what, tasks] of [
    ['is for an agent by its name', '  t: { agent: ada }\n'],
    ['may be made only once', '  t: { capability: print, delivery: at-most-once, fallback: { value: 1 } }\n'],
    ['has fallen back to an agent', '  t: { capability: print, retry: 1, fallback: { agent: old } }\n'],
  ] as const)
    it(`are not kept of a task that ${what}`, () => {
      const r = run(tasks);
      const before = what.startsWith('has');
      if (before) {
        assign(r, 't', 'ada');
        r.fail('t', { retryable: false });
      }
      const tried = r.task('t').tried;
      assign(r, 't', 'old');
      r.fail('t');
      expect(r.task('t').tried).to.deep.equal(tried);
      expect(tried).to.deep.equal(before ? ['ada'] : undefined);
    });
});

describe('what is put on record of an agent', () => {
  const facts = (now: number): ExplainFacts => ({ now });
  const until = START + 30_000;
  const noted = (r: PureRun, agent = 'ada') => r.send({ type: 'NoteAgent', agent, rested: { until, failures: 3 } });

  it('changes nothing but what is told of the run, until then', () => {
    const r = run('  t: { agent: ada }\n  u: { capability: print }\n');
    const before = stateDigest(r.state);
    expect(noted(r)).to.deep.equal([{ type: 'AgentRested', at: START, agent: 'ada', until, failures: 3 }]);
    expect(stateDigest(r.state)).to.equal(before);
    expect(r.ready()).to.deep.equal(['t', 'u']);
    const told = (now: number) => explain(r.state, facts(now)).map(({ taskId, reason }) => [taskId, reason]);
    expect(told(START)).to.deep.equal([
      ['t', 'rested'],
      ['u', 'ready'],
    ]);
    expect(explain(r.state, facts(START))[0]).to.deep.include({
      agent: 'ada',
      until,
      trying: false,
      mover: 'timer',
      waits: "waits for 'ada', which failed too often and rests",
      moves: 'The agent is tried again in 30.0s, with one attempt.',
    });
    expect(told(until)[0]).to.deep.equal(['t', 'ready']);
  });

  it('is over when the agent is back', () => {
    const r = run('  t: { agent: ada }\n');
    noted(r);
    noted(r, 'ben');
    noted(r);
    expect(r.state.rested?.map(({ agent }) => agent)).to.deep.equal(['ben', 'ada']);
    expect(types(r.send({ type: 'NoteAgent', agent: 'ada' }))).to.deep.equal(['AgentBack']);
    expect(explain(r.state, facts(START))[0]?.reason).to.equal('ready');
    expect(r.replayed().rested).to.deep.equal([{ agent: 'ben', until }]);
  });

  it('goes by what the process that drives knows, where that can be asked', () => {
    const r = run('  t: { agent: ada }\n');
    const admission = { limit: "agent 'ada'", used: 1, most: 5, nextAt: undefined, others: 0 };
    const told = (rested: { agent: string; until: number | undefined; trying: boolean } | undefined) =>
      explain(r.state, { now: START, admission: () => ({ ...admission, ...(rested && { rested }) }) })[0];
    expect(told(undefined)?.reason).to.equal('admission');
    expect(told({ agent: 'ada', until, trying: true })).to.deep.include({
      reason: 'rested',
      waits: "waits for 'ada', which failed too often and is being tried with another attempt",
      moves: 'It begins when that ends well; else the next one to try it begins in 30.0s.',
    });
    r.send({ type: 'PauseRun' });
    expect(told({ agent: 'ada', until, trying: false })?.reason).to.equal('paused');
  });

  it('is nothing once the run has ended', () => {
    const r = run('  t: { agent: ada }\n');
    r.send({ type: 'CancelRun', commandId: 'c' });
    expect(noted(r)).to.deep.equal([]);
  });

  it('comes before what follows from the event that it is about', () => {
    const r = run('  t: { agent: ada, retry: 1 }\n');
    r.schedule('t');
    r.notes = () => [
      { type: 'NoteAgent', commandId: 'n', runId: r.runId, agent: 'ada', rested: { until, failures: 3 } },
    ];
    expect(types(r.fail('t'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'AgentRested', 'RunFailed']);
  });
});
