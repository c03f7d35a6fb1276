import { defineAgent, type Json, parseWorkflow, sleep } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { orchestrators } from './support.ts';

describe('Time limits, through real agents', () => {
  const { start } = orchestrators();
  const slow = (ms: number) =>
    defineAgent({
      name: 'slow',
      handle: async ({ input }) => {
        await sleep(typeof input === 'number' ? input : ms);
        return { took: input as Json };
      },
    });
  const human = defineAgent({ name: 'human', handle: () => ({ by: 'hand' }) });

  it('the one of a forEach task is that of each item: three items, one of them late, give three outputs', async () => {
    const definition = parseWorkflow(
      'name: items\ntasks:\n  each: { agent: slow, forEach: "[10, 20, 900]", retry: 1, timeout: { task: 250ms }, fallback: { value: { late: true } } }\n',
    );
    const reprise = await start({ workflows: [definition], agents: [slow(0)] });
    const run = await reprise.startRun('items', null);
    expect(await run.result()).to.deep.equal([{ took: 10 }, { took: 20 }, { late: true }]);
  });

  it('another agent stands in after one', async () => {
    const definition = parseWorkflow(
      'name: agent\ntasks:\n  work: { agent: slow, timeout: { task: 300ms }, fallback: { agent: human } }\n',
    );
    const reprise = await start({ workflows: [definition], agents: [slow(3000), human] });
    const run = await reprise.startRun('agent', null);
    expect(await run.result()).to.deep.equal({ by: 'hand' });
  });
});
