import { type EventStore, isRepriseError, NO_STREAM, type Storage } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  Collector,
  event,
  events,
  expectConflict,
  expectGrowing,
  expectRecorded,
  freshStream,
  ids,
  summary,
} from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** Two handles stand for two processes on one store: what holds for one store holds across them. */
export function twoHandlesSuite(under: StoreUnderTest, openSecond: () => Promise<Storage>): void {
  describe('two handles', () => {
    const both = async (): Promise<[EventStore, EventStore]> => [under.current(), (await openSecond()).events];
    const bothStorages = async (): Promise<[Storage, Storage]> => [under.storage(), await openSecond()];

    it('read what the other appended, in one global order', async () => {
      const [one, other] = await both();
      const [shared, own] = [freshStream(), freshStream()];
      const [first, second, third] = [events(2), events(3), events(1)];
      await one.append(shared, first, NO_STREAM);
      expectRecorded(await other.read(shared), shared, first);
      await other.append(shared, second, 1);
      await other.append(own, third, NO_STREAM);
      expectRecorded(await one.read(shared), shared, [...first, ...second]);
      const all = await one.readAll();
      expect(ids(all)).to.deep.equal(ids([...first, ...second, ...third]));
      expect(await other.readAll()).to.deep.equal(all);
      const positions = all.map(({ position }) => position);
      expectGrowing(positions);
    });

    it('tell subscribers what the other appended, each event once and in order', async () => {
      const [one, other] = await both();
      const [here, there] = [freshStream(), freshStream()];
      await other.append(there, events(2), NO_STREAM);
      const [all, allSubscription] = await Collector.start(one);
      const [news, newsSubscription] = await Collector.start(other, { after: 'end' });
      for (let revision = NO_STREAM; revision < 4; revision += 1) {
        await one.append(here, events(1), revision);
        await other.append(there, events(1), revision + 2);
      }
      await all.until(({ received }) => received.length >= 12);
      await news.until(({ received }) => received.length >= 10);
      const expected = await one.readAll();
      expect(all.received).to.deep.equal(expected);
      expect(news.received).to.deep.equal(expected.slice(2));
      await Promise.all([allSubscription.close(), newsSubscription.close()]);
    });

    it('conflict with each other, and name the revision that the other made', async () => {
      const [one, other] = await both();
      const stream = freshStream();
      await one.append(stream, events(3), NO_STREAM);
      await expectConflict(other.append(stream, events(1), NO_STREAM), 2);
      await expectConflict(other.append(stream, events(1), 1), 2);
      await other.append(stream, events(1), 2);
      await expectConflict(one.append(stream, events(1), 2), 3);
      expect(await one.readAll()).to.have.length(4);
    });

    it('take the append of the other again as done', async () => {
      const [one, other] = await both();
      const stream = freshStream();
      const [first, second] = [events(2), events(2)];
      const result = await one.append(stream, first, NO_STREAM);
      expect(await other.append(stream, first, NO_STREAM)).to.deep.equal(result);
      const next = await other.append(stream, second, 1);
      expect(await one.append(stream, second, 1)).to.deep.equal(next);
      expect(await one.append(stream, first, NO_STREAM)).to.deep.equal(result);
      expectRecorded(await other.read(stream), stream, [...first, ...second]);
    });

    it('let exactly one of them win a revision, and lose nothing when the other tries again', async () => {
      const handles = await both();
      const stream = freshStream();
      const appended: string[] = [];
      const contend = async (store: EventStore): Promise<void> => {
        for (let done = 0; done < 8; ) {
          const head = (await store.read(stream, { direction: 'backwards', limit: 1 }))[0]?.revision ?? NO_STREAM;
          const mine = event();
          try {
            await store.append(stream, [mine], head);
            appended.push(mine.id);
            done += 1;
          } catch (error) {
            if (!isRepriseError(error, 'REPRISE_STORE_CONFLICT')) throw error;
          }
        }
      };
      await Promise.all(handles.map(contend));
      const [one, other] = handles;
      const recorded = await one.read(stream);
      expect(recorded.map(({ revision }) => revision)).to.deep.equal(Array.from({ length: 16 }, (_, index) => index));
      expect(ids(recorded).sort()).to.deep.equal(appended.sort());
      expect(await other.read(stream)).to.deep.equal(recorded);
    });

    it('append to many streams at once: one order, the same for both and for their subscribers', async () => {
      const handles = await both();
      const collectors = await Promise.all(handles.map((store) => Collector.start(store)));
      const write = async (store: EventStore): Promise<void> => {
        const stream = freshStream();
        for (let revision = NO_STREAM; revision < 9; revision += 2) await store.append(stream, events(2), revision);
      };
      await Promise.all(handles.flatMap((store) => Array.from({ length: 6 }, () => write(store))));
      const [one, other] = handles;
      const all = await one.readAll();
      expect(all).to.have.length(120);
      expect(await other.readAll()).to.deep.equal(all);
      for (const [collector, subscription] of collectors) {
        await collector.until(({ received }) => received.length >= all.length);
        expect(collector.received).to.deep.equal(all);
        await subscription.close();
      }
    });

    it('leave the other open when one is closed', async () => {
      const [one, other] = await both();
      const stream = freshStream();
      await other.append(stream, events(1), NO_STREAM);
      const [collector, subscription] = await Collector.start(one);
      await other.close();
      await one.append(stream, events(2), 0);
      await collector.until(({ received }) => received.length === 3);
      expect(await one.read(stream)).to.have.length(3);
      await subscription.close();
    });

    it('tell subscribers to a stream what the other appended to it, and nothing else', async () => {
      const [one, other] = await both();
      const [here, there] = [freshStream(), freshStream()];
      const [mine, ofMine] = await Collector.start(one, { stream: here });
      const [theirs, ofTheirs] = await Collector.start(one, { stream: there, after: 'end' });
      for (let revision = NO_STREAM; revision < 4; revision += 1) {
        await other.append(here, events(1), revision);
        await other.append(there, events(2), revision * 2 + 1);
      }
      await mine.until(({ received }) => received.length >= 5);
      await theirs.until(({ received }) => received.length >= 10);
      expect(mine.received).to.deep.equal(await other.read(here));
      expect(theirs.received).to.deep.equal(await other.read(there));
      await Promise.all([ofMine.close(), ofTheirs.close()]);
    });

    it('see the summaries of the other (where streams are listed)', async function () {
      const [one, other] = await bothStorages();
      if (one.catalog === undefined || other.catalog === undefined) return this.skip();
      const stream = freshStream();
      await one.events.append(stream, events(1), NO_STREAM, { summary: summary() });
      await other.events.append(stream, events(1), 0, { summary: summary({ status: 'completed', updatedAt: 2 }) });
      const listed = await one.catalog.list({ kind: 'run' });
      expect(listed.map(({ status, revision }) => [status, revision])).to.deep.equal([['completed', 1]]);
      expect(await other.catalog.list({ kind: 'run' })).to.deep.equal(listed);
    });

    it('see the snapshots of the other (where there are snapshots)', async function () {
      const [one, other] = await bothStorages();
      if (one.snapshots === undefined || other.snapshots === undefined) return this.skip();
      const stream = freshStream();
      await one.snapshots.save(stream, { revision: 1, schema: 'a', state: '1' });
      expect(await other.snapshots.load(stream)).to.deep.equal({ revision: 1, schema: 'a', state: '1' });
      await other.snapshots.save(stream, { revision: 2, schema: 'a', state: '2' });
      expect(await one.snapshots.load(stream)).to.deep.equal({ revision: 2, schema: 'a', state: '2' });
    });

    it('hear of the appends of the other, and not of their own (where that is told)', async function () {
      const [one, other] = await bothStorages();
      if (one.foreign === undefined) return this.skip();
      const heard = Promise.withResolvers<[string, number]>();
      const stop = one.foreign.onAppend((stream, revision) => heard.resolve([stream, revision]));
      const [own, foreign] = [freshStream(), freshStream()];
      await one.events.append(own, events(1), NO_STREAM);
      await other.events.append(foreign, events(2), NO_STREAM);
      expect(await heard.promise).to.deep.equal([foreign, 1]);
      stop();
    });
  });
}
