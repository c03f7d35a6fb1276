import { type EventStoreSubscription, NO_STREAM } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Collector, events, freshStream, ids } from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

export function subscribeSuite(under: StoreUnderTest): void {
  describe('subscribe', () => {
    it('says that it has caught up on an empty store', async () => {
      const [collector, subscription] = await Collector.start(under.current());
      await collector.until(({ caughtUp }) => caughtUp === 1);
      expect(collector.received).to.deep.equal([]);
      await subscription.close();
    });

    it('delivers what was there, says so, then what comes, and says so each time', async () => {
      const store = under.current();
      const stream = freshStream();
      await store.append(stream, events(3), NO_STREAM);
      const [collector, subscription] = await Collector.start(store);
      await collector.until(({ caughtUp }) => caughtUp === 1);
      expect(collector.received).to.have.length(3);
      for (let round = 2; round <= 4; round += 1) {
        await store.append(stream, events(1), round);
        await collector.until(({ caughtUp, received }) => caughtUp >= round && received.length === round + 2);
      }
      expect(collector.received).to.deep.equal(await store.readAll());
      await subscription.close();
    });

    it('goes on after a position', async () => {
      const store = under.current();
      await store.append(freshStream(), events(6), NO_STREAM);
      const all = await store.readAll();
      const [collector, subscription] = await Collector.start(store, { after: all[3]?.position ?? '' });
      await collector.until(({ caughtUp }) => caughtUp > 0);
      expect(collector.received).to.deep.equal(all.slice(4));
      await subscription.close();
    });

    it("starts at the end with after: 'end'", async () => {
      const store = under.current();
      const stream = freshStream();
      await store.append(stream, events(4), NO_STREAM);
      const [collector, subscription] = await Collector.start(store, { after: 'end' });
      await store.append(stream, events(2), 3);
      await collector.until(({ received }) => received.length >= 2);
      expect(collector.received).to.deep.equal((await store.readAll()).slice(4));
      await subscription.close();
    });

    it('delivers more than a page of history, in order', async () => {
      const store = under.current();
      await store.append(freshStream(), events(1700), NO_STREAM);
      const [collector, subscription] = await Collector.start(store);
      await collector.until(({ caughtUp }) => caughtUp > 0);
      expect(collector.received.map(({ revision }) => revision)).to.deep.equal(
        Array.from({ length: 1700 }, (_, revision) => revision),
      );
      await subscription.close();
    });

    it('leaves out and repeats nothing while many streams are appended to', async () => {
      const store = under.current();
      const subscriptions: [Collector, EventStoreSubscription][] = [];
      const write = async (writer: number): Promise<void> => {
        const stream = freshStream();
        for (let revision = NO_STREAM; revision < 29; revision += 3) {
          if (revision === 8 && writer % 4 === 0) subscriptions.push(await Collector.start(store));
          await store.append(stream, events(3), revision);
        }
      };
      subscriptions.push(await Collector.start(store));
      await Promise.all(Array.from({ length: 12 }, (_, writer) => write(writer)));
      const all = await store.readAll();
      expect(all).to.have.length(360);
      for (const [collector, subscription] of subscriptions) {
        await collector.until(({ received }) => received.length >= all.length);
        expect(collector.received).to.deep.equal(all);
        await subscription.close();
      }
    });

    it('waits for a slow subscriber before the next batch, and holds up nobody else', async () => {
      const store = under.current();
      const stream = freshStream();
      const gate = Promise.withResolvers<void>();
      let running = 0;
      let most = 0;
      const [slow, slowSubscription] = await Collector.start(store, {
        onEvents: async () => {
          running += 1;
          most = Math.max(most, running);
          await gate.promise;
          running -= 1;
        },
      });
      const [quick, quickSubscription] = await Collector.start(store);
      for (let revision = NO_STREAM; revision < 19; revision += 1) await store.append(stream, events(1), revision);
      await quick.until(({ received }) => received.length === 20);
      expect(slow.received).to.deep.equal([]);
      gate.resolve();
      await slow.until(({ received }) => received.length === 20);
      expect(ids(slow.received)).to.deep.equal(ids(quick.received));
      expect(most).to.equal(1);
      await Promise.all([slowSubscription.close(), quickSubscription.close()]);
    });

    for (const [what, fail] of [
      [
        'throws',
        () => {
          throw new Error('handler');
        },
      ],
      ['rejects', () => Promise.reject(new Error('handler'))],
    ] as const) {
      it(`ends through onError when the handler ${what}, and harms no other`, async () => {
        const store = under.current();
        const stream = freshStream();
        let calls = 0;
        const [failing, subscription] = await Collector.start(store, {
          onEvents: () => {
            calls += 1;
            return fail();
          },
        });
        const [other, otherSubscription] = await Collector.start(store);
        await store.append(stream, events(1), NO_STREAM);
        await failing.until(({ error }) => error !== undefined);
        await store.append(stream, events(1), 0);
        await other.until(({ received }) => received.length === 2);
        expect([calls, (failing.error as Error).message]).to.deep.equal([1, 'handler']);
        await Promise.all([subscription.close(), otherSubscription.close()]);
      });
    }

    it('delivers nothing after close(), which waits for the handler that runs', async () => {
      const store = under.current();
      const stream = freshStream();
      const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const [collector, subscription] = await Collector.start(store, {
        onEvents: () => {
          entered.resolve();
          return gate.promise;
        },
      });
      await store.append(stream, events(1), NO_STREAM);
      await entered.promise;
      const closed = subscription.close();
      await store.append(stream, events(1), 0);
      gate.resolve();
      await closed;
      expect(collector.received).to.have.length(1);
      const [other, otherSubscription] = await Collector.start(store);
      await store.append(stream, events(1), 1);
      await other.until(({ received }) => received.length === 3);
      expect([collector.received.length, collector.error]).to.deep.equal([1, undefined]);
      await otherSubscription.close();
      await subscription.close();
    });

    it('may be closed by its own handler', async () => {
      const store = under.current();
      const stream = freshStream();
      const done = Promise.withResolvers<void>();
      let calls = 0;
      const subscription = await store.subscribe({
        onEvents: async () => {
          calls += 1;
          await subscription.close();
          done.resolve();
        },
      });
      await store.append(stream, events(1), NO_STREAM);
      await done.promise;
      await store.append(stream, events(1), 0);
      await subscription.close();
      expect(calls).to.equal(1);
    });
  });

  describe('subscribe to a stream', () => {
    it('delivers what was there, says so, then what comes, and nothing of other streams', async () => {
      const store = under.current();
      const [stream, other] = [freshStream(), freshStream()];
      await store.append(stream, events(3), NO_STREAM);
      await store.append(other, events(2), NO_STREAM);
      const [collector, subscription] = await Collector.start(store, { stream });
      await collector.until(({ caughtUp }) => caughtUp === 1);
      expect(collector.received).to.deep.equal(await store.read(stream));
      for (let round = 2; round <= 4; round += 1) {
        await store.append(other, events(1), round - 1);
        await store.append(stream, events(1), round);
        await collector.until(({ caughtUp, received }) => caughtUp >= round && received.length === round + 2);
      }
      expect(collector.received).to.deep.equal(await store.read(stream));
      expect(collector.caughtUp, 'as often as it had something new').to.equal(4);
      await subscription.close();
    });

    it('goes on after a revision, and waits for one that is yet to come', async () => {
      const store = under.current();
      const stream = freshStream();
      await store.append(stream, events(6), NO_STREAM);
      const [middle, ofMiddle] = await Collector.start(store, { stream, after: 3 });
      const [later, ofLater] = await Collector.start(store, { stream, after: 6 });
      await middle.until(({ caughtUp }) => caughtUp === 1);
      expect(middle.received.map(({ revision }) => revision)).to.deep.equal([4, 5]);
      await store.append(stream, events(2), 5);
      await later.until(({ received }) => received.length > 0);
      expect(later.received.map(({ revision }) => revision)).to.deep.equal([7]);
      await Promise.all([ofMiddle.close(), ofLater.close()]);
    });

    it("starts at the end with after: 'end', and at the beginning of a stream that does not exist yet", async () => {
      const store = under.current();
      const [stream, coming] = [freshStream(), freshStream()];
      await store.append(stream, events(4), NO_STREAM);
      const [news, ofNews] = await Collector.start(store, { stream, after: 'end' });
      const [born, ofBorn] = await Collector.start(store, { stream: coming, after: 'end' });
      const [whole, ofWhole] = await Collector.start(store, { stream: coming });
      await store.append(stream, events(2), 3);
      await store.append(coming, events(2), NO_STREAM);
      await news.until(({ received }) => received.length >= 2);
      expect(news.received.map(({ revision }) => revision)).to.deep.equal([4, 5]);
      for (const collector of [born, whole]) {
        await collector.until(({ received }) => received.length >= 2);
        expect(collector.received.map(({ revision }) => revision)).to.deep.equal([0, 1]);
      }
      await Promise.all([ofNews.close(), ofBorn.close(), ofWhole.close()]);
    });

    it('delivers more than a page of history, in order, to each of its subscribers', async () => {
      const store = under.current();
      const stream = freshStream();
      await store.append(stream, events(1200), NO_STREAM);
      const started = await Promise.all([1, 2, 3].map(() => Collector.start(store, { stream })));
      await store.append(stream, events(5), 1199);
      for (const [collector, subscription] of started) {
        await collector.until(({ received }) => received.length >= 1205);
        const revisions = collector.received.map(({ revision }) => revision);
        expect(revisions).to.deep.equal(Array.from({ length: 1205 }, (_, revision) => revision));
        await subscription.close();
      }
    });

    it('goes on for the others when one of them ends', async () => {
      const store = under.current();
      const stream = freshStream();
      const [first, ofFirst] = await Collector.start(store, { stream });
      const [second, ofSecond] = await Collector.start(store, { stream });
      await ofFirst.close();
      await store.append(stream, events(2), NO_STREAM);
      await second.until(({ received }) => received.length === 2);
      const [third, ofThird] = await Collector.start(store, { stream, after: 1 });
      await ofSecond.close();
      await store.append(stream, events(1), 1);
      await third.until(({ received }) => received.length === 1);
      expect([first.received.length, second.received.length]).to.deep.equal([0, 2]);
      await ofThird.close();
    });
  });
}
