import { isRepriseError, nextTurn, type Transport } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { fresh, hold, message, messages, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

/** Publishing and subscribing are refused, each with REPRISE_TRANSPORT_CLOSED. */
async function expectClosed(transport: Transport): Promise<void> {
  const channel = fresh('channel');
  const calls = [
    transport.publish([message(channel)]),
    transport.subscribe(channel, hold, { group: fresh('group') }),
    transport.subscribe(channel, hold, { broadcast: true }),
  ];
  for (const call of calls) {
    const error = await call.then(
      () => 'it resolved',
      (reason: unknown) => reason,
    );
    expect(isRepriseError(error, 'REPRISE_TRANSPORT_CLOSED'), String(error)).to.equal(true);
  }
}

export function stopSuite(under: TransportUnderTest): void {
  describe('start and stop', () => {
    it('refuses messages and subscribers before start()', async () => {
      await expectClosed(await under.unstarted());
    });

    it('refuses messages and subscribers after stop(), which may be called twice', async () => {
      const transport = under.current();
      await transport.stop();
      await transport.stop();
      await expectClosed(transport);
    });

    it('may be stopped before it was started', async () => {
      const transport = await under.unstarted();
      await transport.stop();
      await expectClosed(transport);
    });

    for (const closing of [false, true]) {
      it(`waits for handlers that run${closing ? ', also of a subscription that is being closed' : ''}`, async () => {
        const transport = under.current();
        const channel = fresh('channel');
        const ended: string[] = [];
        const [gate, entered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const handler = async (): Promise<void> => {
          entered.resolve();
          await gate.promise;
          ended.push('handler');
        };
        const subscription = await transport.subscribe(channel, handler, { group: fresh('group') });
        await transport.publish([message(channel)]);
        await entered.promise;
        const closed = closing ? subscription.close() : undefined;
        const stopped = transport.stop().then(() => ended.push('stop'));
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        expect(ended).to.deep.equal([]);
        gate.resolve();
        await Promise.all([closed, stopped]);
        expect(ended).to.deep.equal(['handler', 'stop']);
      });
    }

    it('delivers nothing after stop()', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      await recorder.join((delivery) => delivery.nack({ reason: 'again' }), { concurrency: 1 });
      const sent = messages(channel, 20, (index) => `key-${index}`);
      await transport.publish(sent);
      await recorder.received(sent.slice(0, 1));
      await transport.stop();
      const before = recorder.ids.length;
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      expect(recorder.ids.length).to.equal(before);
    });

    it('lets deliveries be settled and subscriptions be closed after stop()', async () => {
      const transport = under.current();
      const channel = fresh('channel');
      const recorder = new Recorder(transport, channel);
      const subscription = await recorder.join(hold);
      const sent = messages(channel, 2, (index) => `key-${index}`);
      await transport.publish(sent);
      await recorder.received(sent);
      await transport.stop();
      expect(recorder.deliveries.map(({ revoked }) => revoked)).to.deep.equal([true, true]);
      recorder.deliveries[0]?.ack();
      recorder.deliveries[1]?.nack({ reason: 'too late' });
      await subscription.close();
    });
  });
}
