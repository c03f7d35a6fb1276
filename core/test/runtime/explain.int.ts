import { defineAgent, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventually, gate, lastingStore, orchestrators, storePlugin } from './support.ts';

describe('a handle explains its run', () => {
  const { start } = orchestrators();
  const text = `
name: flow
tasks:
  a: { agent: work }
  b: { agent: work, after: a }
  go: { wait: { signal: go }, timeout: 1h }`;

  it('from its history, and from what this process has', async () => {
    const store = lastingStore();
    const work = gate('work', { obeys: true });
    const first = await start({
      plugins: [storePlugin(store)],
      workflows: [parseWorkflow(text)],
      agents: [work.agent],
    });
    const { id } = await first.startRun<unknown>('flow', null);
    await eventually(async () => (await first.run(id).explain()).tasks.some(({ reason }) => reason === 'working'));
    const working = await first.run(id).explain();
    expect(working.tasks.map(({ taskId, reason }) => [taskId, reason])).to.deep.equal([
      ['a', 'working'],
      ['b', 'dependencies'],
      ['go', 'signal'],
    ]);
    expect(working.waitsFor.map(({ taskId }) => taskId)).to.deep.equal(['a', 'go']);
    await first.stop({ drainMs: 0 });

    const other = defineAgent({ name: 'other', handle: async () => null });
    const second = await start({ plugins: [storePlugin(store)], agents: [other] });
    const run = second.run(id);
    await run.signal('go');
    expect(await run.outcome({ orStuck: true })).to.deep.include({ status: 'held' });
    expect((await run.explain()).summary).to.equal(
      "The run stands still: 'a' waits for a worker of the agent 'work': none is there.",
    );
    await run.cancel('enough');
    await run.outcome();
    const { status, tasks, summary } = await run.explain();
    expect({ status, tasks, summary }).to.deep.equal({
      status: 'cancelled',
      tasks: [],
      summary: 'The run was cancelled: enough.',
    });
  });
});
