import { type DeliveryHandler, nextTurn } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { distinct, fresh, idsOf, message, messages, probe, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

export function deliverySuite(under: TransportUnderTest): void {
  describe('acknowledgement', () => {
    it('counts the deliveries of a nacked message, which is the same each time', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join((delivery) =>
        delivery.deliveryAttempt < 4 ? delivery.nack({ reason: 'not yet' }) : delivery.ack(),
      );
      const one = message(channel, 'key', { n: 1 });
      await transport.publish([one]);
      await recorder.until(() => recorder.deliveries.some(({ deliveryAttempt }) => deliveryAttempt === 4));
      const attempts = recorder.of(one).map(({ deliveryAttempt }) => deliveryAttempt);
      expect([...new Set(attempts)]).to.deep.equal([1, 2, 3, 4]);
      for (const { envelope } of recorder.of(one)) expect(envelope).to.deep.equal(one.envelope);
    });

    const failures: Readonly<Record<string, () => Promise<void>>> = {
      throws: () => {
        throw new Error('handler');
      },
      rejects: () => Promise.reject(new Error('handler')),
      'rejects later': async () => {
        await new Promise<void>((resolve) => queueMicrotask(resolve));
        throw new Error('handler');
      },
    };
    for (const [how, fail] of Object.entries(failures)) {
      it(`takes a handler that ${how} for a nack`, async () => {
        const transport = under.current();
        const channel = fresh('channel');
        const second = Promise.withResolvers<number>();
        const handler: DeliveryHandler = (delivery) => {
          if (delivery.deliveryAttempt === 1) return fail();
          second.resolve(delivery.deliveryAttempt);
          return delivery.ack();
        };
        await transport.subscribe(channel, handler, { group: fresh('group') });
        await transport.publish([message(channel)]);
        expect(await second.promise).to.equal(2);
      });
    }

    it('lets a handler settle a delivery long after it has returned', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join((delivery) => {
        if (delivery.deliveryAttempt > 1) delivery.ack();
      });
      const [kept, returned] = [message(channel, 'a'), message(channel, 'b')];
      await transport.publish([kept, returned]);
      await recorder.received([kept, returned]);
      recorder.of(kept)[0]?.ack();
      recorder.of(returned)[0]?.nack({ reason: 'changed my mind' });
      await recorder.until(() => recorder.of(returned).length > 1);
      await probe(recorder, 'a');
      expect(recorder.of(kept).every(({ deliveryAttempt }) => deliveryAttempt === 1)).to.equal(true);
    });

    it('brings a nacked message back after its delay, not before', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join((delivery) => {
        if (delivery.deliveryAttempt > 1) delivery.ack();
      });
      const [late, soon] = [message(channel, 'a'), message(channel, 'b')];
      await transport.publish([late, soon]);
      await recorder.received([late, soon]);
      recorder.of(late)[0]?.nack({ reason: 'later', delayMs: 100 });
      recorder.of(soon)[0]?.nack({ reason: 'at once' });
      await recorder.until(() => [late, soon].every((one) => recorder.of(one).length > 1));
      const again = recorder.deliveries.filter(({ deliveryAttempt }) => deliveryAttempt > 1);
      expect(distinct(again.map(({ envelope }) => envelope.id))).to.deep.equal(idsOf([soon, late]));
    });

    it('has nothing revoked that is out, or that was settled', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join((delivery) => {
        if (delivery.deliveryAttempt > 1) delivery.ack();
      });
      const sent = messages(channel, 3, (index) => `key-${index}`);
      await transport.publish(sent);
      await recorder.received(sent);
      expect(recorder.deliveries.map(({ revoked }) => revoked)).to.deep.equal([false, false, false]);
      const [acked, nacked] = recorder.deliveries;
      acked?.ack();
      nacked?.nack({ reason: 'again' });
      await recorder.until(() => recorder.ids.length > 3);
      expect(recorder.deliveries.map(({ revoked }) => revoked)).to.deep.equal([false, false, false, false]);
    });

    // What a second word on a delivery could do: bring the message again, or free a place that is taken.
    const doubles: Readonly<Record<string, DeliveryHandler>> = {
      'ack and ack': (delivery) => {
        delivery.ack();
        delivery.ack();
      },
      'ack and nack': (delivery) => {
        delivery.ack();
        delivery.nack({ reason: 'too late' });
      },
      'ack and a throw': (delivery) => {
        delivery.ack();
        throw new Error('too late');
      },
    };
    for (const [what, settle] of Object.entries(doubles)) {
      it(`goes by the first of ${what}`, async () => {
        const transport = under.current();
        const channel = fresh('channel');
        const recorder = new Recorder(transport, channel);
        await recorder.join(settle, { concurrency: 1 });
        const one = message(channel);
        await transport.publish([one]);
        await recorder.received([one]);
        await probe(recorder, 'key');
        await probe(recorder, 'key');
        expect(recorder.of(one).every(({ deliveryAttempt }) => deliveryAttempt === 1)).to.equal(true);
      });
    }

    it('goes by the first of nack, nack and ack', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join((delivery) => {
        if (delivery.deliveryAttempt === 1) {
          delivery.nack({ reason: 'first' });
          delivery.nack({ reason: 'second' });
        }
        delivery.ack();
      });
      const one = message(channel);
      await transport.publish([one]);
      await recorder.until(() => recorder.of(one).length > 1);
      await probe(recorder, 'key');
      const attempts = recorder.of(one).map(({ deliveryAttempt }) => deliveryAttempt);
      expect([...new Set(attempts)]).to.deep.equal([1, 2]);
    });

    it('takes no word of an earlier delivery for one on the delivery that followed', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const thrown = Promise.withResolvers<void>();
      await recorder.join(
        async (delivery) => {
          if (delivery.deliveryAttempt > 1) return;
          delivery.nack({ reason: 'first word' });
          await thrown.promise;
          throw new Error('second word');
        },
        { concurrency: 1 },
      );
      const one = message(channel);
      await transport.publish([one]);
      await recorder.until(() => recorder.of(one).some(({ deliveryAttempt }) => deliveryAttempt === 2));
      thrown.resolve();
      recorder.of(one)[0]?.ack();
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      const next = message(channel);
      await transport.publish([next]);
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      // The second delivery is unacknowledged still: it takes the one place that there is.
      expect(recorder.of(next)).to.deep.equal([]);
      expect(Math.max(...recorder.of(one).map(({ deliveryAttempt }) => deliveryAttempt))).to.equal(2);
      for (const delivery of recorder.of(one)) delivery.ack();
      await recorder.received([next]);
    });

    it('hands what was rejected to nobody any more, and goes on behind it, where it keeps dead letters', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const [poison, ...others] = messages(channel, 4, () => 'key');
      if (poison === undefined) throw new Error('nothing to send');
      await recorder.join((delivery) => {
        if (delivery.envelope.id !== poison.envelope.id || delivery.reject === undefined) return delivery.ack();
        delivery.reject({ reason: 'REPRISE_MESSAGE_INVALID: nobody can do anything with it' });
        // The first word counts.
        delivery.nack({ reason: 'too late' });
      });
      await transport.publish([poison, ...others]);
      await recorder.received(others);
      await probe(recorder, 'key');
      expect(recorder.of(poison)).to.have.length(1);
    });
  });
}
