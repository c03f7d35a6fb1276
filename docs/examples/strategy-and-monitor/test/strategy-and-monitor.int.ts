import { monitorConformance, strategyConformance } from '@reprise/conformance';
import { createReprise, defineAgent, parseWorkflow, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { careful } from '../careful.ts';
import { createFailureMonitor, failureMonitor } from '../failure-monitor.ts';
import { inTurn, inTurnScheduler } from '../in-turn.ts';
import { panelScheduler } from '../panel.ts';

strategyConformance('careful', { create: () => careful });
strategyConformance('in turn', { create: () => inTurn });
monitorConformance('failures', { create: () => createFailureMonitor(() => undefined) });

describe('a strategy and a monitor in a program', () => {
  it('assign what a workflow asks them to, and tell of what failed', async () => {
    const lines: string[] = [];
    const fails = defineAgent({ name: 'fails', handle: () => Promise.reject(new Error('no tea')) });
    const tea = workflow('tea', { strategy: 'in-turn' }).task('make', fails, { retry: 1 }).build();
    const plugins = [inTurnScheduler(), failureMonitor((line) => lines.push(line))];
    const reprise = await createReprise({ workflows: [tea], plugins });
    await reprise.start();
    const run = await reprise.startRun(tea, null, { id: 'monday' });
    expect((await run.outcome()).status).to.equal('failed');
    await reprise.stop();
    expect(lines).to.include('the agent failed: no tea');
    expect(lines.at(-1)).to.match(/^monday failed: .*no tea/);
  });

  it('lead a team: what most members say is what it gives, and who fails has no vote', async () => {
    const says = (name: string, vote: string | undefined) =>
      defineAgent({
        name,
        handle: async () => {
          if (vote === undefined) throw new Error('ill');
          return vote;
        },
      });
    const jury = parseWorkflow(`
name: jury
strategy: { name: panel, question: Is it good?, members: [ann, bob, cid, dan] }
tasks: {}
`);
    const agents = [says('ann', 'yes'), says('bob', 'no'), says('cid', 'yes'), says('dan', undefined)];
    const reprise = await createReprise({ workflows: [jury], agents, plugins: [panelScheduler()] });
    await reprise.start();
    const run = await reprise.startRun(jury, 'a draft');
    expect(await run.result()).to.equal('yes');
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    await reprise.stop();
    const wrong = parseWorkflow('name: wrong\nstrategy: { name: panel, question: Why? }\ntasks: {}');
    const refused = createReprise({ workflows: [wrong], agents, plugins: [panelScheduler()] });
    expect(await refused.catch((error: Error) => error.message)).to.contain('it needs a `question`, and `members`');
  });
});
