import {
  createInMemoryStorage,
  createInMemoryViewStore,
  defineProjection,
  type JsonObject,
  NO_STREAM,
  type Notice,
  type Projection,
  Projector,
  type ProjectorParts,
  RepriseError,
  type Storage,
  type ViewEvent,
  type ViewStore,
} from '@reprise/core';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { recordedFailure } from '../../src/orchestration/reading/views/followed-view.ts';
import { toNewEvent } from '../../src/orchestration/runtime/new-event.ts';
import { PureRun } from '../workflow/pure-run.ts';
import { chain } from '../workflow/samples.ts';
import { hastyClock } from './view-events.ts';

/** How many events of each type a run has. */
const counts = (more: Partial<Projection> = {}): Projection =>
  defineProjection<JsonObject>({
    name: 'counts',
    version: 1,
    keyOf: ({ runId }) => runId,
    apply: (row, { event }) => ({ ...row, [event.type]: Number(row?.[event.type] ?? 0) + 1 }),
    ...more,
  });

/** A projection that throws at the event of that type. */
const fragile = (type: string): Projection =>
  counts({
    name: 'fragile',
    apply: (row, { event }) => {
      if (event.type === type) throw new Error('I cannot do that');
      return { events: Number(row?.['events'] ?? 0) + 1 };
    },
  });

let ids = 0;
async function addRun(storage: Storage, runId: string, steps = 1): Promise<void> {
  const run = new PureRun(chain(), null, { runId });
  for (const id of ['a', 'b'].slice(0, steps)) run.run(id);
  const events = run.events.map((event) => {
    ids += 1;
    return toNewEvent(event, `event-${ids}`, { commandId: 'c' }, run.state);
  });
  await storage.events.append(`run-${runId}`, events, NO_STREAM);
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (error: unknown) => (error instanceof RepriseError ? error.code : error),
  );

