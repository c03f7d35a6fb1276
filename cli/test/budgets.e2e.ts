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

const asked = workflow('asked', { budget: { attempts: 2, onBudget: { ask: 'kim' } } })
  .task('a', echo)
  .task('b', echo, { after: 'a' })
  .task('c', echo, { after: 'b' })
  .task('d', echo, { after: 'b' })
  .build();

export default { workflows: [chain, spend, asked], agents: [echo, spender] };
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

  it('ask somebody for more, who finds that, sees what it is about, and answers', async () => {
    const say = (...args: string[]) => reprise([...args, '-c', 'budgets.config.mjs'], { cwd });
    await run('start', 'asked', '--id', 'a-1');
    const first = await say('worker', 'start', '--until-idle', '--log', 'silent');
    expect(first.stderr).to.contain('waiting for an answer: a-1 (c)');
    expect((await say('form', 'list')).stdout).to.match(/a-1 +c +Raise the budget of 2 attempts of the run\? +kim/);
    const shown = await say('form', 'show', 'a-1', 'c');
    expect(shown.stdout).to.match(
      /About +\{ ?"scope": ?"", ?"budget": ?"attempts", ?"limit": ?2, ?"spent": ?2, ?"least": ?1 ?\}/,
    );
    const explained = await run('explain', 'a-1');
    expect(explained.stdout).to.match(
      /c +needs more than what is left of the budget of 2 attempts of the run, and asks/,
    );
    expect(explained.stdout).to.match(/d +needs more than what is left .*, which 'c' asks for/);
    expect((await run('list')).stdout).to.contain('kim');
    expect((await run('show', 'a-1')).stdout).to.contain('for an answer of kim');
    const little = await say('form', 'answer', 'a-1', 'c', '--answer', '{"decision":"approve","raise":0}');
    expect([little.code, little.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code !== 0 && /REPRISE_FORM_INVALID[\s\S]*raise/.test(text),
    );
    await say('form', 'answer', 'a-1', 'c', '--answer', '{"decision":"approve","raise":1}', '--by', 'kim');
    const second = await say('worker', 'start', '--until-idle', '--log', 'silent');
    expect(second.stderr, 'one was too few').to.contain('waiting for an answer: a-1 (d)');
    await say('form', 'answer', 'a-1', 'd', '--answer', '{"decision":"reject","comment":"enough"}', '--by', 'kim');
    await say('worker', 'start', '--until-idle', '--log', 'silent');
    const history = await run('history', 'a-1');
    expect(history.stdout).to.match(/BudgetAsked +c +kim for more attempts than 2 for the run, of which 2 are spent/);
    expect(history.stdout).to.match(/BudgetRaised +c +1 more attempts/);
    expect((await run('explain', 'a-1')).stdout).to.match(/'kim', who was asked to raise it said no: enough/);
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
