import {
  createInMemoryStorage,
  createReprise,
  defineAgent,
  inMemoryEventStore,
  type Keyframe,
  type KeyframeStore,
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

/** A store of keyframes of one run. */
function keyframes(given: readonly Keyframe[] = []) {
  const kept = new Map(given.map((frame) => [frame.revision, frame]));
  const store = {
    kept,
    forgotten: 0,
    load: async (_run: string, _version: string, { after, at }: { readonly after: number; readonly at: number }) =>
      [...kept.values()].findLast(({ revision }) => revision > after && revision <= at),
    save: async (_run: string, _version: string, frame: Keyframe) => {
      kept.set(frame.revision, frame);
    },
    forget: async () => {
      store.forgotten += 1;
      kept.clear();
    },
    close: async () => undefined,
  };
  return store satisfies KeyframeStore;
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

  it('are found again by the next process, in a store of them', async () => {
    const { reader, counted, reads, runId, stop } = await ended(30);
    const store = keyframes();
    await new RunFrames(counted, { every: 5, store }).state(runId);
    expect(store.kept.size).to.be.greaterThan(10);
    reads.length = 0;
    const next = new RunFrames(counted, { every: 5, store });
    const { revision: last } = await next.state(runId);
    // The event that the keyframe was made at, and what came after it.
    const frame = Math.max(...store.kept.keys());
    expect(reads).to.deep.equal([frame, frame + 1]);
    for (let at = last; at >= 0; at -= 3)
      expect(JSON.stringify(await next.state(runId, at)), `revision ${at}`).to.equal(
        JSON.stringify(await reader.state(runId, at)),
      );
    await stop();
  });

  it('of a store that lies, throws or is of another history cost no more than folding again', async () => {
    const { reader, counted, runId, stop } = await ended(30);
    const right = JSON.stringify(await reader.state(runId));
    const good = keyframes();
    await new RunFrames(counted, { every: 5, store: good }).state(runId);
    const frames = [...good.kept.values()];
    const lies = {
      'another history': frames.map((one) => ({ ...one, eventId: 'another' })),
      'another revision': frames.map((one) => ({ ...one, state: frames[0]?.state ?? '' })),
      'no state': frames.map((one) => ({ ...one, state: '{' })),
      'beyond the end': [{ ...(frames.at(-1) as Keyframe), revision: 100_000 }],
    };
    for (const [what, told] of Object.entries(lies)) {
      const store = keyframes(told);
      expect(JSON.stringify(await new RunFrames(counted, { every: 5, store }).state(runId)), what).to.equal(right);
      expect(store.forgotten, what).to.equal(1);
    }
    const errors: unknown[] = [];
    const throwing = async (): Promise<never> => Promise.reject(new Error('the disk is full'));
    const store = { load: throwing, save: throwing, forget: throwing, close: throwing };
    const told = new RunFrames(counted, { every: 5, store, onError: (error) => errors.push(error) });
    expect(JSON.stringify(await told.state(runId))).to.equal(right);
    expect(errors.map(String)).to.deep.equal(['Error: the disk is full']);
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
