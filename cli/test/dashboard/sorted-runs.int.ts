import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BUILT_IN_VIEWS,
  createInMemoryStorage,
  createInMemoryViewStore,
  createReprise,
  defineAgent,
  defineProjection,
  type NewEvent,
  NO_STREAM,
  type Projection,
  RunReader,
  type Storage,
  systemClock,
  type ViewStore,
  Views,
  workflow,
} from '@reprise/core';
import { RUN_ORDERS, type RunsPage } from '@reprise/monitor-dashboard';
import { createSqliteViewStore } from '@reprise/view-store-sqlite';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { listSource } from '../../src/dashboard/list-source.ts';

interface Row {
  readonly runId: string;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  readonly events: number;
}
interface Page {
  readonly runs: readonly Row[];
  readonly next: string | null;
  readonly behind: boolean;
}

const COUNT = 400;
const AT = 1_790_000_000_000;
const KEYS: Readonly<Record<(typeof RUN_ORDERS)[number], (row: Row) => number | undefined>> = {
  started: (row) => row.startedAt,
  updated: (row) => row.updatedAt,
  ended: (row) => row.endedAt,
  duration: (row) => (row.endedAt === undefined ? undefined : row.endedAt - row.startedAt),
  events: (row) => row.events,
};

/** The history of a run, to be written again under other ids and at other times. */
async function historyOfOne(): Promise<readonly NewEvent[]> {
  const agent = defineAgent({ name: 'agent', handle: () => 1 });
  const reprise = await createReprise({ workflows: [workflow('one').task('a', agent).build()] });
  await reprise.start();
  try {
    await (await reprise.startRun('one', null, { id: 'first' })).result();
    return (await Array.fromAsync(reprise.runs.history('first'))).map(({ recorded }) => recorded);
  } finally {
    await reprise.stop();
  }
}

/** As of run `id`; its n-th event is `steps[n]` ms after it starts. */
const renamed = (history: readonly NewEvent[], id: string, start: number, stepMs: number): readonly NewEvent[] =>
  history.map((event, at) => {
    const { type, data, metadata } = JSON.parse(JSON.stringify(event).replaceAll('first', id)) as NewEvent;
    const time = start + at * stepMs;
    return { id: `${id}-${at}`, type, time, data: { ...(data as object), at: time } as never, metadata };
  });

