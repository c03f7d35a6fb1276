import {
  BUILT_IN_VIEWS,
  createInMemoryStorage,
  createInMemoryViewStore,
  decodeEvent,
  foldView,
  type JsonObject,
  type Notice,
  type Projection,
  Projector,
  type RunEvent,
  runIndex,
  runStream,
  type Storage,
  type TimelineRow,
  timelines,
  type ViewStore,
} from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { after, describe, it } from 'mocha';
import { rowOfListed, summaryOf } from '../../core/src/orchestration/reading/run-summary.ts';
import { evolve } from '../../core/src/orchestration/workflow/evolve.ts';
import { sleepOf } from '../../core/src/orchestration/workflow/sleep.ts';
import { initialState } from '../../core/src/orchestration/workflow/state.ts';
import { hastyClock, viewEvents } from '../../core/test/reading/view-events.ts';
import { type Golden, goldenNames, readGolden } from './golden/golden-file.ts';

const goldens = goldenNames().map(readGolden);

/** Histories, interleaved as `turns` says, and with everything of each that remains in the end. */
async function storeOf(histories: readonly Golden[], turns: readonly number[]): Promise<Storage> {
  const storage = createInMemoryStorage();
  const next = histories.map(() => 0);
  const append = async (index: number, count: number): Promise<void> => {
    const { events = [], header } = histories[index] ?? {};
    const from = next[index] ?? 0;
    const some = events.slice(from, from + count);
    next[index] = from + some.length;
    const stored = some.map(({ type, time, data, metadata, revision }) => ({
      id: `${header?.runId}/${revision}`,
      type,
      time,
      data,
      metadata: { causationId: 'c', correlationId: 'c', ...metadata },
    }));
    if (stored.length > 0) await storage.events.append(runStream(header?.runId ?? ''), stored, from - 1);
  };
  for (const turn of turns) await append(turn % histories.length, 1 + (turn % 4));
  for (const index of histories.keys()) await append(index, Number.POSITIVE_INFINITY);
  return storage;
}

/** Fails as `faults` say: before or after the work of the commit is done, or because another was faster. */
function faulty(views: ViewStore, faults: number[]): ViewStore {
  return {
    ...views,
    commit: async (view, batch) => {
      const fault = faults.pop() ?? 0;
      if (fault === 1) throw new Error('the commit did not get there');
      if (fault === 2) {
        // Another process builds the same view, and was faster.
        await views.commit(view, batch);
        return views.commit(view, batch);
      }
      await views.commit(view, batch);
      if (fault === 3) throw new Error('the answer did not get back');
    },
  };
}

async function rowsOf(views: ViewStore, view: Projection): Promise<ReadonlyMap<string, JsonObject>> {
  const rows = new Map<string, JsonObject>();
  for (let after: string | undefined; ; ) {
    const page = await views.list(view, after === undefined ? {} : { after });
    for (const { key, row } of page.rows) rows.set(key, row);
    if (page.next === undefined) return rows;
    after = page.next;
  }
}

const listed = (rows: ReadonlyMap<string, JsonObject>): ReadonlyMap<string, JsonObject> =>
  new Map([...rows].filter(([key]) => !key.startsWith('~')).sort(([a], [b]) => (a < b ? -1 : 1)));

