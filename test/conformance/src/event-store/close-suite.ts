import { NO_STREAM } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Collector, event, events, freshStream, rejection, summary } from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

export function closeSuite(under: StoreUnderTest): void {
  describe('close', () => {
    it('waits for appends under way', async () => {
      const store = under.current();
      const appends = Array.from({ length: 20 }, () => store.append(freshStream(), events(2), NO_STREAM));
      let settled = 0;
      for (const append of appends) void append.then(() => (settled += 1));
      await store.close();
      await Promise.all(appends);
      expect(settled).to.equal(20);
    });

    it('fails every further call with REPRISE_STORE_CLOSED, but not a second close()', async () => {
      const { events: store, catalog, snapshots, ownership } = under.storage();
      await store.append('run-a', [event()], NO_STREAM, { summary: summary() });
      await store.close();
      await store.close();
      const calls: (Promise<unknown> | undefined)[] = [
        store.append('run-a', [event()], 0),
        store.read('run-a'),
        store.readAll(),
        store.subscribe({ onEvents: () => undefined }),
        catalog?.list({ kind: 'run' }),
        snapshots?.load('run-a'),
        snapshots?.save('run-a', { revision: 0, schema: 's', state: '{}' }),
        ownership?.start(),
      ];
      for (const call of calls) if (call !== undefined) await rejection(call, 'REPRISE_STORE_CLOSED');
    });

    it('ends subscriptions without an error', async () => {
      const store = under.current();
      const [collector] = await Collector.start(store);
      await collector.until(({ caughtUp }) => caughtUp === 1);
      await store.close();
      expect(collector.error).to.equal(undefined);
    });
  });
}
