import {
  type AgentRow,
  agents,
  createInMemoryStorage,
  foldView,
  NO_STREAM,
  parseWorkflow,
  runStream,
  type Workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { toNewEvent } from '../../src/orchestration/runtime/new-event.ts';
import { PureRun, START } from '../workflow/pure-run.ts';
import { viewEvents } from './view-events.ts';

const FLOW = parseWorkflow(`
name: flow
tasks:
  a: { agent: ada, retry: { maxAttempts: 3, initialDelay: 0 } }
  b: { agent: ben }
  r: { agent: ada, repeat: { until: round == 2, max: 3 } }
`) as Workflow;

const run = (runId: string): PureRun => new PureRun(FLOW, null, { runId });

const assign = (r: PureRun, taskId: string, agent: string): unknown =>
  r.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId, agent }] });

/** The rows of the view. `copied`: so many events of each run happened elsewhere. */
async function rowsOf(runs: readonly PureRun[], copied = 0): Promise<Record<string, AgentRow>> {
  const storage = createInMemoryStorage();
  for (const { runId, events, state } of runs) {
    const all = events.map((event, index) => {
      const recorded = toNewEvent(event, `${runId}-${index}`, { commandId: 'c' }, state);
      if (index >= copied) return recorded;
      return { ...recorded, metadata: { ...recorded.metadata, origin: { runId: 'other', revision: index, id: 'x' } } };
    });
    await storage.events.append(runStream(runId), all as never, NO_STREAM);
  }
  const rows = foldView(agents, await viewEvents(storage));
  return Object.fromEntries([...rows].filter(([key]) => !key.startsWith('~'))) as Record<string, AgentRow>;
}

describe('the view of agents', () => {
  it('counts attempts by agent, over all runs, and has the last failure of each', async () => {
    const [one, two] = [run('one'), run('two')];
    assign(one, 'a', 'ada');
    one.fail('a', { code: 'BUSY' });
    one.retry('a');
    assign(one, 'a', 'ada');
    one.complete('a');
    assign(one, 'b', 'ben');
    two.now = START + 5000;
    assign(two, 'a', 'ada');
    two.fail('a', { code: 'REPRISE_WORKER_LOST', lost: true });
    expect(await rowsOf([one, two])).to.deep.equal({
      ada: {
        agent: 'ada',
        attempts: 3,
        failed: 2,
        lost: 1,
        last: START + 5000,
        lastFailure: {
          at: START + 5000,
          runId: 'two',
          taskId: 'a',
          attempt: 1,
          code: 'REPRISE_WORKER_LOST',
          message: 'REPRISE_WORKER_LOST!',
        },
      },
      ben: { agent: 'ben', attempts: 1, failed: 0, lost: 0, last: START },
    });
  });

  it('has an agent rest until it is back, or an attempt ended well there after that', async () => {
    const rests = (r: PureRun): unknown =>
      r.send({ type: 'NoteAgent', agent: 'ada', rested: { until: r.now + 1000, failures: 3 } });
    const r = run('one');
    assign(r, 'a', 'ada');
    assign(r, 'r', 'ada');
    rests(r);
    const rested = { until: START + 1000, failures: 3 };
    expect((await rowsOf([r]))['ada']?.rested).to.deep.equal(rested);
    r.complete('r');
    expect((await rowsOf([r]))['ada']?.rested, 'that was under way before').to.deep.equal(rested);
    r.now = START + 1000;
    r.complete('a');
    expect((await rowsOf([r]))['ada']?.rested).to.equal(undefined);
    rests(r);
    expect((await rowsOf([r]))['ada']?.rested).to.deep.equal({ until: START + 2000, failures: 3 });
    r.send({ type: 'NoteAgent', agent: 'ada' });
    expect((await rowsOf([r]))['ada']?.rested).to.equal(undefined);
  });

  it('leaves out what a run has copied', async () => {
    const r = run('one');
    assign(r, 'a', 'ada');
    r.fail('a');
    const copied = r.events.length;
    expect(await rowsOf([r], copied)).to.deep.equal({});
    r.retry('a');
    assign(r, 'a', 'ada');
    r.fail('a', { code: 'OWN' });
    expect((await rowsOf([r], copied))['ada']).to.deep.include({ attempts: 1, failed: 1 });
  });

  it('remembers nothing of a run that has ended', async () => {
    const r = run('one');
    assign(r, 'a', 'ada');
    r.send({ type: 'CancelRun', commandId: 'c' });
    const storage = createInMemoryStorage();
    await storage.events.append(
      runStream('one'),
      r.events.map((event, index) => toNewEvent(event, `${index}`, { commandId: 'c' }, r.state)) as never,
      NO_STREAM,
    );
    expect([...foldView(agents, await viewEvents(storage)).keys()]).to.deep.equal(['ada']);
  });
});
