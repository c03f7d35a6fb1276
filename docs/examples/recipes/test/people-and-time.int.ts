import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReprise, defineAgent, workflow } from '@reprise/core';
import { simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { expense, limited, nightly, order, placeOrder, renewal, startNightly, webhook } from '../people-and-time.ts';

const carrier = defineAgent({ name: 'carrier', handle: ({ input }: { input: unknown }) => JSON.stringify(input) });
const reporter = defineAgent({ name: 'reporter', handle: () => 'written' });

describe('recipes: people, time, the outside', () => {
  it('asks a person, the chief after a day, and takes no answer for a no', async () => {
    const input = { amount: 500, manager: 'anna' };
    const silent = await simulate(expense, { input, agents: { bank: 'paid' } });
    expect(silent.outcome).to.deep.equal({ status: 'completed', output: null });
    expect(silent.history.map(({ type }) => type)).to.include('FormAssigned');
    expect(silent.duration).to.equal(2 * 24 * 3_600_000);
    const answered = await simulate(expense, {
      input,
      agents: { bank: 'paid' },
      steer: async (run, time) => {
        await time.sleep('1h');
        await run.answer('approved', { decision: 'approve' }, { by: 'anna' });
      },
    });
    expect(answered.outcome).to.deep.equal({ status: 'completed', output: 'paid' });
  });

  it('reminds after a day, and gives up after a week', async () => {
    const { outcome, calls, duration } = await simulate(renewal, {
      input: { customer: '7' },
      agents: { mailer: 'sent' },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: { renewed: null } });
    expect(calls).to.have.length(2);
    expect(duration).to.equal(7 * 24 * 3_600_000);
  });

  it('takes a webhook once, from whoever knows the secret', async () => {
    const reprise = await createReprise({ workflows: [order], agents: [carrier] });
    await reprise.start();
    const server = createServer(webhook(reprise, 'hush')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const call = async (secret: string, order: string): Promise<number> => {
      const body = JSON.stringify({ id: 'event-1', order, paid: true });
      return (await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${secret}` }, body })).status;
    };
    const run = await reprise.startRun(order, { item: 'tea' }, { id: 'order-7' });
    expect(await call('guess', 'order-7')).to.equal(401);
    expect(await call('hush', 'order-8')).to.equal(410);
    expect(await call('hush', 'order-7')).to.equal(204);
    expect(await run.result()).to.equal('{"paid":true}');
    expect(await call('hush', 'order-7')).to.equal(204);
    const signals: string[] = [];
    for await (const { event } of reprise.runs.history(run.id))
      if (event.type === 'SignalReceived') signals.push(event.signal);
    expect(signals).to.deep.equal(['paid']);
    server.closeAllConnections();
    server.close();
    await reprise.stop();
  });

  it('starts one run a day, and one for a request', async () => {
    const reprise = await createReprise({ workflows: [nightly, order], agents: [reporter, carrier] });
    await reprise.start();
    const now = new Date('2026-03-01T02:00:00Z');
    expect(await Promise.all([startNightly(reprise, now), startNightly(reprise, now)])).to.deep.equal([
      'nightly-2026-03-01',
      'nightly-2026-03-01',
    ]);
    const [first, again] = await Promise.all([placeOrder(reprise, 'r-1', 'tea'), placeOrder(reprise, 'r-1', 'tea')]);
    expect(again).to.equal(first);
    expect(await placeOrder(reprise, 'r-2', 'tea')).to.not.equal(first);
    await reprise.stop();
  });

  it('lets in no more than the limit', async () => {
    let under = 0;
    let most = 0;
    const bank = defineAgent({
      name: 'bank',
      async handle() {
        under += 1;
        most = Math.max(most, under);
        await new Promise((resolve) => setTimeout(resolve, 20));
        under -= 1;
        return null;
      },
    });
    const pay = workflow('pay').task('pay', bank).build();
    const reprise = await createReprise({ ...limited, workflows: [pay] });
    await reprise.start();
    const runs = await Promise.all([1, 2, 3].map(() => reprise.startRun(pay, null, { labels: { customer: 'acme' } })));
    await Promise.all(runs.map((run) => run.result()));
    expect(most).to.equal(1);
    await reprise.stop();
  });
});
