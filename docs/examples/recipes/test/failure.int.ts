import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReprise, defineAgent, workflow } from '@reprise/core';
import { callAgent, simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { charge, fetchPrice, payment, price, redrive, trip } from '../failure.ts';

async function served<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('recipes: when things fail', () => {
  it('asks again after what the service asked for, and not when it is refused', async () => {
    const answers = [429, 503, 404];
    const errors = await served(
      (_request, response) => response.writeHead(answers.shift() ?? 200, { 'retry-after': '3' }).end(),
      async (url) => [
        (await callAgent(fetchPrice, { url })).error,
        (await callAgent(fetchPrice, { url })).error,
        (await callAgent(fetchPrice, { url })).error,
      ],
    );
    expect(errors.map((error) => error?.code)).to.deep.equal(['BUSY', 'DOWN', 'REFUSED']);
    const input = { url: 'http://shop.example/' };
    const busy = await simulate(price, {
      input,
      agents: { 'fetch-price': [{ fail: { code: 'BUSY' } }, { fail: { code: 'DOWN' } }, { output: '7' }] },
    });
    expect(busy.outcome).to.deep.equal({ status: 'completed', output: '7' });
    expect(busy.calls).to.have.length(3);
    const refused = await simulate(price, { input, agents: { 'fetch-price': { fail: { code: 'REFUSED' } } } });
    expect(refused.outcome).to.deep.equal({ status: 'completed', output: 'unknown' });
    expect(refused.calls).to.have.length(1);
  });

  it('charges once, and asks a person when nobody knows', async () => {
    const { outcome, calls } = await simulate(payment, {
      input: { order: '7' },
      agents: { terminal: { fail: { code: 'REPRISE_OUTCOME_UNKNOWN' } } },
      steer: async (run, time) => {
        await time.sleep('1h');
        await run.answer('pay/looked', { decision: 'approve' }, { by: 'kim' });
      },
    });
    expect(calls).to.have.length(1);
    expect(outcome.status).to.equal('completed');
  });

  it('hands the service a key that stays the same', async () => {
    const keys: unknown[] = [];
    const order = workflow<{ url: string; cents: number }>('order').task('charge', charge).build();
    const output = await served(
      (request, response) => {
        keys.push(request.headers['idempotency-key']);
        response.writeHead(keys.length === 1 ? 503 : 200, { 'content-type': 'application/json' }).end('{"ok":true}');
      },
      async (url) => {
        const reprise = await createReprise({ workflows: [order] });
        await reprise.start();
        try {
          return await (await reprise.startRun(order, { url, cents: 700 })).result();
        } finally {
          await reprise.stop();
        }
      },
    );
    expect(output).to.deep.equal({ ok: true });
    expect(keys).to.have.length(2);
    expect(new Set(keys).size).to.equal(1);
  });

  it('undoes a trip, the last thing first', async () => {
    const { outcome, calls } = await simulate(trip, {
      input: { city: 'Oslo' },
      agents: {
        hotels: 'room 7',
        airline: 'seat 4',
        bank: 'receipt',
        mailer: { fail: { code: 'NO_ADDRESS', retryable: false } },
        refund: null,
        'cancel-flight': null,
        'cancel-hotel': null,
      },
    });
    expect(outcome.status).to.equal('failed');
    const undone = calls.map(({ agent }) => agent).slice(-3);
    expect(undone).to.deep.equal(['refund', 'cancel-flight', 'cancel-hotel']);
  });

  it('delivers dead letters again', async () => {
    let mended = false;
    const seen: unknown[] = [];
    const sender = defineAgent({
      name: 'sender',
      handle: async (_task, { messages }) => void (await messages.send('parser', 'a <line>')),
    });
    const parser = defineAgent({
      name: 'parser',
      async handle(_task, { messages }) {
        const message = await messages.receive({ timeout: '200ms' });
        if (message === undefined) return 'nothing';
        if (!mended) {
          await messages.nack(message, { reason: 'cannot be parsed', requeue: false });
          return 'rejected';
        }
        seen.push(message.data);
        await messages.ack(message);
        return 'parsed';
      },
    });
    const mail = workflow('mail')
      .task('sender', sender, { may: 'send' })
      .task('parser', parser, { repeat: { until: ({ output }) => output === 'parsed', max: 1000 } })
      .build();
    const reprise = await createReprise({ workflows: [mail] });
    await reprise.start();
    const run = await reprise.startRun(mail, null);
    for await (const { event } of run.follow()) if (event.type === 'MessageDeadLettered') break;
    mended = true;
    expect(await redrive(reprise, run.id)).to.equal(1);
    expect(await run.result()).to.deep.include({ parser: 'parsed' });
    expect(seen).to.deep.equal(['a <line>']);
    await reprise.stop();
  });
});
