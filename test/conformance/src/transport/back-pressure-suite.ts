import { type Delivery, nextTurn } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { fresh, hold, messages, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

/** Gives a transport that hands out too much the chance to do so. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

export function backPressureSuite(under: TransportUnderTest): void {
  describe('back-pressure', () => {
    it('hands a member no more than it may have unacknowledged', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join(hold, { concurrency: 3 });
      const sent = messages(channel, 20, (index) => `key-${index}`);
      await transport.publish(sent);
      for (let settled = 0; settled < sent.length; settled += 1) {
        await recorder.until(() => recorder.ids.length >= Math.min(sent.length, settled + 3));
        await someTurns();
        expect(recorder.ids.length).to.be.at.most(settled + 3);
        recorder.deliveries[settled]?.ack();
      }
    });

    it('lets each member have as many as it asked for', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const byMember = [1, 4].map((concurrency) => ({ concurrency, held: [] as Delivery[] }));
      for (const { concurrency, held } of byMember) {
        await recorder.join(
          (delivery) => {
            held.push(delivery);
          },
          { concurrency },
        );
      }
      const sent = messages(channel, 40, (index) => `key-${index}`);
      await transport.publish(sent);
      let settled = 0;
      while (!recorder.has(sent)) {
        await recorder.until(() => byMember.some(({ held }) => held.length > 0));
        await someTurns();
        for (const { concurrency, held } of byMember) expect(held.length).to.be.at.most(concurrency);
        for (const { held } of byMember) {
          held.shift()?.ack();
          settled += 1;
        }
      }
      expect(settled).to.be.greaterThan(0);
    });

    for (const late of [false, true]) {
      it(`lets a message that is nacked${late ? ' late' : ''} make room while it waits`, async () => {
        const transport = under.current();
        const channel = fresh('channel');
        const recorder = new Recorder(transport, channel);
        await recorder.join(
          async (delivery) => {
            if (late) await nextTurn();
            delivery.nack({ reason: 'later', delayMs: 3_600_000 });
          },
          { concurrency: 2 },
        );
        const sent = messages(channel, 10, (index) => `key-${index}`);
        await transport.publish(sent);
        await recorder.received(sent);
      });
    }

    it('holds nobody else up: neither another group nor another channel', async () => {
      const transport = under.current();
      const [channel, elsewhere] = [fresh('channel'), fresh('channel')];
      const stuck = new Recorder(transport, channel);
      await stuck.join(hold, { concurrency: 1 });
      const others = [new Recorder(transport, channel), new Recorder(transport, elsewhere)];
      for (const other of others) await other.join(undefined, { concurrency: 1 });
      for (const other of others) {
        const sent = messages(other.channel, 10);
        await transport.publish(sent);
        await other.received(sent);
      }
      expect(stuck.ids).to.have.length(1);
    });
  });
}
