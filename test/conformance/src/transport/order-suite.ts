import { type Delivery, type OutgoingMessage, sleep } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { distinct, fresh, idsOf, message, messages, probe, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

const AN_HOUR_MS = 3_600_000;

export function orderSuite(under: TransportUnderTest): void {
  describe('order', () => {
    for (const concurrency of [1, 16]) {
      it(`keeps the order of publishing within a key, ${concurrency} at once`, async () => {
        const transport = under.current();
        const channel = fresh('channel');
        const recorder = new Recorder(transport, channel);
        const sent = messages(channel, 90, (index) => `key-${index % 3}`);
        await transport.publish(sent.slice(0, 30));
        await recorder.join(undefined, { concurrency });
        await recorder.join(undefined, { concurrency });
        for (const one of sent.slice(30)) await transport.publish([one]);
        await recorder.received(sent);
        for (const key of ['key-0', 'key-1', 'key-2']) {
          const own = sent.filter(({ envelope }) => envelope.partitionkey === key);
          const seen = recorder.deliveries.filter(({ envelope }) => envelope.partitionkey === key);
          expect(distinct(seen.map(({ envelope }) => envelope.id))).to.deep.equal(idsOf(own));
        }
      });
    }

    it('keeps the order of calls to publish() that nobody waits for', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join();
      const sent = messages(channel, 50);
      await Promise.all(sent.map((one) => transport.publish([one])));
      await recorder.received(sent);
      expect(distinct(recorder.ids)).to.deep.equal(idsOf(sent));
    });

    for (const [what, delayMs] of [
      ['without a delay', undefined],
      ['with a delay', 20],
    ] as const) {
      it(`brings a message that was nacked ${what} back before the next of its key`, async () => {
        const transport = under.current();
        const channel = fresh('channel');
        const recorder = new Recorder(transport, channel);
        await recorder.join(
          (delivery) => {
            if (delivery.deliveryAttempt < 3)
              delivery.nack({ reason: 'again', ...(delayMs === undefined ? {} : { delayMs }) });
            else delivery.ack();
          },
          { concurrency: 1 },
        );
        const sent = messages(channel, 4);
        await transport.publish(sent);
        await recorder.until(() => recorder.ids.length >= 12);
        const inOrder = recorder.deliveries.map(({ envelope, deliveryAttempt }) => `${envelope.id}/${deliveryAttempt}`);
        expect(distinct(inOrder)).to.deep.equal(idsOf(sent).flatMap((id) => [`${id}/1`, `${id}/2`, `${id}/3`]));
      });
    }

    it('holds up its key, and no other, while a nacked message waits', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const blocked = messages(channel, 3, () => 'blocked');
      const free = messages(channel, 20, (index) => `free-${index % 4}`);
      await recorder.join(
        (delivery) => {
          if (delivery.envelope.partitionkey === 'blocked') delivery.nack({ reason: 'later', delayMs: AN_HOUR_MS });
          else delivery.ack();
        },
        { concurrency: 1 },
      );
      await transport.publish([...blocked, ...free]);
      await recorder.received(free);
      const seen = recorder.deliveries.filter(({ envelope }) => envelope.partitionkey === 'blocked');
      expect(distinct(seen.map(({ envelope }) => envelope.id))).to.deep.equal(idsOf(blocked.slice(0, 1)));
    });

    it('holds up its key for every member of the group, and for no other group', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const [recorder, other] = [new Recorder(transport, channel), new Recorder(transport, channel)];
      const sent = messages(channel, 5, () => 'blocked');
      for (let members = 0; members < 2; members += 1) {
        await recorder.join((delivery) => delivery.nack({ reason: 'later', delayMs: AN_HOUR_MS }), { concurrency: 1 });
      }
      await other.join();
      await transport.publish(sent);
      await other.received(sent);
      await recorder.received(sent.slice(0, 1));
      const last = message(channel, 'free');
      await transport.publish([last]);
      await recorder.received([last]);
      expect(distinct(recorder.ids)).to.have.length(2);
    });

    it('brings several nacked messages of a key back before the next, whatever their delays', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const sent = messages(channel, 6);
      const held: Delivery[] = [];
      await recorder.join(
        (delivery) => {
          if (delivery.deliveryAttempt > 1 || held.length === 3) return delivery.ack();
          held.push(delivery);
          if (held.length < 3) return undefined;
          for (const [index, one] of held.entries()) one.nack({ reason: 'again', delayMs: 20 - 10 * index });
          return undefined;
        },
        { concurrency: 3 },
      );
      await transport.publish(sent);
      await recorder.received(sent);
      const fourth = recorder.ids.indexOf(idsOf(sent)[3] ?? '');
      const before = recorder.deliveries.slice(0, fourth).filter(({ deliveryAttempt }) => deliveryAttempt === 2);
      expect(distinct(before.map(({ envelope }) => envelope.id)).sort()).to.deep.equal(idsOf(sent.slice(0, 3)).sort());
    });

    it('keeps the order of what waited for a nacked message and what was never looked at', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const [first, second, third] = messages(channel, 3) as [OutgoingMessage, OutgoingMessage, OutgoingMessage];
      const between = messages(channel, 2, () => 'other');
      await recorder.join(
        async (delivery) => {
          if (delivery.envelope.partitionkey === 'other') await sleep(5);
          if (delivery.envelope.id === first.envelope.id && delivery.deliveryAttempt === 1)
            delivery.nack({ reason: 'again' });
          else delivery.ack();
        },
        { concurrency: 1 },
      );
      const sent = [first, second, ...between, third];
      await transport.publish(sent);
      await recorder.received(sent);
      const own = recorder.deliveries.filter(({ envelope }) => envelope.partitionkey === 'key');
      expect(distinct(own.map(({ envelope }) => envelope.id))).to.deep.equal(idsOf([first, second, third]));
    });

    for (const nackedFirst of ['the longer', 'the shorter'] as const) {
      it(`lets none of several delays of a key be cut short, ${nackedFirst} first`, async () => {
        const transport = under.current();
        const channel = fresh('channel');
        const recorder = new Recorder(transport, channel);
        const sent = messages(channel, 2);
        const long = sent[nackedFirst === 'the longer' ? 0 : 1] as OutgoingMessage;
        const held: Delivery[] = [];
        await recorder.join(
          (delivery) => {
            if (delivery.envelope.partitionkey !== 'key' || delivery.deliveryAttempt > 1) return delivery.ack();
            held.push(delivery);
            if (held.length < 2) return undefined;
            for (const one of held)
              one.nack({ reason: 'later', delayMs: one.envelope.id === long.envelope.id ? AN_HOUR_MS : 0 });
            return undefined;
          },
          { concurrency: 2 },
        );
        await transport.publish(sent);
        await recorder.received(sent);
        for (const key of ['a', 'b', 'c']) {
          await probe(recorder, key);
          await sleep(1);
        }
        expect(recorder.of(long).map(({ deliveryAttempt }) => deliveryAttempt)).to.deep.equal([1]);
      });
    }
  });
}
