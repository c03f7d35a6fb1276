import { createReprise, defineAgent, parseWorkflow, type ThroughputRow, throughput } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

describe('the view of throughput', () => {
  it('counts runs that end by how long they took, whatever they end with', async () => {
    const agent = defineAgent({
      name: 'worker',
      handle: ({ input }: { readonly input: unknown }) => {
        if (input === 'fail') throw new Error('no');
        return null;
      },
    });
    const flow = parseWorkflow('{ name: one, tasks: { a: { agent: worker, retry: { maxAttempts: 1 } } } }');
    const reprise = await createReprise({ workflows: [flow], agents: [agent], projections: [throughput] });
    await reprise.start();
    for (const input of ['fine', 'fail', 'fine'])
      await (await reprise.startRun(flow, input)).result().catch(() => null);
    expect(await reprise.views.reachEnd('throughput', { withinMs: 5000 })).to.equal(true);
    const { rows } = await reprise.views.list('throughput');
    const sums = { completed: 0, failed: 0, took: 0, spread: 0 };
    for (const { row } of rows) {
      const { completed, failed, took, spread } = row as ThroughputRow;
      sums.completed += completed;
      sums.failed += failed;
      sums.took += took.count;
      for (const [end, count] of Object.entries(spread)) {
        expect(Math.log2(Number(end)) % 1).to.equal(0);
        expect(Number(end)).to.be.at.most(2 * (took.maxMs + 1));
        sums.spread += count;
      }
    }
    expect(sums).to.deep.equal({ completed: 2, failed: 1, took: 3, spread: 3 });
    await reprise.stop();
  });
});
