import { NO_STREAM, type Storage } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Collector, events, expectConflict, expectRecorded, freshStream, summary } from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

export function reopenSuite(under: StoreUnderTest, reopen: () => Promise<Storage>): void {
  describe('reopen', () => {
    it('has every event, and goes on where it was', async () => {
      const stream = freshStream();
      const [first, second] = [events(4), events(2)];
      const result = await under.current().append(stream, first, NO_STREAM);
      const before = await under.current().readAll();
      const { events: store } = await reopen();
      expect(await store.readAll()).to.deep.equal(before);
      await expectConflict(store.append(stream, events(1), NO_STREAM), 3);
      expect(await store.append(stream, first, NO_STREAM)).to.deep.equal(result);
      const next = await store.append(stream, second, 3);
      expect(next.revision).to.equal(5);
      expect(next.position > result.position).to.equal(true);
      expectRecorded(await store.read(stream), stream, [...first, ...second]);
    });

    it('resumes a subscription from its position', async () => {
      const stream = freshStream();
      await under.current().append(stream, events(3), NO_STREAM);
      const [seen] = await under.current().readAll();
      const { events: store } = await reopen();
      const [collector, subscription] = await Collector.start(store, { after: seen?.position ?? '' });
      await store.append(stream, events(1), 2);
      await collector.until(({ received }) => received.length === 3);
      expect(collector.received.map(({ revision }) => revision)).to.deep.equal([1, 2, 3]);
      await subscription.close();
    });

    it('has its summaries', async () => {
      const stream = freshStream();
      await under.current().append(stream, events(1), NO_STREAM, { summary: summary() });
      const listed = await under.storage().catalog?.list({ kind: 'run' });
      const { catalog } = await reopen();
      expect(await catalog?.list({ kind: 'run' })).to.deep.equal(listed);
    });
  });
}
