import { createReprise, defineAgent, parseWorkflow, RunAttempts } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const drafter = defineAgent({
  name: 'drafter',
  handle: ({ attempt }: { readonly attempt: number }, { usage }) => {
    usage({ tokens: attempt, cost: 0.5 });
    return { good: attempt > 1 };
  },
});

describe('attempts', () => {
  it('have ended, and have what they used, when a round ends or the task is handed on, too', async () => {
    const flow = parseWorkflow(`
name: rounds
tasks:
  draft: { agent: drafter, repeat: { until: output.good, max: 3 } }
  first: { agent: giver, after: draft, may: handOff }
`);
    const giver = defineAgent({
      name: 'giver',
      handle: (_task: unknown, context) => {
        context.usage({ tokens: 9 });
        context.handOff('drafter');
        return null;
      },
    });
    const reprise = await createReprise({ workflows: [flow], agents: [drafter, giver] });
    await reprise.start();
    const run = await reprise.startRun(flow, null);
    await run.result();
    const attempts = new RunAttempts();
    for await (const { event } of reprise.runs.history(run.id)) attempts.fold(event);
    const told = Object.fromEntries(
      Object.entries(attempts.tasks).map(([id, all]) => [
        id,
        all.map(({ agent, status, ended, usage }) => [agent, status, ended !== undefined, usage]),
      ]),
    );
    expect(told['draft']).to.deep.equal([
      ['drafter', 'completed', true, { tokens: 1, cost: 500_000 }],
      ['drafter', 'completed', true, { tokens: 2, cost: 500_000 }],
    ]);
    expect(told['first']?.[0]).to.deep.equal(['giver', 'completed', true, { tokens: 9 }]);
    expect(told['first']?.[1]?.slice(0, 3)).to.deep.equal(['drafter', 'completed', true]);
    await reprise.stop();
  });
});