function sorts(name: string, open: () => Promise<ViewStore>): void {
  describe(`runs of the dashboard, sorted, with views ${name}`, () => {
    let storage: Storage;
    let store: ViewStore;
    let views: Views;
    let history: readonly NewEvent[];
    const source = () =>
      listSource({
        ...{ reader: new RunReader(storage), storage, store, views, project: undefined },
        access: { where: 'here' } as never,
      });
    const page = async (query: string, options: RunsPage): Promise<Page> =>
      (await source().runs(query, options)) as unknown as Page;
    const start = (id: string, at: number, stepMs: number, events = history.length) =>
      storage.events.append(`run-${id}`, renamed(history.slice(0, events), id, at, stepMs), NO_STREAM);

    before(async () => {
      history = await historyOfOne();
      storage = createInMemoryStorage();
      store = await open();
      // Three starts, two paces: most runs are like a hundred others. Every fifth has not ended.
      for (let at = 0; at < COUNT; at += 1)
        await start(
          `r${String((at * 7) % COUNT).padStart(3, '0')}`,
          AT + (at % 3),
          1 + (at % 2),
          at % 5 === 0 ? 2 : undefined,
        );
      const projections = BUILT_IN_VIEWS;
      views = new Views({
        store: storage.events,
        views: store,
        projections,
        clock: systemClock,
        notice: () => undefined,
      });
      await views.start();
      await views.reachEnd('runs');
    });
    after(async () => {
      await views.close();
      await storage.events.close();
    });

    for (const by of RUN_ORDERS)
      for (const descending of [false, true])
        it(`by ${by}, ${descending ? 'the greatest' : 'the least'} first: each run once, over pages, those without last`, async () => {
          const order = { by, descending };
          const rows: Row[] = [];
          let next: string | null = null;
          do {
            const got: Page = await page('', { limit: 37, after: next ?? undefined, order });
            expect(got.behind).to.equal(false);
            rows.push(...got.runs);
            ({ next } = got);
          } while (next !== null);
          expect(new Set(rows.map(({ runId }) => runId)).size).to.equal(COUNT);
          expect(rows).to.have.length(COUNT);
          const key = (row: Row): number => KEYS[by](row) ?? Number.POSITIVE_INFINITY * (descending ? -1 : 1);
          const ranked = rows.toSorted(
            (a, b) =>
              (key(a) === key(b) ? 0 : (key(a) - key(b)) * (descending ? -1 : 1)) || (a.runId < b.runId ? -1 : 1),
          );
          expect(rows.map(({ runId }) => runId)).to.deep.equal(ranked.map(({ runId }) => runId));
          expect(new Set(rows.map((row) => KEYS[by](row))).size).to.be.within(2, 12);
        });

    it('over all that fit a query, and not the page alone', async () => {
      const { runs, next } = await page('status:running', { limit: 5, order: { by: 'started', descending: true } });
      expect(runs.map(({ endedAt }) => endedAt)).to.deep.equal(new Array(5).fill(undefined));
      expect(new Set(runs.map(({ startedAt }) => startedAt))).to.deep.equal(new Set([AT + 2]));
      expect(next).to.be.a('string');
    });

    it('a page after another misses none and shows none twice, though runs come and go on between them', async () => {
      const order = { by: 'updated', descending: true } as const;
      const first = await page('', { limit: 100, order });
      const shown = first.runs.map(({ runId }) => runId);
      await start('new-before', AT + 1_000_000, 1);
      await start('new-behind', AT - 1_000_000, 1);
      const moved = shown[50] ?? '';
      const { revision } = await new RunReader(storage).last(moved);
      const [noted] = renamed(history.slice(1, 2), moved, AT + 2_000_000, 1);
      await storage.events.append(`run-${moved}`, [{ ...(noted as NewEvent), id: 'moved' }], revision);
      const rest: string[] = [];
      let next = first.next;
      while (next !== null) {
        const got: Page = await page('', { limit: 100, after: next, order });
        rest.push(...got.runs.map(({ runId }) => runId));
        ({ next } = got);
      }
      const all = [...shown, ...rest];
      expect(new Set(all).size).to.equal(all.length);
      expect(all).to.have.length(COUNT + 1);
      expect(all).to.include('new-behind').and.not.include('new-before');
    });

    it('a reader with neither an index nor a list in that order says so', async () => {
      const list = new RunReader(storage).list({ order: { path: ['ended'] } });
      const error: unknown = await list.catch((reason) => reason);
      expect(error).to.have.property('message').that.includes('cannot list runs in that order');
    });

    it('a cursor of another list is refused', async () => {
      const error: unknown = await page('', { limit: 5, after: '17', order: { by: 'ended', descending: false } }).catch(
        (reason) => reason,
      );
      expect(error).to.have.property('code', 'REPRISE_INVALID_ID');
    });

    it('where a projection of the project has taken the name, no order is offered, and why is told', async () => {
      const own = defineProjection({ name: 'runs', version: 9, keyOf: () => 'a', apply: () => undefined });
      const projections = [own as unknown as Projection, ...BUILT_IN_VIEWS.filter((one) => one.name !== 'runs')];
      const other = new Views({
        ...{ store: storage.events, views: createInMemoryViewStore(), projections, clock: systemClock },
        notice: () => undefined,
      });
      await other.start();
      try {
        const parts = { reader: new RunReader(storage), storage, store, views: other, project: undefined };
        const lists = listSource({ ...parts, access: { where: 'here' } as never });
        expect(await lists.fields()).to.have.deep.property('orders', []);
        const error: unknown = await lists
          .runs('', { limit: 1, order: { by: 'ended', descending: true } })
          .catch((reason) => reason);
        expect(error).to.have.property('message').that.includes("a projection 'runs'");
      } finally {
        await other.close();
      }
      expect(await source().fields()).to.have.deep.property('orders', [...RUN_ORDERS]);
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'reprise-sorted-'));
after(() => rmSync(folder, { recursive: true, force: true }));

sorts('in memory', async () => createInMemoryViewStore());
sorts('in a file', () => createSqliteViewStore({ path: join(folder, 'views.db') }));
