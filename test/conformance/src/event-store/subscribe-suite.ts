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

    it('starts in the middle, that position included', async () => {
      const store = under.current();
      await store.append(freshStream(), events(6), NO_STREAM);
      const all = await store.readAll();
      const [collector, subscription] = await Collector.start(store, { from: all[4]?.position ?? 0 });
      await collector.until(({ caughtUp }) => caughtUp > 0);
      expect(collector.received).to.deep.equal(all.slice(4));
      await subscription.close();
    });

    it("starts at the end with from: 'end'", async () => {
      const store = under.current();
      const stream = freshStream();
      await store.append(stream, events(4), NO_STREAM);
      const [collector, subscription] = await Collector.start(store, { from: 'end' });
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
}
