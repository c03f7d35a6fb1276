import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReprise, defineAgent, workflow } from '@reprise/core';
import { callAgent, recordingMonitor } from '@reprise/core/testing';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import {
  author,
  buyer,
  chargeAt,
  countLines,
  critic,
  exchange,
  forwarder,
  librarian,
  packer,
  packParcels,
  payer,
  planResearch,
  reporter,
  seller,
  watcher,
} from '../agents.ts';

// #region direct
describe('count-lines', () => {
  const files = [import.meta.filename];

  it('says how far it is', async () => {
    const { output, emitted } = await callAgent(countLines, { files });
    expect(output).to.have.property('lines').that.is.above(10);
    expect(emitted).to.deep.equal([{ done: 1, of: 1 }]);
  });

  it('stops when it is told to', async () => {
    const { error } = await callAgent(countLines, { files }, { signal: AbortSignal.abort() });
    expect(error?.code).to.equal('REPRISE_RUN_CLOSED');
  });
});
// #endregion

// #region directives
describe('plan-research', () => {
  it('adds a task for each source, or ends the run', async () => {
    const { output, directives } = await callAgent(planResearch, { sources: ['https://a.example'] });
    expect(output).to.deep.equal({ sources: 1 });
    const [spawned] = directives ?? [];
    expect(spawned).to.have.nested.property('tasks[0].agent', 'read-source');
    expect(spawned).to.deep.include({ before: ['write'] });
    const { directives: none } = await callAgent(planResearch, { sources: [] });
    expect(none).to.deep.equal([{ kind: 'finish', output: { report: 'there is nothing to read' } }]);
  });
});
// #endregion

// #region talk
describe('author and critic', () => {
  it('the author asks until the critic is content', async () => {
    const asked: unknown[] = [];
    const { output, sent } = await callAgent(
      author,
      { topic: 'bees' },
      {
        answer: (message) => {
          asked.push(message.data);
          return message.type === 'review' ? { from: 'critic', data: { good: asked.length > 1 } } : undefined;
        },
      },
    );
    expect(output).to.deep.equal({ text: 'About bees, at length' });
    expect(sent?.map(({ to, performative }) => [to, performative])).to.deep.equal([
      ['critic', 'request'],
      ['critic', 'request'],
      ['critic', undefined],
    ]);
  });

  it('the critic answers until nobody asks any more', async () => {
    const messages = [{ draft: 1 }, { draft: 2 }, 'done'].map((data) => ({ from: 'author', data }));
    const { output, sent } = await callAgent(critic, null, { messages, may: [] });
    expect(output).to.deep.equal({ asked: 2 });
    expect(sent?.map(({ data }) => data)).to.deep.equal([{ good: false }, { good: true }]);
  });

  it('in a run, they come to an end', async () => {
    const flow = workflow<{ topic: string }>('paper')
      .task('author', author, { may: 'send' })
      .task('critic', critic)
      .build();
    const reprise = await createReprise({ workflows: [flow] });
    await reprise.start();
    const run = await reprise.startRun(flow, { topic: 'bees' });
    expect(await run.result()).to.deep.equal({ author: { text: 'About bees, at length' }, critic: { asked: 2 } });
    await reprise.stop();
  });
});
// #endregion

describe('buyer and sellers', () => {
  it('the lowest price is taken; who refuses or ends is passed over', async () => {
    const asleep = defineAgent({ name: 'asleep', handle: () => null });
    const flow = workflow<{ sellers: string[] }>('market')
      .task('buyer', buyer, { may: 'send' })
      .task('dear', seller, { input: () => ({ price: 9 }) })
      .task('cheap', seller, { input: () => ({ price: 5 }) })
      .task('empty', seller, { input: () => ({ price: 0 }) })
      .task('asleep', asleep)
      .build();
    const reprise = await createReprise({ workflows: [flow] });
    await reprise.start();
    const run = await reprise.startRun(flow, { sellers: ['asleep', 'dear', 'empty', 'cheap'] });
    expect(await run.result()).to.deep.equal({
      buyer: { bought: { seller: 'cheap', price: 5, parcel: 'a jar' } },
      dear: 'not taken',
      cheap: 'sold',
      empty: 'refused',
      asleep: null,
    });
    await reprise.stop();
  });

  it('the buyer comes away with nothing when nobody offers, or nothing is delivered', async () => {
    const bought = async (offers: boolean) => {
      const { output } = await callAgent(
        buyer,
        { sellers: ['one'] },
        {
          answer: ({ performative }) =>
            performative === 'cfp' && offers
              ? { from: 'one', data: { price: 1 }, performative: 'propose' }
              : { from: 'one', data: null, performative: 'failure' },
        },
      );
      return output;
    };
    expect(await bought(false)).to.deep.equal({ bought: null });
    expect(await bought(true)).to.deep.equal({ bought: null });
  });
});