describe('A projector', () => {
  const open: Projector[] = [];
  afterEach(async () => {
    for (const projector of open.splice(0)) await projector.close();
  });

  async function start(
    storage: Storage,
    projections: readonly Projection[],
    more: Partial<ProjectorParts> = {},
  ): Promise<{ projector: Projector; views: ViewStore; notices: string[]; clock: ReturnType<typeof hastyClock> }> {
    const { views = createInMemoryViewStore() } = more;
    const notices: string[] = [];
    const clock = hastyClock();
    const notice = (one: Notice): void =>
      void notices.push(one.kind === 'log' ? `${one.level}: ${one.message}` : one.kind);
    const projector = new Projector({ store: storage.events, views, projections, clock, notice, ...more });
    open.push(projector);
    await projector.start();
    return { projector, views, notices, clock };
  }

  const rows = async (views: ViewStore, view: Projection): Promise<readonly (readonly [string, JsonObject])[]> =>
    (await views.list(view, {})).rows.map(({ key, row }) => [key, row]);

  it('follows what is there and what comes, and says how far it is', async () => {
    const storage = createInMemoryStorage();
    const view = counts();
    const { projector, views, clock } = await start(storage, [view]);
    await projector.reachEnd('counts');
    await turns(3);
    expect(projector.lag('counts')).to.deep.equal({
      view: 'counts',
      version: 1,
      position: '',
      caughtUp: true,
      behindMs: 0,
      skipped: 0,
    });
    await addRun(storage, 'one');
    await addRun(storage, 'two', 2);
    const [last] = (await storage.events.readAll({ limit: 100 })).slice(-1);
    await projector.reachEnd('counts');
    expect(await projector.caughtUp('counts', last?.position ?? '', { withinMs: 0 })).to.equal(true);
    expect(await rows(views, view)).to.deep.equal([
      ['one', { RunStarted: 1, TaskScheduled: 1, TaskCompleted: 1 }],
      ['two', { RunStarted: 1, TaskScheduled: 2, TaskCompleted: 2, RunCompleted: 1 }],
    ]);
    for (let wait = 0; wait < 50 && !projector.lag('counts').caughtUp; wait += 1) await turns(1);
    expect(projector.lag('counts')).to.deep.include({ position: last?.position, caughtUp: true, behindMs: 0 });
    expect(clock.time).to.be.greaterThan(0);
    expect(() => projector.lag('count')).to.throw(/no view 'count'; did you mean 'counts'/);
  });

  it('says how far a view is that takes its time, and when it is built; of what comes then, nothing', async () => {
    const storage = createInMemoryStorage();
    for (let index = 0; index < 600; index += 1) await addRun(storage, `run-${index}`, 2);
    const kept = createInMemoryViewStore();
    let pauseMs = 3000;
    const views: ViewStore = {
      ...kept,
      commit: async (view, batch) => {
        clock.time += pauseMs;
        await kept.commit(view, batch);
      },
    };
    const clock = hastyClock();
    const { projector, notices } = await start(storage, [counts()], { views, clock });
    await projector.reachEnd('counts');
    await turns(5);
    expect(notices[0]).to.match(/^info: The view 'counts' is being built: 1,\d00 events so far, the last of 20\d\d-/);
    expect(notices.slice(1, -1).every((told) => told.includes('is being built'))).to.equal(true);
    expect(notices.at(-1)).to.equal("info: The view 'counts' is built, from 3,600 events.");
    const told = notices.length;
    pauseMs = 60_000;
    for (let index = 0; index < 3; index += 1) {
      await addRun(storage, `later-${index}`);
      await projector.reachEnd('counts');
      await turns(5);
    }
    expect(notices).to.have.length(told);
  });

  it('stops a projection that throws, says at which event, and harms no other', async () => {
    const storage = createInMemoryStorage();
    const [view, bad] = [counts(), fragile('RunCompleted')];
    const { projector, views, notices } = await start(storage, [bad, view], { options: { batchSize: 100 } });
    await addRun(storage, 'fine');
    await projector.reachEnd('fragile');
    await addRun(storage, 'bad', 2);
    await addRun(storage, 'late');
    await projector.reachEnd('counts');
    expect(await codeOf(projector.reachEnd('fragile'))).to.equal('REPRISE_PROJECTION_FAILED');
    const { failure, caughtUp, behindMs } = projector.lag('fragile');
    expect([caughtUp, typeof behindMs]).to.deep.equal([false, 'number']);
    expect(failure?.message)
      .to.contain("'fragile' (version 1) failed at RunCompleted, event 5 of run 'bad'")
      .and.contain('I cannot do that');
    expect(failure?.details).to.deep.include({
      projection: 'fragile',
      runId: 'bad',
      revision: 5,
      type: 'RunCompleted',
    });
    expect(notices.filter((one) => one.includes('fragile'))).to.deep.equal([`error: ${failure?.message}`]);
    // What came before the event stands, to the event.
    expect(await rows(views, bad)).to.deep.equal([
      ['bad', { events: 5 }],
      ['fine', { events: 3 }],
    ]);
    expect((await rows(views, view)).map(([key]) => key)).to.deep.equal(['bad', 'fine', 'late']);
    expect(await projector.caughtUp('fragile', '9', { withinMs: 1e9 })).to.equal(false);
    await projector.close();
    const again = await start(storage, [counts({ name: 'fragile', version: 2 }), view], { views });
    await again.projector.reachEnd('fragile');
    expect((await rows(views, counts({ name: 'fragile', version: 2 }))).map(([key]) => key)).to.deep.equal([
      'bad',
      'fine',
      'late',
    ]);
    expect(await rows(views, bad), 'the older version is gone').to.deep.equal([]);
  });

  for (const [where, type, runs] of [
    ['at the first event', 'RunStarted', []],
    ['later', 'RunCompleted', ['one', 'two']],
  ] as const) {
    it(`puts on record what stopped a projection ${where}, until somebody has built it further`, async () => {
      const storage = createInMemoryStorage();
      const bad = fragile(type);
      for (const run of runs) await addRun(storage, run);
      await addRun(storage, 'bad', 2);
      const { projector, views } = await start(storage, [bad], { options: { batchSize: 3 } });
      expect(await codeOf(projector.reachEnd('fragile'))).to.equal('REPRISE_PROJECTION_FAILED');
      await projector.close();
      const { code, message } = projector.lag('fragile').failure ?? {};
      expect(await recordedFailure(views, bad)).to.deep.equal({ code, message });
      // Tried again, it fails again, and is not taken for a view of another store.
      const again = await start(storage, [bad], { views });
      expect(await codeOf(again.projector.reachEnd('fragile'))).to.equal('REPRISE_PROJECTION_FAILED');
      expect(again.notices.filter((one) => one.includes('another store'))).to.deep.equal([]);
      await again.projector.close();
      const mended = counts({ name: 'fragile', version: bad.version });
      const { projector: further } = await start(storage, [mended], { views });
      await further.reachEnd('fragile');
      expect(await recordedFailure(views, mended)).to.equal(undefined);
    });
  }

  let named = 0;
  const NONSENSE: Readonly<Record<string, Partial<Projection>>> = {
    'keyOf() gave ""': { keyOf: () => '' },
    'keyOf() gave "~"': { keyOf: () => ['a', '~'] },
    'keyOf() gave 7': { keyOf: () => 7 as unknown as string },
    'keyOf() threw: no': {
      keyOf: () => {
        throw new Error('no');
      },
    },
    'keysFrom() gave ""': { keysFrom: () => [''] },
    'keysFrom() threw: no': {
      keysFrom: () => {
        throw new Error('no');
      },
    },
    'keysFrom() named more rows 16 times': {
      keysFrom: () => {
        named += 1;
        return [`more-${named}`];
      },
    },
    'but no object': { apply: () => 'row' as unknown as JsonObject },
    'at .at: an instance of Date': { apply: () => ({ at: new Date() }) as unknown as JsonObject },
    'apply() threw': {
      apply: (row = { list: [] }) => {
        (row['list'] as unknown[]).push(1);
        return row;
      },
    },
  };
  for (const [what, more] of Object.entries(NONSENSE)) {
    it(`stops a projection of which ${what}`, async () => {
      const storage = createInMemoryStorage();
      await addRun(storage, 'one');
      const { projector } = await start(storage, [counts(more)]);
      expect(await codeOf(projector.reachEnd('counts'))).to.equal('REPRISE_PROJECTION_FAILED');
      expect(projector.lag('counts').failure?.message).to.contain(what);
    });
  }

  it('stops a projection that changes what it is handed, which is nobody else’s', async () => {
    const storage = createInMemoryStorage();
    const changing = (what: string, change: (event: ViewEvent) => void): Projection =>
      counts({
        name: what,
        keyOf: (event) => {
          change(event);
          return event.runId;
        },
      });
    type Loose = { [key: string]: unknown };
    const views = [
      changing('event', ({ event }) => ((event as unknown as Loose)['type'] = 'RunFailed')),
      changing('deep', ({ event }) => {
        if (event.type === 'RunStarted') (event.definition as unknown as Loose)['name'] = 'another';
      }),
      changing('facts', ({ run }) => ((run as unknown as Loose)['workflow'] = 'another')),
      changing('metadata', ({ metadata }) => ((metadata as unknown as Loose)['tenant'] = 'another')),
      changing('itself', (event) => ((event as unknown as Loose)['runId'] = 'another')),
      counts(),
    ];
    await addRun(storage, 'one');
    const before = structuredClone(await storage.events.readAll());
    const { projector } = await start(storage, views);
    await projector.reachEnd('counts');
    for (const { name } of views.slice(0, -1))
      expect(await codeOf(projector.reachEnd(name)), name).to.equal('REPRISE_PROJECTION_FAILED');
    expect(await storage.events.readAll()).to.deep.equal(before);
  });

  it('leaves out, counts and tells what it cannot read, and goes on', async () => {
    const storage = createInMemoryStorage();
    await addRun(storage, 'one');
    const metadata = { causationId: 'c', correlationId: 'c', schemaVersion: 1 };
    const odd = (id: string, type: string, schemaVersion = 1) => ({
      id,
      type,
      time: 1,
      data: {},
      metadata: { ...metadata, schemaVersion },
    });
    await storage.events.append(
      'run-odd',
      [odd('o1', 'RunStarted', 99), odd('o2', 'TaskReady'), odd('o3', 'Unheard')],
      NO_STREAM,
    );
    await storage.events.append('other-stream', [odd('o4', 'Whatever')], NO_STREAM);
    await addRun(storage, 'two');
    const { projector, views, notices } = await start(storage, [counts()]);
    await projector.reachEnd('counts');
    expect((await rows(views, counts())).map(([key]) => key)).to.deep.equal(['one', 'two']);
    expect(projector.lag('counts').skipped).to.equal(3);
    expect(notices.filter((one) => one.startsWith('warn'))).to.have.length(3);
    await projector.close();
    const again = await start(storage, [counts()], { views });
    expect(again.projector.lag('counts').skipped, 'remembered').to.equal(3);
  });

  it('builds a view anew that is of another store, or of an older copy of this one', async () => {
    const [one, other] = [createInMemoryStorage(), createInMemoryStorage()];
    await addRun(one, 'mine');
    await addRun(other, 'theirs');
    const { projector, views } = await start(one, [counts()]);
    await projector.reachEnd('counts');
    await projector.close();
    const again = await start(other, [counts()], { views });
    await again.projector.reachEnd('counts');
    expect((await rows(views, counts())).map(([key]) => key)).to.deep.equal(['theirs']);
    expect(again.notices[0]).to.contain('built from another store');
    await again.projector.close();
    // An empty store has none of it.
    const empty = await start(createInMemoryStorage(), [counts()], { views });
    expect(await views.checkpoint(counts())).to.equal(undefined);
    expect(empty.notices).to.have.length(1);
  });

  it('goes on where another process that builds the same view has come', async () => {
    const storage = createInMemoryStorage();
    const views = createInMemoryViewStore();
    const both = [await start(storage, [counts()], { views }), await start(storage, [counts()], { views })];
    for (let run = 0; run < 20; run += 1) {
      await addRun(storage, `r${run}`, 2);
      if (run % 3 === 0) await turns(2);
    }
    for (const { projector } of both) await projector.reachEnd('counts');
    const found = await rows(views, counts());
    expect(found).to.have.length(20);
    for (const [, row] of found)
      expect(row).to.deep.equal({ RunStarted: 1, TaskScheduled: 2, TaskCompleted: 2, RunCompleted: 1 });
  });

  it('takes a view for its own that another process builds on while it asks how far it is', async () => {
    const storage = createInMemoryStorage();
    const views = createInMemoryViewStore();
    const other = await start(storage, [counts()], { views });
    await addRun(storage, 'one');
    await other.projector.reachEnd('counts');
    let interruptions = 0;
    let clears = 0;
    const busy: ViewStore = {
      ...views,
      get: async (view, keys) => {
        // Between the checkpoint and what is read beside it.
        if (keys.includes('~') && interruptions < 3) {
          interruptions += 1;
          await addRun(storage, `more-${interruptions}`);
          await other.projector.reachEnd('counts');
        }
        return views.get(view, keys);
      },
      clear: (view) => {
        clears += 1;
        return views.clear(view);
      },
    };
    const { projector, notices } = await start(storage, [counts()], { views: busy });
    await projector.reachEnd('counts');
    expect([interruptions, clears, notices]).to.deep.equal([3, 0, []]);
    expect(await rows(views, counts())).to.have.length(4);
  });

  it('rebuilds on demand, while the others go on', async () => {
    const storage = createInMemoryStorage();
    let seen = 0;
    const counting = counts({
      name: 'counting',
      keyOf: ({ runId }) => {
        seen += 1;
        return runId;
      },
    });
    const { projector, views } = await start(storage, [counting, counts()]);
    await addRun(storage, 'one', 2);
    await projector.reachEnd('counting');
    const before = seen;
    await projector.rebuild('counting');
    await projector.reachEnd('counting');
    expect(seen).to.equal(2 * before);
    expect(await rows(views, counting)).to.have.length(1);
    await projector.close();
    expect(await codeOf(projector.rebuild('counting'))).to.equal('REPRISE_STOPPED');
    expect(await codeOf(projector.reachEnd('counting'))).to.equal('REPRISE_STOPPED');
  });

  it('waits no longer for a position than it was told', async () => {
    const storage = createInMemoryStorage();
    const { projector } = await start(storage, [counts()]);
    expect(await projector.caughtUp('counts', '5', { withinMs: 0 })).to.equal(false);
    const waiting = projector.caughtUp('counts', '5', { withinMs: 1e9 });
    await projector.close();
    expect(await waiting).to.equal(false);
  });

  it('holds up what it reads while the view store is slow, says when that fails, and waits for its commit at the close', async () => {
    const storage = createInMemoryStorage();
    for (let run = 0; run < 30; run += 1) await addRun(storage, `r${run}`, 2);
    let reads = 0;
    const store = {
      ...storage.events,
      readAll: (options: Parameters<Storage['events']['readAll']>[0]) => {
        reads += 1;
        return storage.events.readAll(options);
      },
    };
    const kept = createInMemoryViewStore();
    const gates: PromiseWithResolvers<void>[] = [];
    const views: ViewStore = {
      ...kept,
      commit: async (view, batch) => {
        const gate = Promise.withResolvers<void>();
        gates.push(gate);
        await gate.promise;
        return kept.commit(view, batch);
      },
    };
    const { projector, notices } = await start(storage, [counts()], { views, store, options: { batchSize: 10 } });
    await turns(50);
    expect(gates, 'one commit at a time').to.have.length(1);
    expect(reads).to.be.lessThan(5);
    gates[0]?.reject(new Error('disk full'));
    await turns(50);
    expect(notices).to.deep.equal(["error: The view 'counts' cannot be built now, and is tried again: disk full"]);
    expect(gates).to.have.length(2);
    let closed = false;
    const closing = projector.close().then(() => {
      closed = true;
    });
    await turns(10);
    expect(closed).to.equal(false);
    gates[1]?.resolve();
    await closing;
    expect(await kept.checkpoint(counts())).to.not.equal(undefined);
  });

  it('does not begin when a store cannot be read', async () => {
    const storage = createInMemoryStorage();
    const views = createInMemoryViewStore();
    await views.close();
    expect(await codeOf(start(storage, [counts()], { views }))).to.equal('REPRISE_VIEW_STORE_CLOSED');
  });

  it('subscribes again when its subscription breaks', async () => {
    const storage = createInMemoryStorage();
    let broken = 0;
    const store: Storage['events'] = {
      ...storage.events,
      subscribe: (options) => {
        if (broken > 0) return storage.events.subscribe(options);
        broken += 1;
        return storage.events.subscribe({
          ...options,
          onCaughtUp: () => options.onError?.(new Error('gone')),
        } as typeof options);
      },
    };
    const { projector, views, notices } = await start(storage, [counts()], { store });
    await turns(10);
    await addRun(storage, 'one');
    await projector.reachEnd('counts');
    expect(await rows(views, counts())).to.have.length(1);
    expect(notices[0]).to.contain('The subscription of the views broke');
  });

  it('says once what breaks its subscription over and over', async () => {
    const storage = createInMemoryStorage();
    let broken = 0;
    const store: Storage['events'] = {
      ...storage.events,
      subscribe: async ({ onError }) => {
        broken += 1;
        const why = new Error(broken < 5 ? 'gone' : 'far away');
        setImmediate(() => onError?.(why));
        return { close: async () => undefined };
      },
    };
    const { notices } = await start(storage, [counts()], { store });
    while (broken < 8) await turns(10);
    expect(notices).to.deep.equal([
      'warn: The subscription of the views broke, and is made again: gone',
      'warn: The subscription of the views broke, and is made again: far away',
    ]);
  });
});

describe('defineProjection', () => {
  it('refuses what is none', () => {
    for (const more of [{ name: 'a b' }, { version: 0 }, { version: 1.5 }, { keyOf: 'x' }, { apply: undefined }])
      expect(() => counts(more as unknown as Partial<Projection>), JSON.stringify(more))
        .to.throw(RepriseError)
        .with.property('code', 'REPRISE_CONFIG_INVALID');
  });

  it('refuses a field of a type that there is not', () => {
    const fields = { count: { type: 'int', path: ['count'], about: 'how often' } };
    expect(() => counts({ fields } as unknown as Partial<Projection>))
      .to.throw(RepriseError, `field 'count' is of the type "int", and there are text, time, duration, number`)
      .with.property('code', 'REPRISE_CONFIG_INVALID');
  });
});
