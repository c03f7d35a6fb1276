import { defineAgent, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, only, orchestrators } from './support.ts';

// Budgets, through the engine. (What they count: test/workflow/language.)

const { start } = orchestrators();

const chain = parseWorkflow(`
name: chain
tasks:
  a: { agent: echo }
  b: { agent: echo, after: a }
  c: { agent: echo, after: b }
`);
const echo = defineAgent({ name: 'echo', handle: ({ taskId }) => taskId });
const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );

describe('a budget of a start', () => {
  it('is on record, ends the run, and a retry that raises it goes on where it was', async () => {
    const reprise = await start({ workflows: [chain], agents: [echo] });
    const run = await reprise.startRun(chain, null, { id: 'r', budget: { attempts: 2 } });
    expect(await run.outcome()).to.deep.include({ status: 'failed' });
    const [first] = await eventsOf(reprise, 'r');
    expect(first).to.deep.include({ budget: { attempts: 2 } });
    const same = await reprise.retryRun('r', { id: 'same' });
    expect((await same.outcome()).status).to.equal('failed');
    const more = await reprise.retryRun('same', { id: 'more', raise: { '': { attempts: 1 } } });
    expect(await more.result()).to.equal('c');
    const events = await eventsOf(reprise, 'more');
    expect(only(events, 'BudgetRaised').map(({ scope, raised }) => ({ scope, raised }))).to.deep.equal([
      { scope: '', raised: { attempts: 1 } },
    ]);
    expect(only(events, 'TaskScheduled').map(({ taskId }) => taskId)).to.deep.equal(['a', 'b', 'c']);
    expect(JSON.parse(JSON.stringify([...(await more.state()).budgets]))).to.deep.equal([
      ['', { attempts: { limit: 3, spent: 3 } }],
    ]);
  });

  it('is refused when it is none, and so is a raise of what is not limited', async () => {
    const reprise = await start({ workflows: [chain], agents: [echo] });
    const refused = (budget: object) => messageOf(reprise.startRun(chain, null, { budget }));
    expect(await refused({ atempts: 1 })).to.match(
      /^REPRISE_CONFIG_INVALID: .*'chain'.*atempts.*did you mean 'attempts'/,
    );
    expect(await refused({ attempts: 0 })).to.match(/^REPRISE_CONFIG_INVALID: .*attempts must be a whole number/);
    expect(await refused({})).to.match(/^REPRISE_CONFIG_INVALID: .*limits nothing/);
    const run = await reprise.startRun(chain, null, { id: 'r', budget: { attempts: 1 } });
    await run.outcome();
    const raising = (raise: object) => messageOf(reprise.retryRun('r', { raise: raise as never }));
    expect(await raising({ '': { tasks: 1 } })).to.match(/^REPRISE_COMMAND_INVALID: .*the run has no budget of tasks/);
    expect(await raising({ book: { attempts: 1 } })).to.match(/'book' has no budget of attempts/);
  });

  it('is raised while the run goes on, and by a retry of an open run', async () => {
    const waiting = parseWorkflow(
      'name: waiting\nbudget: { attempts: 1 }\ntasks:\n  a: { agent: echo }\n  w: { wait: { signal: go }, after: a }\n  b: { agent: echo, after: w }\n  c: { agent: echo, after: b }\n',
    );
    const reprise = await start({ workflows: [waiting], agents: [echo] });
    const run = await reprise.startRun(waiting, null);
    await run.raiseBudget({ attempts: 1 }, { by: 'anna', requestId: 'once' });
    await run.raiseBudget({ attempts: 1 }, { by: 'anna', requestId: 'once' });
    await reprise.retryRun(run.id, { raise: { '': { attempts: 1 } } });
    expect(await messageOf(run.raiseBudget({ tasks: 1 }))).to.match(/^REPRISE_COMMAND_INVALID/);
    await run.signal('go');
    expect(await run.result()).to.equal('c');
    expect(only(await eventsOf(reprise, run.id), 'BudgetRaised')).to.have.length(2);
  });
});
