import { createReprise, defineAgent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { durations, exportRun, invoiceV1, invoiceV2, replace, rerun, whyNot } from '../operation.ts';

describe('recipes: runs in operation', () => {
  it('goes on with what a run began with, beside a new version', async () => {
    const reprise = await createReprise({ workflows: [invoiceV1, invoiceV2] });
    await reprise.start();
    const old = await reprise.startRun(invoiceV1, { items: [1, 2] });
    const fresh = await reprise.startRun('invoice', { items: [1, 2] });
    for (const run of [old, fresh]) await run.signal('approved');
    expect(await old.result()).to.equal(3);
    expect(await fresh.result()).to.deep.equal({ cents: 300 });
    await reprise.stop();
  });

  it('does a failed run again with another input, or another outcome', async () => {
    const calls: string[] = [];
    const check = defineAgent({
      name: 'check',
      handle({ input }: { input: { amount: unknown } }) {
        calls.push('check');
        if (typeof input.amount !== 'number') throw Object.assign(new Error('no number'), { retryable: false });
        return input.amount;
      },
    });
    const book = defineAgent({ name: 'book', handle: ({ input }: { input: unknown }) => `booked ${String(input)}` });
    const flow = workflow<{ amount: unknown }>('flow')
      .task('check', check)
      .task('book', book, { after: 'check' })
      .build();
    const reprise = await createReprise({ workflows: [flow] });
    await reprise.start();
    const failed = await reprise.startRun(flow, { amount: '12' });
    expect((await failed.outcome()).status).to.equal('failed');
    expect(await reprise.run(await rerun(reprise, failed.id, { amount: 12 })).result()).to.equal('booked 12');
    calls.length = 0;
    expect(await reprise.run(await replace(reprise, failed.id, 'check', 13)).result()).to.equal('booked 13');
    expect(calls).to.deep.equal([]);
    await reprise.stop();
  });

  it('says why a run stands still', async () => {
    const reprise = await createReprise({ workflows: [invoiceV1] });
    await reprise.start();
    const run = await reprise.startRun(invoiceV1, { items: [] });
    const said = await whyNot(reprise, run.id);
    expect(said.join('\n')).to.contain("approved waits for the signal 'approved'");
    await run.signal('approved');
    await run.result();
    await reprise.stop();
  });

  it('counts runs in a view, and hands out events', async () => {
    const reprise = await createReprise({ workflows: [invoiceV1], projections: [durations] });
    await reprise.start();
    const run = await reprise.startRun(invoiceV1, { items: [4] });
    await run.signal('approved');
    await run.result();
    let { rows } = await reprise.views.list('durations', {});
    while (rows.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      ({ rows } = await reprise.views.list('durations', {}));
    }
    expect(rows.map(({ key, row }) => [key, row['runs']])).to.deep.equal([['invoice', 1]]);
    const events = await exportRun(reprise, run.id);
    expect(events.at(0)).to.include({ run: run.id, revision: 0, type: 'RunStarted' });
    expect(events.at(-1)).to.include({ type: 'RunCompleted' });
    await reprise.stop();
  });
});