describe('the views', () => {
  it('are the same however the events come: in batches, after crashes, restarts, conflicts and rebuilds', async () => {
    const turns = fc.array(fc.nat({ max: 1000 }), { maxLength: 60 });
    const some = fc.shuffledSubarray([...goldenNames()], { minLength: 1, maxLength: 5 });
    const faults = fc.array(fc.constantFrom(0, 0, 1, 2, 3), { maxLength: 30 });
    const lives = fc.array(
      fc.record({ batchSize: fc.integer({ min: 1, max: 40 }), rebuild: fc.boolean(), steps: fc.nat({ max: 12 }) }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(some, turns, faults, lives, async (names, order, given, spans) => {
        const storage = await storeOf(
          goldens.filter(({ name }) => names.includes(name)),
          order,
        );
        const kept = createInMemoryViewStore();
        const views = faulty(kept, [...given]);
        const notices: Notice[] = [];
        const open = async (batchSize: number): Promise<Projector> => {
          const projector = new Projector({
            store: storage.events,
            views,
            projections: BUILT_IN_VIEWS,
            clock: hastyClock(),
            notice: (notice) => notices.push(notice),
            options: { batchSize },
          });
          await projector.start();
          return projector;
        };
        for (const { batchSize, rebuild, steps } of spans) {
          const projector = await open(batchSize);
          for (let step = 0; step < steps; step += 1) await new Promise((resolve) => setImmediate(resolve));
          if (rebuild) await projector.rebuild('timelines');
          await projector.close();
        }
        const last = await open(7);
        for (const { name } of BUILT_IN_VIEWS) {
          await last.reachEnd(name);
          const { skipped, failure } = last.lag(name);
          expect([skipped, failure]).to.deep.equal([0, undefined]);
        }
        await last.close();
        const events = await viewEvents(storage);
        for (const view of BUILT_IN_VIEWS) {
          const found = await rowsOf(kept, view);
          expect([...listed(found)], view.name).to.deep.equal([...listed(foldView(view, events))]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leave nothing of ended runs behind for themselves', async () => {
    const storage = await storeOf(goldens, []);
    for (const view of BUILT_IN_VIEWS) {
      const rows = foldView(view, await viewEvents(storage));
      expect([...rows.keys()].filter((key) => key.startsWith('~'))).to.deep.equal([]);
      // Of forms there are those that are open, and these runs have ended.
      if (view.name === 'forms') expect(rows.size).to.equal(0);
      else expect(rows.size, view.name).to.be.greaterThan(0);
    }
  });
});

describe('the run index', () => {
  let slept = 0;
  after(() => expect(slept, 'events after which a run slept').to.be.above(10));

  for (const { name, header, events } of goldens) {
    it(`says of ${name}, after every event, what its state says, and what a catalog says`, () => {
      const state = initialState();
      let row: ReturnType<typeof runIndex.apply>;
      for (const [revision, stored] of events.entries()) {
        const event: RunEvent = decodeEvent(stored);
        evolve(state, event);
        const { runId } = header;
        const sleepsUntil = sleepOf(state);
        if (sleepsUntil !== undefined) slept += 1;
        const metadata = sleepsUntil === undefined ? {} : { sleepsUntil };
        const given = { runId, revision, position: '', time: event.at, event, metadata };
        row = runIndex.apply(row, given as Parameters<typeof runIndex.apply>[1], { key: runId, rows: () => undefined });
        const summary = { ...summaryOf(state, sleepsUntil), lastEventAt: event.at };
        const fromCatalog = rowOfListed({ ...summary, stream: runStream(runId), revision, cursor: '' });
        const { pausedBy, ...told } = row ?? { pausedBy: undefined };
        expect(told, `${revision}: ${event.type}`).to.deep.equal(fromCatalog);
        const held = state.endedAt === undefined && (state.pausedBy?.length ?? 0) > 0 ? state.pausedBy : undefined;
        expect(pausedBy).to.deep.equal(held);
      }
      expect(row?.status).to.equal(header.expected.status);
    });
  }
});

describe('the timelines', () => {
  it('end an attempt that a person has cut off', async () => {
    const storage = await storeOf(
      goldens.filter(({ name }) => name === 'changed'),
      [],
    );
    const row = foldView(timelines, await viewEvents(storage)).get('changed-1') as TimelineRow | undefined;
    const told = (id: string) => row?.tasks[id]?.map(({ attempt, status, ended }) => [attempt, status, ended]);
    const at = 1767225600000;
    expect(told('lift'), 'its output was given').to.deep.equal([[1, 'failed', at]]);
    expect(told('van'), 'it was skipped once it had ended').to.deep.equal([[1, 'completed', at + 1000]]);
    expect(told('home'), 'a block').to.deep.equal([[1, 'failed', at + 1030]]);
  });
});
