import { createInMemoryStorage, defineAgent, type Orchestrator, type Storage, workflow } from '@reprise/core';
import { nextTurn, type Snapshot } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changedStore, eventsOf, eventually, gate, lastingStore, only, orchestrators, storePlugin } from './support.ts';

/** A store that counts the events it hands out. */
function countingStore(store: Storage) {
  const read = new Map<string, number>();
  const counting = changedStore(store, {
    read: async (stream, options) => {
      const page = await store.events.read(stream, options);
      read.set(stream, (read.get(stream) ?? 0) + page.length);
      return page;
    },
  });
  return { store: counting, readOf: (runId: string) => read.get(`run-${runId}`) ?? 0 };
}

describe('The cache of runs', () => {
  const { start } = orchestrators();

  it('may be tiny: runs that leave it are folded again, and end as they should', async () => {
    const { store, readOf } = countingStore(createInMemoryStorage());
    const add = defineAgent({
      name: 'add',
      // Of different lengths, so that runs are not all at hand at the same moments.
      handle: async ({ input }: { input: number }) => {
        for (let turn = 0; turn < input % 7; turn += 1) await nextTurn();
        return input + 1;
      },
    });
    const definition = workflow<number>('chain')
      .task('a', add)
      .task('b', add, { after: 'a', forEach: ({ outputs }) => [outputs.a, outputs.a * 10] })
      .task('c', add, { after: 'b', input: ({ outputs }) => outputs.b[0] ?? 0 })
      .build();
    const reprise = await start({
      plugins: [storePlugin(store)],
      workflows: [definition],
      limits: { maxCachedTasks: 2 },
    });
    const runs = await Promise.all(Array.from({ length: 30 }, (_, n) => reprise.startRun(definition, n)));
    expect(await Promise.all(runs.map((run) => run.result()))).to.deep.equal(runs.map((_, n) => n + 3));
    expect(runs.some(({ id }) => readOf(id) > 0)).to.equal(true);
    for (const { id } of runs) {
      expect(only(await eventsOf(reprise, id), 'TaskCompleted')).to.have.length(5);
      expect((await reprise.runs.replay(id)).matches).to.equal(true);
    }
  });

  it('keeps what fits: a run at hand is not read', async () => {
    const { store, readOf } = countingStore(createInMemoryStorage());
    const work = gate('work');
    const definition = workflow('kept').task('a', work.agent).task('b', work.agent, { after: 'a' }).build();
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    for (const output of [1, 2]) {
      await eventually(() => work.waiting === 1);
      work.answer(output);
    }
    await run.result();
    expect(readOf(run.id)).to.equal(0);
  });
});

describe('Snapshots', () => {
  const { start } = orchestrators();

  /** A run of many items, half of them done, whose orchestrator was stopped. */
  const half = async (store: Storage) => {
    const items = Array.from({ length: 40 }, (_, index) => index);
    const work = gate('work', { concurrency: 40 });
    const definition = workflow('many')
      .task('a', work.agent, { forEach: { items: () => items, concurrency: 40 } })
      .build();
    const open = (): Promise<Orchestrator> =>
      start({ plugins: [storePlugin(store)], workflows: [definition], limits: { snapshotEvery: 10 } });
    const first = await open();
    const run = await first.startRun(definition, 1, { id: 'r1' });
    await eventually(() => work.waiting === 40);
    for (let index = 0; index < 20; index += 1) {
      work.answer(index);
      await eventually(async () => only(await eventsOf(first, run.id), 'TaskCompleted').length === index + 1);
    }
    await first.stop({ drainMs: 0 });
    while (work.waiting > 0) work.answer('left behind');
    const finish = async (reprise: Orchestrator): Promise<unknown> => {
      await eventually(() => work.waiting === 20);
      for (let index = 20; index < 40; index += 1) work.answer(index);
      return await reprise.run('r1').result();
    };
    return { items, open, finish };
  };

  it('are written as a run grows, and spare reading what came before', async () => {
    const lasting = lastingStore();
    const { store, readOf } = countingStore(lasting);
    const { items, open, finish } = await half(store);
    const snapshot = await lasting.snapshots?.load('run-r1');
    expect(snapshot?.revision).to.be.greaterThan(30);
    const before = readOf('r1');
    const total = (await lasting.events.read('run-r1')).length;
    const reprise = await open();
    expect(readOf('r1') - before).to.be.lessThan(total - (snapshot?.revision ?? 0) + 1);
    expect(await finish(reprise)).to.deep.equal(items);
    expect((await reprise.runs.replay('r1')).matches).to.equal(true);
  });

  const ruined: Record<string, (snapshot: Snapshot) => Snapshot> = {
    'of another schema': (snapshot) => ({ ...snapshot, schema: 'another', state: '{}' }),
    'that are torn': (snapshot) => ({ ...snapshot, state: snapshot.state.slice(0, -100) }),
    'of nothing': (snapshot) => ({ ...snapshot, state: 'null' }),
  };
  for (const [what, ruin] of Object.entries(ruined)) {
    it(`${what} are ignored: the history is read instead`, async () => {
      const lasting = lastingStore();
      const { items, open, finish } = await half(lasting);
      const snapshot = await lasting.snapshots?.load('run-r1');
      if (snapshot === undefined) throw new Error('no snapshot was written');
      await lasting.snapshots?.save('run-r1', ruin(snapshot));
      const reprise = await open();
      expect(await finish(reprise)).to.deep.equal(items);
      expect((await reprise.runs.replay('r1')).matches).to.equal(true);
    });
  }

  it('that cannot be written cost nothing but time', async () => {
    const store = createInMemoryStorage();
    const broken = changedStore(
      store,
      {},
      {
        snapshots: {
          load: async () => undefined,
          save: async () => {
            throw new Error('no room');
          },
        },
      },
    );
    const add = defineAgent({ name: 'add', handle: async ({ input }: { input: number }) => input + 1 });
    const definition = workflow<number>('unsnapped').task('a', add).task('b', add, { after: 'a' }).build();
    const reprise = await start({
      plugins: [storePlugin(broken)],
      workflows: [definition],
      limits: { snapshotEvery: 1 },
    });
    expect(await (await reprise.startRun(definition, 1)).result()).to.equal(3);
  });
});
