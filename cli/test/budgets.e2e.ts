import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, reprise } from './support.ts';

const project = projects();

const CONFIG = `
import { defineAgent, workflow } from '@reprise/core';

const echo = defineAgent({ name: 'echo', handle: ({ taskId }) => taskId });
const chain = workflow('chain').task('a', echo).task('b', echo, { after: 'a' }).task('c', echo, { after: 'b' }).build();

const spender = defineAgent({
  name: 'spender',
  handle: (_task, context) => {
    context.usage({ tokens: 30, cost: 0.25 });
    return 'spent';
  },
});
const spend = workflow('spend').task('a', spender).build();

export default { workflows: [chain, spend], agents: [echo, spender] };
`;

describe('budgets on the command line', () => {
  let cwd: string;
  const run = (...args: string[]) => reprise(['run', ...args, '-c', 'budgets.config.mjs'], { cwd });

  before(() => {
    cwd = project();
    writeFileSync(join(cwd, 'budgets.config.mjs'), CONFIG);
  });

  it('limit a run that is started, and are raised by a retry', async () => {
    const failed = await run(
      'start',
      'chain',
      '--id',
      'r-1',
      '--wait',
      '--budget',
      'attempts=2',
      '--budget',
      'tasks=9',
    );
    expect(failed.code, failed.stderr).to.equal(1);
    expect(failed.stderr).to.contain('would take the run beyond its budget of 2 attempts');
    const state = await run('state', 'r-1');
    expect(state.stdout).to.contain('2 of 9 tasks, 2 of 2 attempts');
    const more = await run('retry', 'r-1', '--id', 'r-2', '--wait', '--budget', 'attempts=+1');
    expect([more.code, more.stdout.trim()], more.stderr).to.deep.equal([0, 'c']);
    const history = await run('history', 'r-2');
    expect(history.stdout).to.match(/BudgetRaised +1 more attempts/);
    const [json] = jsonLines((await run('state', 'r-2', '--json')).stdout);
    expect(json?.['budgets']).to.deep.equal({
      '': { tasks: { limit: 9, spent: 3 }, attempts: { limit: 3, spent: 3 } },
    });
  });

  it('of tokens and cost are in history, state and show', async () => {
    const done = await run(
      'start',
      'spend',
      '--id',
      's-1',
      '--wait',
      '--budget',
      'tokens=500',
      '--budget',
      'agents.spender.cost=2.5',
    );
    expect(done.code, done.stderr).to.equal(0);
    const spent = '30 of 500 tokens; spender: 0.25 of 2.5 cost';
    expect((await run('state', 's-1')).stdout).to.contain(spent);
    expect((await run('show', 's-1')).stdout).to.contain(spent);
    expect((await run('history', 's-1')).stdout).to.contain('attempt 1, used 30 tokens, 0.25 cost, output');
    const [json] = jsonLines((await run('show', 's-1', '--json')).stdout);
    expect(json?.['budgets']).to.deep.equal({
      '': { tokens: { limit: 500, spent: 30 }, agents: { spender: { cost: { limit: 2.5, spent: 0.25 } } } },
    });
  });

  it('say how they are written', async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await run(...args);
      expect(code).to.not.equal(0);
      return stderr;
    };
    expect(await refused('start', 'chain', '--budget', 'attempts')).to.contain('a budget is written KIND=N');
    expect(await refused('start', 'chain', '--budget', 'attempts=many')).to.contain('a budget is written KIND=N');
    expect(await refused('start', 'chain', '--budget', 'attempts=1', '--budget', 'attempts=2')).to.contain(
      'given twice',
    );
    expect(await refused('start', 'chain', '--budget', 'atempts=1')).to.contain("did you mean 'attempts'");
    expect(await refused('retry', 'r-1', '--budget', 'attempts=50')).to.contain('KIND=+N');
    expect(await refused('retry', 'r-1', '--budget', 'part=attempts=+5')).to.contain(
      "'part' has no budget of attempts",
    );
  });
});
