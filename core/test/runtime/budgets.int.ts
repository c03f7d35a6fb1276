import { type AgentTask, defineAgent, outsideWaits, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, only, orchestrators } from './support.ts';

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

describe('a budget of tokens and cost', () => {
  const many = (budget: string, more = '') =>
    parseWorkflow(
      `name: many\nbudget: ${budget}\ntasks:\n  each: { agent: spender, forEach: { items: input, onItemFailure: continue }${more} }\n`,
    );
  const items = Array.from({ length: 12 }, (_, index) => index);

  it('hands an agent what it may use, lets as many run as fit, and is settled by what each says', async () => {
    let open = 0;
    let most = 0;
    const given: unknown[] = [];
    const spender = defineAgent({
      name: 'spender',
      maxUsage: { tokens: 100, cost: 0.01 },
      handle: async (task: AgentTask, context) => {
        open += 1;
        most = Math.max(most, open);
        given.push(task.budget);
        await new Promise((resolve) => setTimeout(resolve, 1));
        context.usage({ tokens: 20 });
        context.usage({ tokens: 10, cost: 0.001 });
        open -= 1;
        return task.input;
      },
    });
    const flow = many('{ tokens: 430, cost: 1 }');
    const reprise = await start({ workflows: [flow], agents: [spender] });
    const run = await reprise.startRun(flow, items);
    expect(await run.result()).to.deep.equal(items);
    expect(most, 'of 100 each in 430').to.be.within(2, 4);
    expect(given[0]).to.deep.equal({ tokens: 100, cost: 0.01 });
    expect(JSON.parse(JSON.stringify([...(await run.state()).budgets]))).to.deep.equal([
      ['', { tokens: { limit: 430, spent: 360 }, cost: { limit: 1, spent: 0.012 } }],
    ]);
    const completed = only(await eventsOf(reprise, run.id), 'TaskCompleted').filter(({ via }) => via === 'agent');
    expect(new Set(completed.map(({ usage }) => JSON.stringify(usage)))).to.deep.equal(
      new Set([JSON.stringify({ tokens: 30, cost: 1000 })]),
    );
  });

  it('holds nobody else up: what has room goes before what waits', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const flow = parseWorkflow(`
name: mixed
concurrency: 2
tasks:
  dear:
    budget: { tokens: 100 }
    scope: { each: { agent: spender, priority: 9, maxUsage: { tokens: 80 }, forEach: '[1, 2, 3]' } }
  free: { agent: free, forEach: '[1, 2, 3, 4]' }
`);
    const spender = defineAgent({
      name: 'spender',
      handle: async (task: AgentTask, context) => {
        await gate.promise;
        context.usage({ tokens: 10 });
        order.push(task.taskId);
        return 1;
      },
    });
    const free = defineAgent({
      name: 'free',
      handle: ({ taskId }: AgentTask) => {
        order.push(taskId);
        if (taskId === 'free[3]') gate.resolve();
        return 1;
      },
    });
    const reprise = await start({ workflows: [flow], agents: [spender, free] });
    await (await reprise.startRun(flow, null)).result();
    expect(order.slice(0, 4)).to.have.members(['free[0]', 'free[1]', 'free[2]', 'free[3]']);
    expect(order).to.have.length(7);
  });

  it('counts what an attempt used that fails, is cut off or never reached its agent, and refuses what is no usage', async () => {
    const wrong: string[] = [];
    const spender = defineAgent({
      name: 'spender',
      maxUsage: { tokens: 50 },
      handle: (task: AgentTask, context) => {
        for (const usage of [{ tokens: -1 }, { token: 1 }, { cost: Number.NaN }, 7])
          try {
            context.usage(usage as never);
          } catch (error) {
            wrong.push((error as Error).message);
          }
        context.usage({ tokens: 15 });
        if (task.input === 'fails') throw Object.assign(new Error('no'), { retryable: false });
        return (task.input === 'bad' ? 7n : 'good') as string;
      },
    });
    const flow = many('{ tokens: 500 }');
    const reprise = await start({ workflows: [flow], agents: [spender] });
    const run = await reprise.startRun(flow, ['fails', 'bad', 'good']);
    await run.outcome();
    expect((await run.state()).budgets.get('')?.tokens?.spent).to.equal(
      15 * only(await eventsOf(reprise, run.id), 'TaskScheduled').length,
    );
    expect(wrong.slice(0, 4).join('\n')).to.match(
      /tokens must be a whole number.*\n.*did you mean 'tokens'.*\n.*cost must be.*\n.*must be an object/,
    );
  });

  it('goes on with a cheaper agent, which has to be there', async () => {
    const agent = (name: string, tokens: number) =>
      defineAgent({
        name,
        maxUsage: { tokens },
        handle: (_task: AgentTask, context) => {
          context.usage({ tokens });
          return name;
        },
      });
    const flow = many('{ tokens: 100, onBudget: { agent: cheap } }', ', concurrency: 1');
    const reprise = await start({ workflows: [flow], agents: [agent('spender', 40), agent('cheap', 5)] });
    const run = await reprise.startRun(flow, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await run.result()).to.deep.equal(['spender', 'spender', 'cheap', 'cheap', 'cheap', 'cheap', null, null]);
    expect((await run.state()).budgets.get('')?.tokens).to.deep.equal({ limit: 100, spent: 100 });
    const refused = await messageOf(start({ workflows: [flow], agents: [agent('spender', 40), agent('cheep', 5)] }));
    expect(refused).to.match(/budget\.onBudget\.agent.*no agent 'cheap'.*did you mean 'cheep'/s);
  });

  it('keeps nobody waiting who has room, behind thousands that wait for an answer', async () => {
    const flow = parseWorkflow(`
name: crowd
concurrency: 5000
budget: { tokens: 10, onBudget: { ask: kim } }
tasks:
  each: { agent: spender, forEach: input }
  free: { agent: spender, maxUsage: { tokens: 0 } }
`);
    const spender = defineAgent({
      name: 'spender',
      concurrency: 5000,
      maxUsage: { tokens: 20 },
      handle: ({ taskId }: AgentTask) => taskId,
    });
    const reprise = await start({ workflows: [flow], agents: [spender] });
    const run = await reprise.startRun(
      flow,
      Array.from({ length: 3000 }, (_, index) => index),
    );
    await eventually(async () => only(await eventsOf(reprise, run.id), 'TaskCompleted').length === 1);
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'TaskCompleted').map(({ taskId }) => taskId)).to.deep.equal(['free']);
    expect(only(events, 'BudgetAsked')).to.have.length(1);
    expect(outsideWaits(await run.state())?.forms).to.have.length(1);
    await run.cancel();
  });
});
