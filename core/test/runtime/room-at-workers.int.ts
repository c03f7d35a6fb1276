import { parseWorkflow, type Workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { world } from './remote-world.ts';
import { eventsOf, gate, only } from './support.ts';

const ONE = parseWorkflow('name: one\ntasks: { a: { agent: work, retry: 3 } }') as Workflow;
const URGENT = parseWorkflow('name: urgent\ntasks: { a: { agent: work, retry: 3, priority: 9 } }') as Workflow;
const ONCE = parseWorkflow('name: once\ntasks: { a: { agent: work, delivery: at-most-once } }') as Workflow;

// Of a transport where a message goes to one worker's place, as a partition of Kafka is.

describe('work and the workers that have room', () => {
  const { until, pass, engine, worker, send } = world({ durable: true, placed: true });
  const workflows = [ONE, URGENT, ONCE];
  /** What an orchestrator of which this one knows nothing has sent to a place. */
  const occupy = (place: number): Promise<void> => {
    const dispatch = { workflow: 'x', taskId: 'a', attempt: 1, round: 1, agent: 'work', priority: 0, input: null };
    const more = { delivery: 'at-least-once', idempotencyKey: 'k' };
    const of = { runid: `other-${place}`, taskid: 'a', attempt: 1 };
    return send(`reprise.agent.work#${place}`, 'reprise.dispatch', { ...dispatch, ...more }, of);
  };

  it('goes to the one that has most room, wherever its key would send it', async () => {
    const [full, idle] = [gate('work', { concurrency: 2 }), gate('work', { concurrency: 8 })];
    const reprise = await engine({ workflows });
    await worker(full.agent);
    await worker(idle.agent);
    const runs = await Promise.all(Array.from({ length: 6 }, () => reprise.startRun(ONE, null)));
    await until(() => full.waiting + idle.waiting === 6);
    expect(idle.waiting, 'eight against two').to.equal(6);
    for (let n = 0; n < 6; n += 1) idle.answer(n);
    for (const run of runs) expect((await run.outcome()).status).to.equal('completed');
  });

  it('that a full one was sent is given back, and begins at one that has room within a second, the most urgent first', async () => {
    const full = gate('work', { concurrency: 1 });
    const reprise = await engine({ workflows, limits: { leaseMs: 30_000, redispatchMs: 600_000 } });
    await worker(full.agent);
    await occupy(0);
    await until(() => full.waiting === 1);
    const low = await reprise.startRun(ONE, null);
    await pass(2000);
    expect(only(await eventsOf(reprise, low.id), 'TaskScheduled')).to.have.length(1);
    expect(full.waiting, 'it was not begun').to.equal(1);
    const idle = gate('work', { concurrency: 1 });
    await worker(idle.agent);
    await until(() => idle.waiting === 1, 1000);
    expect(idle.calls[0]?.runId).to.equal(low.id);
    idle.answer('done');
    expect(await low.result()).to.equal('done');
    expect(only(await eventsOf(reprise, low.id), 'TaskStarted').length, 'one attempt').to.equal(1);
  });

  it('that is given back waits for room by its priority, and an at-most-once attempt is made once', async () => {
    const [a, b] = [gate('work', { concurrency: 1 }), gate('work', { concurrency: 1 })];
    const reprise = await engine({ workflows, limits: { leaseMs: 60_000, redispatchMs: 600_000 } });
    await worker(a.agent);
    await worker(b.agent);
    await Promise.all([occupy(0), occupy(2)]);
    await until(() => a.waiting === 1 && b.waiting === 1);
    // Two are sent, as it thinks that there is room for them.
    const low = await reprise.startRun(ONCE, null);
    const high = await reprise.startRun(URGENT, null);
    await pass(3000);
    expect([a.calls.length, b.calls.length]).to.deep.equal([1, 1]);
    a.answer(null);
    await until(() => a.waiting === 1, 1500);
    expect(a.calls[1]?.runId).to.equal(high.id);
    a.answer('high');
    await until(() => a.waiting === 1, 1500);
    expect(a.calls[2]?.runId).to.equal(low.id);
    a.answer('low');
    expect([await high.result(), await low.result()]).to.deep.equal(['high', 'low']);
    await pass(60_000);
    expect([...a.calls, ...b.calls].filter(({ runId }) => runId === low.id)).to.have.length(1);
  });
});
