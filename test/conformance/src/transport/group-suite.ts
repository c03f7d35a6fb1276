import { expect } from 'chai';
import { describe, it } from 'mocha';
import { distinct, fresh, idsOf, message, messages, probe, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

export function groupSuite(under: TransportUnderTest): void {
  describe('groups', () => {
    it('hands every group every message, as it was published', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const groups = [1, 2, 3].map(() => new Recorder(transport, channel));
      for (const group of groups) await group.join();
      const sent = [
        message(channel, 'a', { text: 'zażółć \u{1F9EA} \u2028', list: [0, -1.5, 1e308, null, true, {}, ''] }),
        message(channel, 'b', 'x€'.repeat(64 * 1024)),
        message(channel, 'a', null),
      ];
      const [first] = sent;
      if (first === undefined) throw new Error('nothing to send');
      const full = {
        ...first.envelope,
        id: 'full-of-attributes',
        dataschema: 'https://example.org/schema.json',
        taskid: 'inspect.12',
        attempt: 3,
        replyto: 'reprise.commands',
        expirytime: '2027-01-01T00:00:00.000Z',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=1',
      };
      sent.push({ channel, envelope: full });
      await transport.publish(sent);
      for (const group of groups) {
        await group.received(sent);
        for (const one of sent) expect(group.of(one)[0]?.envelope).to.deep.equal(one.envelope);
      }
    });

    it('hands a message of one channel to nobody on another', async () => {
      const transport = under.current();
      const [here, there] = [fresh('channel'), fresh('channel')];
      const recorder = new Recorder(transport, there);
      await recorder.join();
      const sent = [message(here), message(there), message(here)];
      await transport.publish(sent);
      await probe(recorder, 'key');
      const [stray, own, other] = idsOf(sent);
      expect(recorder.ids).to.include(own).and.not.include.any.members([stray, other]);
    });

    it('shares messages between the members of a group', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const byMember: string[][] = [[], []];
      for (const own of byMember) {
        await recorder.join((delivery) => {
          own.push(delivery.envelope.id);
          delivery.ack();
        });
      }
      const sent = messages(channel, 40, (index) => `key-${index}`);
      await transport.publish(sent);
      await recorder.received(sent);
      const [one = [], other = []] = byMember;
      expect([...distinct(one), ...distinct(other)].sort()).to.deep.equal(idsOf(sent).sort());
    });

    it('keeps what is published before anybody has subscribed', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const sent = messages(channel, 5);
      await transport.publish(sent.slice(0, 2));
      await transport.publish(sent.slice(2));
      const recorder = new Recorder(transport, channel);
      await recorder.join();
      await recorder.received(sent);
      expect(distinct(recorder.ids)).to.deep.equal(idsOf(sent));
    });

    it('keeps what is published while a group has no member', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await (await recorder.join()).close();
      const sent = messages(channel, 5);
      await transport.publish(sent);
      await recorder.join();
      await recorder.received(sent);
      expect(distinct(recorder.ids)).to.deep.equal(idsOf(sent));
    });

    it('never runs a handler inside publish()', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join();
      const sent = messages(channel, 3);
      const published = transport.publish(sent);
      expect(recorder.deliveries).to.deep.equal([]);
      await published;
      await recorder.received(sent);
    });

    it('takes messages that handlers publish', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const sent = messages(channel, 5);
      await recorder.join(async (delivery) => {
        const next = sent[idsOf(sent).indexOf(delivery.envelope.id) + 1];
        if (next !== undefined && delivery.deliveryAttempt === 1) await transport.publish([next]);
        delivery.ack();
      });
      await transport.publish(sent.slice(0, 1));
      await recorder.received(sent);
    });

    it('takes an empty publish', async () => {
      await under.current().publish([]);
    });
  });
}
