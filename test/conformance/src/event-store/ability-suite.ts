import {
  BEGINNING,
  type EventStore,
  type ListedStream,
  NO_STREAM,
  type RecordedEvent,
  type Storage,
  type StreamCatalog,
  type StreamQuery,
} from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  event,
  events,
  expectConflict,
  expectGrowing,
  expectRecorded,
  freshStream,
  rejection,
  summary,
} from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** Every test is skipped, visibly, for a store without the ability. */
export function abilitySuite(under: StoreUnderTest): void {
  describe('catalog (optional)', () => {
    const inCatalog = (title: string, test: (store: EventStore, catalog: StreamCatalog) => Promise<void>): void => {
      it(title, async function () {
        const { events, catalog } = under.storage();
        if (catalog === undefined) this.skip();
        else await test(events, catalog);
      });
    };

    inCatalog('lists streams with their last revision and summary', async (store, catalog) => {
      const stream = freshStream();
      const attributes = { version: '1', labels: { team: 'ä "q"' }, ended: 5, list: [null, {}] };
      const last = events(1);
      await store.append(stream, events(2), NO_STREAM, {
        summary: summary({ updatedAt: 1, attributes: { version: '0' } }),
      });
      await store.append(stream, events(1), 1, { summary: summary({ status: 'completed', updatedAt: 2, attributes }) });
      await store.append(stream, last, 2);
      await store.append(freshStream(), events(1), NO_STREAM);
      const [listed, ...others] = await catalog.list({ kind: 'run' });
      const { cursor, ...rest } = listed as ListedStream;
      expect(rest).to.deep.equal({
        ...summary({ status: 'completed', updatedAt: 2, attributes }),
        stream,
        revision: 3,
        lastEventAt: last[0]?.time,
      });
      expect(cursor).to.be.a('string').that.is.not.equal('');
      expect(others).to.deep.equal([]);
    });

    inCatalog('leaves the summary as it is when an append is rejected or repeated', async (store, catalog) => {
      const stream = freshStream();
      const first = [event()];
      await store.append(stream, first, NO_STREAM, { summary: summary() });
      await expectConflict(store.append(stream, [event()], NO_STREAM, { summary: summary({ status: 'failed' }) }), 0);
      await store.append(stream, first, NO_STREAM, { summary: summary({ status: 'cancelled' }) });
      expect((await catalog.list({ kind: 'run' })).map(({ status }) => status)).to.deep.equal(['running']);
    });

    inCatalog('filters, orders newest first and pages by cursor', async (store, catalog) => {
      const names = ['alpha', 'beta'];
      const statuses = ['running', 'completed', 'failed'];
      const model: { stream: string; kind: string; name: string; status: string; createdAt: number }[] = [];
      for (let index = 0; index < 36; index += 1) {
        const one = {
          stream: `${index % 4 === 0 ? 'run-x' : 'run-y'}${index}`,
          kind: index % 9 === 8 ? 'team' : 'run',
          name: names[index % 2] ?? '',
          status: statuses[index % 3] ?? '',
          createdAt: 1000 + ((index * 7) % 12),
        };
        model.push(one);
        const { stream, ...rest } = one;
        await store.append(stream, [event()], NO_STREAM, { summary: summary(rest) });
      }
      const queries: StreamQuery[] = [
        { kind: 'run' },
        { kind: 'team' },
        { kind: 'none' },
        { kind: 'run', statuses: ['failed'] },
        { kind: 'run', statuses: ['running', 'completed', 'running'] },
        { kind: 'run', statuses: [] },
        { kind: 'run', name: 'beta' },
        { kind: 'run', since: 1006 },
        { kind: 'run', prefix: 'run-x' },
        { kind: 'run', prefix: 'run-%' },
        { kind: 'run', statuses: ['running', 'failed'], name: 'alpha', since: 1002, prefix: 'run-y' },
      ];
      for (const query of queries) {
        const expected = model
          .map((one, ordinal) => ({ ...one, ordinal }))
          .filter((one) => one.kind === query.kind)
          .filter((one) => query.statuses === undefined || query.statuses.includes(one.status))
          .filter((one) => query.name === undefined || one.name === query.name)
          .filter((one) => query.since === undefined || one.createdAt >= query.since)
          .filter((one) => query.prefix === undefined || one.stream.startsWith(query.prefix))
          .sort((a, b) => b.createdAt - a.createdAt || b.ordinal - a.ordinal)
          .map(({ stream }) => stream);
        const whole = await catalog.list(query);
        expect(
          whole.map(({ stream }) => stream),
          JSON.stringify(query),
        ).to.deep.equal(expected);
        const paged: string[] = [];
        for (let after: string | undefined; ; ) {
          const page = await catalog.list({ ...query, limit: 4, ...(after === undefined ? {} : { after }) });
          expect(page.length).to.be.at.most(4);
          paged.push(...page.map(({ stream }) => stream));
          after = page.at(-1)?.cursor;
          if (after === undefined || paged.length > expected.length) break;
        }
        expect(paged, `${JSON.stringify(query)} paged`).to.deep.equal(expected);
      }
    });
  });

  describe('snapshots (optional)', () => {
    it('keeps one snapshot per stream', async function () {
      const { snapshots } = under.storage();
      if (snapshots === undefined) return this.skip();
      const [stream, other] = [freshStream(), freshStream()];
      expect(await snapshots.load(stream)).to.equal(undefined);
      await snapshots.save(stream, { revision: 3, schema: 'a', state: '{"n":3}' });
      await snapshots.save(stream, { revision: 7, schema: 'b', state: 'żółć' });
      await snapshots.save(other, { revision: 1, schema: 'a', state: '' });
      expect(await snapshots.load(stream)).to.deep.equal({ revision: 7, schema: 'b', state: 'żółć' });
      expect(await snapshots.load(other)).to.deep.equal({ revision: 1, schema: 'a', state: '' });
    });
  });

  describe('removal (optional)', () => {
    type Removing = (storage: Storage, remove: NonNullable<Storage['remove']>) => Promise<void>;
    const whereRemoved = (title: string, test: Removing): void => {
      it(title, async function () {
        const storage = under.storage();
        if (storage.remove === undefined) this.skip();
        else await test(storage, (...request) => storage.remove?.(...request) ?? Promise.reject(new Error('gone')));
      });
    };
    const everything = async (store: EventStore): Promise<readonly RecordedEvent[]> => {
      const all: RecordedEvent[] = [];
      for (let after = BEGINNING; ; ) {
        const page = await store.readAll({ after, limit: 3 });
        all.push(...page);
        const last = page.at(-1);
        if (last === undefined) return all;
        after = last.position;
      }
    };

    whereRemoved(
      'removes whole streams and appends the record, and everything else stays where it is',
      async (storage, remove) => {
        const { events: store, catalog, snapshots } = storage;
        const [kept, gone, empty, audit] = [freshStream(), freshStream(), freshStream(), freshStream()];
        for (const revision of [NO_STREAM, 1]) {
          for (const stream of [kept, gone])
            await store.append(stream, events(2), revision, { summary: summary({ status: 'completed' }) });
        }
        await store.append(empty, events(1), NO_STREAM);
        await snapshots?.save(gone, { revision: 1, schema: 'a', state: '{}' });
        const before = await everything(store);
        const record = events(2);
        const ends = [
          { stream: gone, revision: 3 },
          { stream: empty, revision: 0 },
        ];
        const result = await remove(ends, { stream: audit, events: record, expectedRevision: NO_STREAM });
        expect(result.revision).to.equal(1);
        expect(await store.read(gone)).to.have.length(0);
        expect(await store.read(empty, { direction: 'backwards' })).to.have.length(0);
        expectRecorded(await store.read(audit), audit, record);
        const left = before.filter(({ stream }) => stream !== gone && stream !== empty);
        const after = await everything(store);
        expect(after.slice(0, -2)).to.deep.equal(left);
        expect(after.at(-1)?.position).to.equal(result.position);
        expectGrowing(after.map(({ position }) => position));
        expect(await snapshots?.load(gone)).to.equal(undefined);
        if (catalog !== undefined) {
          const listed = (await catalog.list({ kind: 'run', limit: 1000 })).map(({ stream }) => stream);
          expect(listed).to.include(kept).and.not.include(gone);
        }
        // It is a removal once, however often it is said.
        const again = await remove(ends, { stream: audit, events: record, expectedRevision: NO_STREAM });
        expect(again).to.deep.equal(result);
      },
    );

    whereRemoved(
      'removes nothing, and appends nothing, when a stream does not end where it is said to',
      async (storage, remove) => {
        const { events: store } = storage;
        const [one, two, audit] = [freshStream(), freshStream(), freshStream()];
        for (const stream of [one, two]) await store.append(stream, events(2), NO_STREAM);
        const record = { stream: audit, events: events(1), expectedRevision: NO_STREAM };
        const conflict = (work: Promise<unknown>) => rejection(work, 'REPRISE_STORE_CONFLICT');
        const moved = await conflict(
          remove(
            [
              { stream: one, revision: 1 },
              { stream: two, revision: 0 },
            ],
            record,
          ),
        );
        expect(moved.details).to.deep.include({ stream: two, actualRevision: 1 });
        const absent = await conflict(remove([{ stream: freshStream(), revision: 0 }], record));
        expect(absent.details).to.deep.include({ actualRevision: NO_STREAM });
        await conflict(remove([{ stream: one, revision: 1 }], { ...record, expectedRevision: 5 }));
        expect(await store.read(one)).to.have.length(2);
        expect(await store.read(two)).to.have.length(2);
        expect(await store.read(audit)).to.have.length(0);
      },
    );

    whereRemoved('lets a stream of that name begin anew, and be read from whichever side', async (storage, remove) => {
      const { events: store } = storage;
      const [stream, audit] = [freshStream(), freshStream()];
      await store.append(stream, events(5), NO_STREAM);
      await everything(store);
      const end = { stream, revision: 4 };
      const { position } = await remove([end], { stream: audit, events: events(1), expectedRevision: NO_STREAM });
      const first = events(3);
      const { position: middle } = await store.append(stream, first, NO_STREAM);
      const second = events(3);
      await store.append(stream, second, 2);
      expectRecorded(await store.read(stream), stream, [...first, ...second]);
      expectRecorded(await store.readAll({ after: middle }), stream, second, 3);
      expectRecorded(await store.readAll({ after: position }), stream, [...first, ...second]);
    });

    whereRemoved('tells subscriptions of the record, and goes on with what follows', async (storage, remove) => {
      const { events: store } = storage;
      const [stream, audit, other] = [freshStream(), freshStream(), freshStream()];
      await store.append(stream, events(2), NO_STREAM);
      const heard: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const subscription = await store.subscribe({
        after: 'end',
        onEvents: (page) => {
          heard.push(...page.map((one) => one.stream));
          if (heard.includes(other)) resolve();
        },
      });
      await remove([{ stream, revision: 1 }], { stream: audit, events: events(1), expectedRevision: NO_STREAM });
      await store.append(other, events(1), NO_STREAM);
      await promise;
      expect(heard).to.deep.equal([audit, other]);
      await subscription.close();
    });
  });

  describe('foreign appends (optional)', () => {
    it('says nothing of appends of its own process', async function () {
      const { events: store, foreign } = under.storage();
      if (foreign === undefined) return this.skip();
      const heard: string[] = [];
      const stop = foreign.onAppend((stream) => heard.push(stream));
      for (let revision = NO_STREAM; revision < 50; revision += 1) {
        await store.append('run-own', [event()], revision);
      }
      stop();
      expect(heard).to.deep.equal([]);
    });
  });
}
