import { monitorConformance, strategyConformance } from '@reprise/conformance';
import { createReprise, defineAgent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { careful } from '../careful.ts';
import { createFailureMonitor, failureMonitor } from '../failure-monitor.ts';
import { inTurn, inTurnScheduler } from '../in-turn.ts';

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
});
