import { createReprise } from '@reprise/core';
import { simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { essay, parcel, quotes, read, research, shipment, thumbnails } from '../shape.ts';

describe('recipes: the shape of work', () => {
  it('fans out, ten at a time, and bears what cannot be done', async () => {
    let under = 0;
    let most = 0;
    const images = Array.from({ length: 25 }, (_, at) => `image-${at}`);
    const { outcome } = await simulate(thumbnails, {
      input: { images },
      agents: {
        resize: async ({ input }, { sleep }) => {
          under += 1;
          most = Math.max(most, under);
          await sleep('1s');
          under -= 1;
          if (input === 'image-7') throw Object.assign(new Error('no image'), { retryable: false });
          return `${input}.small`;
        },
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: { done: 24 } });
    expect(most).to.equal(10);
  });

  it('takes the first two of five', async () => {
    const delays = new Map(['a', 'b', 'c', 'd', 'e'].map((supplier, at) => [supplier, (5 - at) * 1000]));
    const { outcome } = await simulate(quotes, {
      input: { suppliers: [...delays.keys()].map((supplier) => ({ supplier })) },
      agents: {
        quote: async ({ input }, { sleep }) => {
          const { supplier } = input as { supplier: string };
          await sleep(delays.get(supplier) ?? 0);
          return { supplier, price: 1 };
        },
      },
    });
    const output = [
      { supplier: 'd', price: 1 },
      { supplier: 'e', price: 1 },
    ];
    expect(outcome).to.deep.equal({ status: 'completed', output });
  });

  it('adds tasks while it runs, and what comes after waits for them', async () => {
    const reprise = await createReprise({ workflows: [research], agents: [read] });
    await reprise.start();
    const run = await reprise.startRun(research, { urls: ['one', 'three'] });
    expect(JSON.parse(await run.result())).to.deep.equal({ plan: 2, 'read-0': 3, 'read-1': 5 });
    await reprise.stop();
  });

  it('ships each order as a run of its own', async () => {
    const reprise = await createReprise({ workflows: [parcel, shipment] });
    await reprise.start();
    const run = await reprise.startRun(shipment, { orders: [{ order: '7' }, { order: '8' }] });
    expect(await run.result()).to.deep.equal(['parcel of 7', 'parcel of 8']);
    const runs = await reprise.runs.list();
    expect(runs.filter(({ workflow }) => workflow === 'parcel')).to.have.length(2);
    await reprise.stop();
  });

  it('writes again until it is good', async () => {
    const reprise = await createReprise({ workflows: [essay] });
    await reprise.start();
    const run = await reprise.startRun(essay, { topic: 'tea' });
    expect(await run.result()).to.include({ text: 'tea, and name the sources', good: true });
    expect((await run.state()).tasks.get('round/draft')?.round).to.equal(2);
    await reprise.stop();
  });
});
