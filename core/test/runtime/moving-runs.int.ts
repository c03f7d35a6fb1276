import { defineAgent, type Orchestrator, type RunHandle, type Storage, sleep, workflow } from '@reprise/core';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changedStore, eventually, gate, orchestrators, sharedStore, storePlugin } from './support.ts';
import { byHash, TestOwnership, toTheFirst } from './test-ownership.ts';

const step = defineAgent({
  name: 'step',
  handle: async ({ input }: { input: unknown }) => {
    await sleep(2);
    return typeof input === 'number' ? input + 1 : 1;
  },
});
const flaky = defineAgent({
  name: 'flaky',
  handle: async ({ attempt }) => {
    await sleep(1);
    if (attempt === 1) throw new Error('at first');
    return 'well';
  },
});

const part = workflow<number>('part').task('one', step).task('two', step, { after: 'one' }).build();
const moving = workflow<number>('moving')
  .task('first', step)
  .sleep('nap', { for: '15ms' }, { after: 'first' })
  .task('retried', flaky, { after: 'nap', retry: { maxAttempts: 20, initialDelay: '1ms' } })
  .task('each', step, { after: 'nap', forEach: () => [1, 2, 3, 4] })
  .workflow('child', part, { after: 'nap', input: () => 5 })
  .task('last', step, { after: ['retried', 'each', 'child'] })
  .build();

