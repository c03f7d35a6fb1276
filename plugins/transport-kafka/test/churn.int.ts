import type { Delivery, OutgoingMessage, Transport, TransportSubscription } from '@reprise/core/plugin';
import { seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import { afterEach, it } from 'mocha';
import { idOf, message, pause, started, stopAll, until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
const STEPS = 40;

withEachDriver('kafka, with members that come and go', (broker, driver) => {
  afterEach(stopAll);

  for (const seed of [1, 2, 3])
    it(`gets everything acknowledged, in the order of its key, seed ${seed}`, async () => {
      const roll = seededRandom(seed);
      const options = { brokers: broker().address, driver, namespace: `churn${seed}`, sessionMs: 1500 };
      const sender = await started(options);
      const seen: Delivery[] = [];
      const acked = new Set<string>();
      const take = async (delivery: Delivery): Promise<void> => {
        seen.push(delivery);
        const fate = roll();
        if (fate < 0.3) await pause(roll() * 50);
        if (fate > 0.9) return delivery.nack({ reason: 'as the dice will', delayMs: roll() * 30 });
        if (!delivery.revoked) acked.add(idOf(delivery));
        delivery.ack();
      };
      const members: { readonly transport: Transport; readonly subscription: TransportSubscription }[] = [];
      const join = async (): Promise<void> => {
        const transport = await started(options);
        const subscription = await transport.subscribe('jobs', take, {
          group: 'workers',
          concurrency: 1 + Math.floor(roll() * 8),
        });
        members.push({ transport, subscription });
      };
      const sent: OutgoingMessage[] = [];
      await join();
      for (let step = 0; step < STEPS; step += 1) {
        const batch = Array.from({ length: 10 }, () => message('jobs', KEYS[Math.floor(roll() * KEYS.length)] ?? 'a'));
        sent.push(...batch);
        await sender.publish(batch);
        const what = roll();
        if (what < 0.2 && members.length < 4) await join();
        else if (what < 0.3) await members.shift()?.subscription.close();
        else if (what < 0.4) await members.shift()?.transport.stop();
        else await pause(roll() * 100);
      }
      if (members.length === 0) await join();
      await until(() => acked.size === sent.length);
      for (const key of KEYS) {
        const own = seen.filter(({ envelope }) => envelope.partitionkey === key).map(idOf);
        const wanted = sent.filter(({ envelope }) => envelope.partitionkey === key).map(idOf);
        expect([...new Set(own)], `the key ${key}`).to.deep.equal(wanted);
      }
    });
});
