import { parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { llmAgent } from '../src/index.ts';
import { call, optionsFor, withServers } from './support.ts';

const usage = { prompt_tokens: 100, completion_tokens: 20 };
const PRICE = {
  type: 'object',
  properties: { price: { type: 'number' } },
  required: ['price'],
  additionalProperties: false,
};

describe('what a model uses', () => {
  const { serve, open } = withServers();

  it('is reported, every reply of the turn, also when it fails; nothing where the server does not tell', async () => {
    const prices = { input: 10, output: 100 };
    const server = await serve({ text: 'Twelve.', usage }, { text: '{"price":12}', usage });
    expect((await call(server, { schema: PRICE, prices })).usage).to.deep.equal({ tokens: 240, cost: 0.006 });
    const failing = await serve({ text: 'Twelve.', usage });
    const failed = await call(failing, { schema: PRICE, repairs: 0 });
    expect([failed.error?.code, failed.usage]).to.deep.equal(['LLM_OUTPUT_INVALID', { tokens: 120 }]);
    const untold = await serve({ text: 'Fine.', usage: null });
    expect(await call(untold, {})).to.not.have.property('usage');
  });

  it('ends the asking again, once the turn has used what it may', async () => {
    const server = await serve({ text: 'Twelve.', usage }, { text: '{"price":12}', usage });
    const { error } = await call(server, { schema: PRICE, repairs: 5 }, 'Hi', { task: { budget: { tokens: 120 } } });
    expect(error?.code).to.equal('LLM_OUTPUT_INVALID');
    expect(server.requests).to.have.length(1);
  });

  it('is what a budget of the run is settled by; what the agent may use is reserved', async () => {
    const server = await serve(...Array.from({ length: 9 }, () => ({ text: 'Fine.', usage })));
    const flow = parseWorkflow(
      'name: w\nbudget: { tokens: 500, cost: 1 }\ntasks:\n  each: { agent: one, forEach: { items: "[1, 2, 3, 4, 5, 6]", onItemFailure: continue } }\n',
    );
    const agents = { one: { maxUsage: { tokens: 200, cost: 0.1 }, prices: { input: 10, output: 100 } } };
    const reprise = await open({ plugins: [llmAgent(optionsFor(server, { agents }))], workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    // 120 each: the third leaves 140, which is less than the next one may use.
    expect(await run.result()).to.deep.equal(['Fine.', 'Fine.', 'Fine.', null, null, null]);
    expect(server.requests).to.have.length(3);
    const { tokens, cost } = (await run.state()).budgets.get('') ?? {};
    expect([tokens, cost]).to.deep.equal([
      { limit: 500, spent: 360 },
      { limit: 1, spent: 0.009 },
    ]);
    for await (const { event } of reprise.runs.history(run.id))
      if (event.type === 'TaskScheduled') expect(event.reserved).to.deep.equal({ tokens: 200, cost: 100_000 });
  });
});
