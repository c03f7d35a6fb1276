import { createReprise } from '@reprise/core';
import { simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { digest, metered, models, panel, support } from '../agents.ts';

describe('recipes: models and teams', () => {
  it('asks before it spends more than its budget', async () => {
    const { outcome, history, calls } = await simulate(digest, {
      input: { texts: ['a', 'b', 'c', 'd', 'e', 'f'] },
      agents: {
        model: (_task, { usage }) => {
          usage({ tokens: 4_000, cost: 0.01 });
          return 'short';
        },
      },
      steer: async (run, time) => {
        await time.sleep('1m');
        for (const [taskId, { status }] of (await run.state()).tasks)
          if (status === 'waiting' && taskId !== 'summarise')
            await run.answer(taskId, { decision: 'approve', raise: 20_000 }, { by: 'kim' });
      },
    });
    expect(history.map(({ type }) => type)).to.include.members(['BudgetAsked', 'BudgetRaised']);
    expect(calls).to.have.length(7);
    expect(outcome.status).to.equal('completed');
  });

  it('has what a model used on record', async () => {
    const reprise = await createReprise({ workflows: [digest], agents: [metered] });
    await reprise.start();
    const run = await reprise.startRun(digest, { texts: ['a text of some length'] });
    await run.result();
    expect((await run.state()).budgets.get('')?.tokens?.spent).to.be.above(5);
    await reprise.stop();
  });

  it('makes agents of models', async () => {
    const reprise = await createReprise({ workflows: [digest], plugins: [models] });
    await reprise.start();
    expect(reprise.agents.map(({ name }) => name)).to.deep.equal(['model']);
    await reprise.stop();
  });

  it('has the variant that was drawn', async () => {
    const reprise = await createReprise({ workflows: [support] });
    await reprise.start();
    const variant = 'b';
    const run = await reprise.startRun(support, { question: 'why', variant }, { labels: { variant } });
    expect(await run.result()).to.deep.equal({ text: 'B: why', variant: 'b' });
    await reprise.stop();
  });

  it('judges what the first two said', async () => {
    const { outcome } = await simulate(panel, {
      input: { question: 'why' },
      agents: {
        'model-a': { output: 'a', delay: '3s' },
        'model-b': { output: 'b', delay: '1s' },
        'model-c': 'never',
        judge: ({ input }) => Object.values(input as object).filter((answer) => answer !== null),
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: ['a', 'b'] });
  });
});
