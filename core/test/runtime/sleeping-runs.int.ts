import {
  AUDIT_STREAM,
  createInMemoryStorage,
  createInProcessTransport,
  defineAgent,
  definePlugin,
  type Orchestrator,
  type Storage,
  workflow,
} from '@reprise/core';
import { VirtualTime } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, only, orchestrators, transportPlugin } from './support.ts';

const DAY_MS = 86_400_000;

/** A storage that outlives its orchestrators, and notes which streams are read. */
function noting(listed: boolean) {
  const { events, snapshots, catalog } = createInMemoryStorage();
  const read = new Set<string>();
  const storage: Storage = {
    events: {
      ...events,
      read: (stream, options) => {
        read.add(stream);
        return events.read(stream, options);
      },
      close: async () => undefined,
    },
    ...(snapshots && { snapshots }),
    ...(listed && catalog !== undefined ? { catalog } : {}),
  };
  return { read, plugin: () => definePlugin({ name: 'noting', kind: 'event-store', create: () => storage }) };
}

describe('runs that sleep when a process takes them up', () => {
  const { start } = orchestrators();
  const work = defineAgent({ name: 'work', handle: async ({ input }) => input });
  let block = true;
  const stuck = defineAgent({
    name: 'stuck',
    handle: () => (block ? new Promise(() => undefined) : Promise.resolve(1)),
  });
  const sleeper = workflow('sleeper')
    .task('before', work)
    .sleep('night', { for: '1d' }, { after: 'before' })
    .task('morning', work, { after: 'night' })
    .build();
  const waiter = workflow('waiter').task('before', work).wait('go', { signal: 'go' }, { after: 'before' }).build();
  const limited = workflow('limited', { timeout: '2d' }).wait('go', { signal: 'go' }).build();
  const beside = workflow('beside').sleep('night', { for: '1d' }).task('stuck', stuck).build();
  const mutual = workflow('mutual')
    .wait('go', { signal: 'go' }, { mutex: { key: 'one', across: 'workflow' } })
    .build();
  const parent = workflow('parent').workflow('child', sleeper, {}).build();
  const workflows = [sleeper, waiter, limited, beside, mutual, parent];

  for (const listed of [true, false])
    describe(listed ? 'by a catalog' : 'by the run index', () => {
      const open = async (time: VirtualTime, store: ReturnType<typeof noting>): Promise<Orchestrator> => {
        const plugins = [store.plugin(), transportPlugin(createInProcessTransport(time.clock))];
        return start({ plugins, clock: time.clock, workflows });
      };
      const asleep = (reprise: Orchestrator, id: string) =>
        eventually(
          async () =>
            (await reprise.runs.list({ limit: 100 })).find(({ runId }) => runId === id)?.sleepsUntil !== undefined,
        );

      it('are not read, wake by the clock and by what comes, and end as they would have', async () => {
        const time = new VirtualTime();
        const store = noting(listed);
        const first = await open(time, store);
        const began = time.clock.now();
        for (let index = 0; index < 20; index += 1) await first.startRun(sleeper, index, { id: `sleeper-${index}` });
        await first.startRun(waiter, 1, { id: 'waiter' });
        await first.startRun(limited, 1, { id: 'limited' });
        for (const id of ['sleeper-19', 'waiter', 'limited']) await asleep(first, id);
        const rows = new Map((await first.runs.list({ limit: 100 })).map((run) => [run.runId, run.sleepsUntil]));
        expect(rows.get('waiter')).to.equal(null);
        expect(rows.get('sleeper-0')).to.be.within(began + DAY_MS, began + DAY_MS + 1000);
        expect(rows.get('limited')).to.be.within(began + 2 * DAY_MS, began + 2 * DAY_MS + 1000);
        await first.stop();

        store.read.clear();
        const second = await open(time, store);
        await time.quiet();
        expect([...store.read].filter((stream) => stream !== AUDIT_STREAM)).to.deep.equal([]);
        store.read.clear();
        await second.run('waiter').signal('go');
        expect((await second.run('waiter').outcome()).status).to.equal('completed');
        expect([...store.read]).to.deep.equal(['run-waiter']);
        time.clock.advance(DAY_MS);
        for (let index = 0; index < 20; index += 1)
          await eventually(async () => (await second.run(`sleeper-${index}`).state()).status === 'completed');
        expect(only(await eventsOf(second, 'sleeper-3'), 'TaskStarted')).to.have.length(2);
        time.clock.advance(DAY_MS);
        await eventually(async () => (await second.run('limited').state()).status === 'failed');
        await second.stop();
      });

      it('are read when they should have woken meanwhile', async () => {
        const time = new VirtualTime();
        const store = noting(listed);
        const first = await open(time, store);
        await first.startRun(sleeper, 1, { id: 'late' });
        await asleep(first, 'late');
        await first.stop();
        time.clock.advance(3 * DAY_MS);
        const second = await open(time, store);
        await time.until(() => false, 1000);
        await eventually(async () => (await second.run('late').state()).status === 'completed');
        await second.stop();
      });

      it('are none of those that have something outstanding: an attempt, a child, a mutex that others may want', async () => {
        const time = new VirtualTime();
        const store = noting(listed);
        block = true;
        const first = await open(time, store);
        await first.startRun(beside, 1, { id: 'beside' });
        await first.startRun(parent, 1, { id: 'parent' });
        await first.startRun(mutual, 1, { id: 'mutual' });
        await eventually(async () => (await first.runs.list({ limit: 100 })).length === 4);
        await time.quiet();
        const listedRuns = await first.runs.list({ limit: 100 });
        for (const id of ['beside', 'parent', 'mutual'])
          expect(listedRuns.find(({ runId }) => runId === id)?.sleepsUntil, id).to.equal(undefined);
        await first.stop({ drainMs: 0 });
        store.read.clear();
        block = false;
        const second = await open(time, store);
        // The lost attempt is made again after a while.
        await time.until(() => false, 60_000);
        await eventually(async () => (await second.run('beside').state()).tasks.get('stuck')?.status === 'completed');
        for (const id of ['beside', 'parent', 'mutual']) expect([...store.read]).to.include(`run-${id}`);
        await second.stop();
      });
    });
});
