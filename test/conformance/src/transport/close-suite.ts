import { nextTurn, sleep } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { distinct, fresh, hold, idsOf, message, messages, probe, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

export function closeSuite(under: TransportUnderTest): void {
  describe('closing a subscription', () => {
    it('gives what was not acknowledged to another member of the group', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const leaving = await recorder.join(hold);
      const sent = messages(channel, 10, (index) => `key-${index % 3}`);
      await transport.publish(sent);
      await recorder.received(sent);
      const staying = new Recorder(transport, channel, recorder.group);
      await staying.join();
      await leaving.close();
      await staying.received(sent);
    });

    it('keeps what was not acknowledged for a member that comes later, in order', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const leaving = await recorder.join(hold, { concurrency: 4 });
      const sent = messages(channel, 10);
      await transport.publish(sent);
      await recorder.received(sent.slice(0, 1));
      await leaving.close();
      const later = new Recorder(transport, channel, recorder.group);
      await later.join();
      await later.received(sent);
      expect(distinct(later.ids)).to.deep.equal(idsOf(sent));
    });

    it('does not bring back what was acknowledged', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const subscription = await recorder.join();
      const sent = messages(channel, 10);
      await transport.publish(sent);
      await recorder.received(sent);
      await subscription.close();
      const later = new Recorder(transport, channel, recorder.group);
      await later.join();
      await probe(later, 'key');
      expect(later.ids.filter((id) => idsOf(sent).includes(id))).to.deep.equal([]);
    });

    it('hands the closed member nothing more', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const closed = new Recorder(transport, channel);
      await (await closed.join()).close();
      const staying = new Recorder(transport, channel, closed.group);
      await staying.join();
      const sent = messages(channel, 20, (index) => `key-${index}`);
      await transport.publish(sent);
      await staying.received(sent);
      expect(closed.ids).to.deep.equal([]);
    });

    it('takes no word of the member that left on a delivery that was given to another', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const left = new Recorder(transport, channel);
      const subscription = await left.join(hold);
      const sent = messages(channel, 2, (index) => `key-${index}`);
      await transport.publish(sent);
      await left.received(sent);
      await subscription.close();
      left.deliveries[0]?.nack({ reason: 'too late' });
      left.deliveries[1]?.ack();
      await sleep(5);
      const later = new Recorder(transport, channel, left.group);
      await later.join();
      await later.received(sent);
      await probe(later, 'key-0');
      for (const one of sent)
        expect(new Set(later.of(one).map(({ deliveryAttempt }) => deliveryAttempt)).size).to.equal(1);
    });

    it('revokes what was not acknowledged, and nothing else', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const leaving = await recorder.join(hold);
      const sent = messages(channel, 3, (index) => `key-${index}`);
      await transport.publish(sent);
      await recorder.received(sent);
      const [acked, nacked, held] = recorder.deliveries;
      acked?.ack();
      nacked?.nack({ reason: 'later', delayMs: 1000 });
      await leaving.close();
      expect([acked?.revoked, nacked?.revoked, held?.revoked]).to.deep.equal([false, false, true]);
    });

    it('revokes nothing while a handler runs whose word still counts', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const [gate, entered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const seen: boolean[] = [];
      const subscription = await recorder.join(async (delivery) => {
        entered.resolve();
        await gate.promise;
        seen.push(delivery.revoked);
        delivery.ack();
        seen.push(delivery.revoked);
      });
      await transport.publish([message(channel)]);
      await entered.promise;
      const closed = subscription.close();
      gate.resolve();
      await closed;
      expect(seen).to.deep.equal([false, false]);
    });

    it('brings a nacked message back to those who are left', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const leaving = await recorder.join((delivery) => delivery.nack({ reason: 'later', delayMs: 20 }), {
        concurrency: 1,
      });
      const sent = messages(channel, 3);
      await transport.publish(sent);
      await recorder.received(sent.slice(0, 1));
      await leaving.close();
      const later = new Recorder(transport, channel, recorder.group);
      await later.join();
      await later.received(sent);
      expect(distinct(later.ids)).to.deep.equal(idsOf(sent));
    });

    it('waits for the handler that runs, whose word still counts, and takes nothing more meanwhile', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const [gate, entered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const subscription = await recorder.join(async (delivery) => {
        entered.resolve();
        await gate.promise;
        delivery.ack();
      });
      const [running, next] = [message(channel, 'a'), message(channel, 'b')];
      await transport.publish([running]);
      await entered.promise;
      let left = false;
      const closed = subscription.close().then(() => {
        left = true;
      });
      await transport.publish([next]);
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      expect([left, recorder.ids]).to.deep.equal([false, idsOf([running])]);
      gate.resolve();
      await closed;
      const later = new Recorder(transport, channel, recorder.group);
      await later.join();
      await later.received([next]);
      await probe(later, 'a');
      expect(later.of(running)).to.deep.equal([]);
    });

    it('may be done twice', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const subscription = await recorder.join(hold);
      const sent = messages(channel, 3);
      await transport.publish(sent);
      await recorder.received(sent.slice(0, 1));
      await Promise.all([subscription.close(), subscription.close()]);
      await subscription.close();
      const later = new Recorder(transport, channel, recorder.group);
      await later.join();
      await later.received(sent);
      expect(distinct(later.ids)).to.deep.equal(idsOf(sent));
    });
  });
}