describe('Runs that move between processes', () => {
  const { start } = orchestrators();

  const setUp = async (ownership = new TestOwnership(byHash())) => {
    const { viewOf, storage } = sharedStore((name) => ownership.of(name));
    const open = (name: string, agents = [step, flaky]): Promise<Orchestrator> =>
      start({
        plugins: [storePlugin(viewOf(name))],
        workflows: [moving, part],
        agents,
        // An agent that fails at first wherever it is asked would be rested.
        admission: { breaker: false },
        limits: { redispatchMs: 50, leaseMs: 300, snapshotEvery: 5 },
      });
    return { ownership, storage, open };
  };

  /** Each history is whole, folds to what its end recorded, and ends once. */
  async function checkHistories(reprise: Orchestrator): Promise<number> {
    const runs = await reprise.runs.list({ limit: 1000 });
    for (const { runId, status } of runs) {
      expect([runId, status]).to.deep.equal([runId, 'completed']);
      expect((await reprise.runs.replay(runId)).matches, runId).to.equal(true);
      const types: string[] = [];
      const attempts = new Set<string>();
      for await (const { event, revision } of reprise.runs.history(runId)) {
        expect(revision).to.equal(types.length);
        types.push(event.type);
        if (event.type !== 'TaskScheduled') continue;
        const key = `${event.taskId}/${event.attempt}`;
        expect(attempts.has(key), `${runId}: ${key} was scheduled twice`).to.equal(false);
        attempts.add(key);
      }
      expect(types.filter((type) => type === 'RunCompleted')).to.have.length(1);
      expect(types.at(-1)).to.equal('RunCompleted');
    }
    return runs.length;
  }

  it('complete, each of them, however often they move while they work', async function () {
    this.timeout(60_000);
    const { ownership, open } = await setUp();
    const both = [await open('one'), await open('other')];
    expect(both.map(({ role }) => role)).to.deep.equal(['driver', 'driver']);
    const handles: RunHandle[] = [];
    let over = false;
    const move = async (): Promise<void> => {
      for (let turn = 1; !over; turn += 1) {
        await sleep(8);
        // Rarely enough that an attempt can come to its end between two moves.
        ownership.reassign(turn % 7 === 0 ? toTheFirst : byHash(Math.floor(turn / 3)));
      }
    };
    const moves = move();
    try {
      for (let index = 0; index < 24; index += 1) {
        const by = both[index % 2] as Orchestrator;
        handles.push((await by.startRun(moving, index, { id: `m-${index}` })) as RunHandle);
        await sleep(3);
      }
      const outcomes = await Promise.all(handles.map((handle) => handle.outcome()));
      expect(outcomes.filter(({ status }) => status !== 'completed')).to.deep.equal([]);
    } finally {
      over = true;
      await moves;
    }
    // Whoever asks anew is told as well, whichever process that is.
    for (const { id } of handles)
      for (const one of both) expect((await one.run(id).outcome()).status).to.equal('completed');
    expect(await checkHistories(both[0] as Orchestrator)).to.equal(48);
  });

  it('go to the one that is left when the other stops, and those that it began go on', async () => {
    const { open } = await setUp();
    const [one, other] = [await open('one'), await open('other')];
    const handles = await Promise.all(
      Array.from({ length: 12 }, (_, index) => one.startRun(moving, index, { id: `s-${index}` })),
    );
    await other.stop({ drainMs: 0 });
    for (const handle of handles) expect((await handle.outcome()).status).to.equal('completed');
    expect(await checkHistories(one)).to.equal(24);
  });

  it('are decided by their owner alone; the other adds what it is told, and lets go of what it had', async () => {
    const ownership = new TestOwnership(toTheFirst);
    const { viewOf } = sharedStore((name) => ownership.of(name));
    const [here, there] = [gate('work', { obeys: true }), gate('work', { obeys: true })];
    const waits = workflow('waits', { timeout: '1h' })
      .task('a', 'work', { retry: { maxAttempts: 5, initialDelay: '1ms' } })
      .wait('go', { signal: 'go' }, { after: 'a' })
      .build();
    const on = (name: string, { agent }: typeof here) =>
      start({ plugins: [storePlugin(viewOf(name))], workflows: [waits], agents: [agent] });
    const one = await on('one', here);
    const other = await on('other', there);
    const run = await one.startRun(waits, null, { id: 'w' });
    await eventually(() => here.waiting === 1);
    expect(other.role).to.equal('client');
    ownership.reassign((_runId, competing) => competing.at(-1));
    await eventually(() => there.waiting === 1);
    // The attempt that was under way is lost, by the word of the new owner; what comes of it late changes nothing.
    expect(here.contexts[0]?.signal.aborted).to.equal(false);
    here.answer();
    await eventually(async () => (await typesOf(one, 'w')).includes('TaskResultIgnored'));
    there.answer();
    await eventually(async () => (await one.runs.state('w')).tasks.get('go')?.status === 'running');
    await run.signal('go', 1);
    expect((await run.outcome()).status).to.equal('completed');
    expect((await other.run('w').outcome()).status).to.equal('completed');
    const lost = (await typesOf(one, 'w')).filter((type) => type === 'TaskAttemptFailed');
    expect(lost).to.have.length(1);
    expect((await one.runs.replay('w')).matches).to.equal(true);
  });

  it('have nothing decided any more by the one that lost them, though it was about to', async () => {
    const ownership = new TestOwnership(toTheFirst);
    const { viewOf } = sharedStore((name) => ownership.of(name));
    const clock = new ManualClock();
    const naps = workflow('naps').sleep('nap', { for: '1m' }).build();
    const by: string[] = [];
    const on = (name: string) => {
      const view = viewOf(name);
      const append: typeof view.events.append = (...request) => {
        by.push(name);
        return view.events.append(...request);
      };
      return start({ plugins: [storePlugin(changedStore(view, { append }))], workflows: [naps], clock });
    };
    const [one, other] = [await on('one'), await on('other')];
    const run = await one.startRun(naps, null, { id: 'n' });
    await eventually(async () => (await one.runs.state('n')).tasks.get('nap')?.status === 'running');
    by.length = 0;
    clock.advance(60_000); // the timer has fired, and its command waits in the inbox of the run
    ownership.reassign((_runId, competing) => competing.at(-1));
    await eventually(async () => {
      clock.advance(1);
      return (await other.runs.state('n')).status === 'completed';
    });
    expect((await run.outcome()).status).to.equal('completed');
    expect(new Set(by)).to.deep.equal(new Set(['other']));
  });

  it('are decided by nobody while it is being settled whose they are, and lose nothing of what comes meanwhile', async () => {
    const ownership = new TestOwnership(byHash());
    const { viewOf, storage } = sharedStore((name) => ownership.of(name));
    const waits = workflow('waits')
      .wait('go', { signal: 'go' })
      .task('a', step, { after: 'go' })
      .sleep('nap', { for: '5ms' })
      .build();
    const on = (name: string) =>
      start({ plugins: [storePlugin(viewOf(name))], workflows: [waits], agents: [step], limits: { redispatchMs: 50 } });
    const [one, other] = [await on('one'), await on('other')];
    const ids = Array.from({ length: 8 }, (_, index) => `u-${index}`);
    const runs = await Promise.all(ids.map((id) => one.startRun(waits, null, { id })));
    await eventually(async () => (await one.runs.state('u-7')).tasks.get('nap')?.status === 'completed');
    for (const assign of [byHash(1), byHash(1)]) {
      const settle = ownership.unsettle();
      const before = (await storage.events.readAll({ limit: 1000 })).length;
      const told = runs.map((run, index) => (index % 2 === 0 ? run.signal('go', index) : run.cancel('no')));
      await sleep(30);
      expect((await storage.events.readAll({ limit: 1000 })).length, 'nothing is put on record').to.equal(before);
      settle(assign);
      await Promise.all(told.map((one) => one.catch(() => undefined)));
    }
    const outcomes = await Promise.all(ids.map(async (id) => (await other.run(id).outcome()).status));
    expect(outcomes).to.deep.equal(ids.map((_, index) => (index % 2 === 0 ? 'completed' : 'cancelled')));
    for (const id of ids) expect((await one.runs.replay(id)).matches).to.equal(true);
  });

  it('tell their parents of their end, though they were lost while it was put on record', async () => {
    const ownership = new TestOwnership(toTheFirst);
    const { viewOf } = sharedStore((name) => ownership.of(name));
    const held = Promise.withResolvers<void>();
    const ending = Promise.withResolvers<void>();
    const first = viewOf('one');
    const append: typeof first.events.append = async (stream, events, ...rest) => {
      if (stream !== 'run-parent' && events.some(({ type }) => type === 'RunCompleted')) {
        ending.resolve();
        await held.promise;
      }
      return first.events.append(stream, events, ...rest);
    };
    const parent = workflow<number>('parent')
      .workflow('child', part, { input: () => 5 })
      .build();
    const on = (store: Storage) => start({ plugins: [storePlugin(store)], workflows: [parent, part], agents: [step] });
    const one = await on(changedStore(first, { append }));
    // It hears of no append of others: nothing but the one that lost the child can tell.
    const { foreign: _deaf, ...second } = viewOf('other');
    await on(second);
    const run = await one.startRun(parent, 1, { id: 'parent' });
    await ending.promise;
    ownership.reassign((runId, competing) => (runId === 'parent' ? competing[0] : competing.at(-1)));
    held.resolve();
    expect((await run.outcome()).status).to.equal('completed');
  });
});

async function typesOf(reprise: Orchestrator, runId: string): Promise<readonly string[]> {
  const types: string[] = [];
  for await (const { event } of reprise.runs.history(runId)) types.push(event.type);
  return types;
}
