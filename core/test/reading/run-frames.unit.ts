import {
  createInMemoryStorage,
  createReprise,
  defineAgent,
  inMemoryEventStore,
  loadDefinition,
  RunFrames,
  RunReader,
  runGraph,
  type Storage,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const worker = defineAgent({ name: 'worker', handle: async (task: { input: unknown }) => task.input });

/** A run of `tasks` items, and what reads it; `reads` are the revisions that histories were read from. */
async function ended(tasks: number) {
  const storage: Storage = createInMemoryStorage();
  const list = loadDefinition({ name: 'list', version: '1', tasks: { each: { agent: 'worker', forEach: 'input' } } });
  const store = { ...inMemoryEventStore(), create: () => storage };
  const orchestrator = await createReprise({ agents: [worker], workflows: [list], plugins: [store] });
  await orchestrator.start();
  const handle = await orchestrator.startRun('list', [...Array(tasks).keys()]);
  await handle.outcome();
  const reader = new RunReader(storage);
  const reads: number[] = [];
  const counted = {
    history: (runId: string, from = 0) => {
      reads.push(from);
      return reader.history(runId, from);
    },
  };
  return { reader, counted, reads, runId: handle.id, stop: () => orchestrator.stop() };
}

describe('keyframes of runs', () => {
  it('give at every revision what a replay from the beginning gives', async () => {
    const { reader, counted, runId, stop } = await ended(4);
    const frames = new RunFrames(counted, { every: 3 });
    const { revision: last } = await reader.last(runId);
    expect(last).to.be.greaterThan(10);
    // Backwards, so that most states are folded from a keyframe.
    for (let at = last; at >= 0; at -= 1)
      expect(JSON.stringify(await frames.state(runId, at)), `revision ${at}`).to.equal(
        JSON.stringify(await reader.state(runId, at)),
      );
    expect((await frames.state(runId, last + 100)).revision).to.equal(last);
    await stop();
  });

  it('are read from, once made, instead of the beginning', async () => {
    const { counted, reads, runId, stop } = await ended(4);
    const frames = new RunFrames(counted, { every: 5 });
    await frames.state(runId);
    await frames.state(runId, 11);
    await frames.state(runId, 3);
    expect(reads).to.deep.equal([0, 10, 0]);
    reads.length = 0;
    const together = new RunFrames(counted, { every: 5 });
    await Promise.all([together.state(runId), together.state(runId, 11), together.state(runId, 12)]);
    expect(reads).to.deep.equal([0, 10, 10]);
    await stop();
  });

  it('take no more room than they may', async () => {
    const { reader, counted, runId, stop } = await ended(30);
    const frames = new RunFrames(counted, { every: 2, maxChars: 60_000 });
    await frames.state(runId);
    expect(frames.size).to.be.greaterThan(0).and.at.most(60_000);
    expect(JSON.stringify(await frames.state(runId, 40))).to.equal(JSON.stringify(await reader.state(runId, 40)));
    await stop();
  });

  it('reject for a run that is not there', async () => {
    const { counted, stop } = await ended(1);
    let code: unknown;
    await new RunFrames(counted).state('nobody').catch((error: { code: unknown }) => {
      code = error.code;
    });
    expect(code).to.equal('REPRISE_RUN_NOT_FOUND');
    await stop();
  });

  it('have a graph at every revision', async () => {
    const { reader, runId, stop } = await ended(3);
    const graph = runGraph(await reader.state(runId));
    expect(graph.edges).to.deep.equal([]);
    expect(graph.nodes).to.have.length(1);
    expect(graph.nodes[0]).to.deep.include({ id: 'each', look: 'completed', work: 'worker', frame: false });
    expect(graph.nodes[0]?.items).to.include({ total: 3, ended: 3 });
    await stop();
  });
});
