import { nextTurn } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { distinct, fresh, hold, idsOf, message, messages, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

export function broadcastSuite(under: TransportUnderTest): void {
  describe('broadcast', () => {
    it('hands every subscription every message, in the order of its key, and groups theirs', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const group = new Recorder(transport, channel);
      await group.join();
      const all = [1, 2, 3].map(() => new Recorder(transport, channel));
      for (const one of all) await one.hear();
      const sent = messages(channel, 30, (index) => `key-${index % 3}`);
      await transport.publish(sent.slice(0, 10));
      for (const one of sent.slice(10)) await transport.publish([one]);
      await group.received(sent);
      for (const one of all) {
        await one.received(sent);
        for (const key of ['key-0', 'key-1', 'key-2']) {
          const seen = one.deliveries.filter(({ envelope }) => envelope.partitionkey === key);
          const own = sent.filter(({ envelope }) => envelope.partitionkey === key);
          expect(distinct(seen.map(({ envelope }) => envelope.id))).to.deep.equal(idsOf(own));
        }
      }
    });

    it('hands one that comes later what is published from then on, and nothing of before', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const early = messages(channel, 5);
      await transport.publish(early.slice(0, 2));
      const first = new Recorder(transport, channel);
      await first.hear();
      await transport.publish(early.slice(2));
      const second = new Recorder(transport, channel);
      await second.hear();
      const late = messages(channel, 3);
      await transport.publish(late);
      await first.received(late);
      await second.received(late);
      expect(distinct(first.ids)).to.deep.equal(idsOf([...early.slice(2), ...late]));
      expect(distinct(second.ids)).to.deep.equal(idsOf(late));
    });

    it('brings what a subscription nacks back to it, and to no other', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const [nacking, other] = [new Recorder(transport, channel), new Recorder(transport, channel)];
      await nacking.hear((delivery) => {
        if (delivery.deliveryAttempt === 2) throw new Error('as good as a nack');
        return delivery.deliveryAttempt < 2 ? delivery.nack({ reason: 'again' }) : delivery.ack();
      });
      await other.hear();
      const [one, last] = [message(channel), message(channel)];
      await transport.publish([one, last]);
      await nacking.until(() => nacking.of(one).some(({ deliveryAttempt }) => deliveryAttempt === 3));
      await nacking.received([last]);
      await other.received([last]);
      expect(other.of(one).every(({ deliveryAttempt }) => deliveryAttempt === 1)).to.equal(true);
    });

    it('hands out no more than may be unacknowledged, and holds no other up', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const [stuck, other] = [new Recorder(transport, channel), new Recorder(transport, channel)];
      await stuck.hear(hold, { concurrency: 2 });
      await other.hear(undefined, { concurrency: 2 });
      const sent = messages(channel, 10, (index) => `key-${index}`);
      await transport.publish(sent);
      await other.received(sent);
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      expect(stuck.ids).to.have.length(2);
    });

    it('hands a closed subscription nothing more, and gives nothing of it to others', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const [leaving, staying] = [new Recorder(transport, channel), new Recorder(transport, channel)];
      const subscription = await leaving.hear(hold, { concurrency: 1 });
      await staying.hear();
      const sent = messages(channel, 5, (index) => `key-${index}`);
      await transport.publish(sent);
      await leaving.until(() => leaving.ids.length === 1);
      await subscription.close();
      expect(leaving.deliveries.map(({ revoked }) => revoked)).to.deep.equal([true]);
      leaving.deliveries[0]?.ack();
      const last = message(channel);
      await transport.publish([last]);
      await staying.received([...sent, last]);
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      expect(leaving.ids).to.have.length(1);
      const later = new Recorder(transport, channel);
      await later.hear();
      const next = message(channel);
      await transport.publish([next]);
      await later.received([next]);
      expect(distinct(later.ids)).to.deep.equal(idsOf([next]));
    });
  });
}