describe('reporter and librarian', () => {
  it('talk, each in a run of its own', async () => {
    const library = workflow('library').task('librarian', librarian).build();
    const report = workflow<{ library: string; words: string[] }>('report')
      .task('reporter', reporter, { may: 'sendAcross' })
      .build();
    const reprise = await createReprise({ workflows: [library, report] });
    await reprise.start();
    const answering = await reprise.startRun(library, null, { id: 'library-1' });
    const asking = await reprise.startRun(report, { library: 'library-1', words: ['bee', 'hive'] });
    expect(await asking.result()).to.deep.equal({ found: ['bee: see page 3', 'hive: see page 4'] });
    expect(await answering.result()).to.deep.equal({ readers: 1 });
    await reprise.stop();
  });

  it('who may not write to other runs is refused', async () => {
    const { error } = await callAgent(reporter, { library: 'library-1', words: ['bee'] }, { may: ['send'] });
    expect(error?.code).to.equal('REPRISE_MESSAGE_INVALID');
  });
});

describe('a work queue', () => {
  it('is worked off by programs, each message by one of them', async () => {
    const flow = workflow<{ parcels: string[] }>('forwarding')
      .task('forwarder', forwarder, { may: 'sendAcross' })
      .build();
    const reprise = await createReprise({ workflows: [flow] });
    await reprise.start();
    const parcels = ['a', 'b', 'c', 'd', 'e', 'f'];
    const run = await reprise.startRun(flow, { parcels });
    const packed = Promise.all([packParcels(reprise, 'anna'), packParcels(reprise, 'ben')]);
    expect(await run.result()).to.deep.equal({ labels: parcels.map((parcel) => `${parcel}, packed`) });
    const [annas, bens] = await packed;
    expect(annas + bens).to.equal(parcels.length);
    await reprise.stop();
  });

  it('is worked off by agents of several runs', async () => {
    const forwarding = workflow<{ parcels: string[] }>('forwarding')
      .task('forwarder', forwarder, { may: 'sendAcross' })
      .build();
    const packing = workflow('packing').task('packer', packer, { may: 'sendAcross' }).build();
    const reprise = await createReprise({ workflows: [forwarding, packing] });
    await reprise.start();
    const run = await reprise.startRun(forwarding, { parcels: ['a', 'b', 'c'] });
    const packers = await Promise.all([1, 2].map(() => reprise.startRun(packing, null)));
    expect(await run.result()).to.deep.equal({ labels: ['a, packed', 'b, packed', 'c, packed'] });
    const counts = (await Promise.all(packers.map((one) => one.result()))) as { packed: number }[];
    expect(counts.reduce((sum, { packed }) => sum + packed, 0)).to.equal(3);
    await reprise.stop();
  });
});

describe('charge', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Charges one order at a service that answers so. */
  async function chargedBy(answer: RequestListener) {
    const server = createServer(answer).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const monitor = recordingMonitor();
    const paid = workflow<{ id: string; total: number }>('paid')
      .task('pay', chargeAt(`http://127.0.0.1:${port}/`), { retry: { maxAttempts: 3, initialDelay: 0 } })
      .build();
    const reprise = await createReprise({ workflows: [paid], plugins: [monitor.plugin] });
    await reprise.start();
    const run = await reprise.startRun(paid, { id: 'A-1', total: 7 });
    const outcome = await run.outcome();
    await reprise.stop();
    return { outcome, monitor };
  }

  it('has one key for all attempts', async () => {
    const keys: unknown[] = [];
    const { outcome } = await chargedBy(({ headers }, response) => {
      keys.push(headers['idempotency-key']);
      expect(headers['traceparent']).to.match(/^00-/);
      if (keys.length === 1) response.writeHead(503).end();
      else response.end(JSON.stringify({ payment: 'P-1' }));
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: { payment: 'P-1' } });
    expect(keys).to.have.length(2);
    expect(keys[0]).to.match(/\/pay$/);
    expect(new Set(keys).size).to.equal(1);
  });

  it('is not tried again when the card was declined', async () => {
    const { outcome, monitor } = await chargedBy((_request, response) => {
      response.writeHead(402).end();
    });
    expect(outcome.status === 'failed' && outcome.error.cause).to.include({ code: 'CARD_DECLINED', status: 402 });
    const failed = monitor.events.filter(({ event }) => event.type === 'TaskAttemptFailed');
    expect(failed).to.have.length(1);
    const said = monitor.notices.flatMap((notice) => (notice.kind === 'log' ? notice.message : []));
    expect(said[0]).to.equal('charging');
  });
});

describe('exchange and watchers', () => {
  it('each watcher has the first price that is low enough for it, or null', async () => {
    const flow = workflow<{ prices: number[] }>('prices', { topics: { prices: { subscribers: ['all'] } } })
      .task('low', watcher, { may: 'send', input: () => ({ below: 3 }) })
      .task('never', watcher, { may: 'send', input: () => ({ below: 0 }) })
      .sleep('while', '300ms')
      .task('exchange', exchange, { may: 'send', after: 'while' })
      .wait('all', { message: true }, { after: 'exchange' })
      .build();
    const reprise = await createReprise({ workflows: [flow] });
    await reprise.start();
    try {
      const run = await reprise.startRun(flow, { prices: [5, 2, 1] });
      const { low, never, all } = await run.result();
      expect([low, never, all.data]).to.deep.equal([2, null, { price: 5 }]);
    } finally {
      await reprise.stop();
    }
  });
});

describe('payer', () => {
  it('says that it has paid with its output', async () => {
    const { output, directives } = await callAgent(payer, { order: 'o-1' });
    expect(output).to.deep.equal({ paid: true });
    expect(directives).to.deep.equal([{ kind: 'send', message: { topic: '#paid', data: { order: 'o-1' } } }]);
  });
});
