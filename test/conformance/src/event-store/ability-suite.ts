import {
  type EventStore,
  type ListedStream,
  NO_STREAM,
  type StreamCatalog,
  type StreamQuery,
} from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { event, events, expectConflict, freshStream, summary } from './fixtures.ts';
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
