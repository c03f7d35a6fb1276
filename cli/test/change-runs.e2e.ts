import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

const CONFIG = `
import { defineAgent, workflow } from '@reprise/core';

const echo = defineAgent({ name: 'echo', handle: ({ input, taskId }) => input ?? taskId });
const failing = defineAgent({
  name: 'failing',
  handle: ({ attempt }) => {
    throw Object.assign(new Error('the card service said no, try ' + attempt), {
      code: 'CARD_DECLINED', status: 402, details: { card: '4711' },
    });
  },
});
const steps = workflow('steps')
  .wait('go', { signal: 'go' })
  .task('a', echo, { after: 'go' })
  .task('b', echo, { after: 'go' })
  .task('c', echo, { after: 'b' })
  .build();
const declined = workflow('declined').task('pay', failing, { retry: { maxAttempts: 2, initialDelay: 1 } }).build();
const limited = workflow('limited', { budget: { attempts: 5 } })
  .wait('go', { signal: 'go' })
  .task('work', echo, { after: 'go' })
  .build();
export default { workflows: [steps, declined, limited], agents: [echo, failing] };
`;

describe('tasks that are changed from the command line', () => {
  let cwd: string;
  const run = (...args: string[]) => reprise(['run', ...args, '-c', 'steps.config.mjs'], { cwd });
  const work = () => reprise(['worker', 'start', '--until-idle', '--log', 'silent', '-c', 'steps.config.mjs'], { cwd });
  const wordsOf = async (id: string): Promise<unknown[]> =>
    jsonLines((await run('history', id, '--json')).stdout)
      .map(({ type, metadata }) => ({ type, ...(metadata as { by?: string; reason?: string }) }))
      .filter(({ by }) => by !== undefined)
      .map(({ type, by, reason }) => [type, by, reason]);

  before(() => {
    cwd = project();
    writeFileSync(join(cwd, 'steps.config.mjs'), CONFIG);
  });

  it('are skipped, overridden, put first and linked, and it stays on record who did that, and why', async () => {
    expect((await run('start', 'steps', '--id', 's-1', '--by', 'ann', '--reason', 'monday')).code).to.equal(0);
    await work();
    const who = ['--by', 'kim', '--reason', 'a test'];
    const linked = await run('link', 's-1', 'a', '--after', 'b', ...who);
    expect([linked.code, linked.stderr]).to.satisfy(
      ([code, text]: [number, string]) =>
        code === 0 && /'a' of run s-1 comes after 'b', too/.test(text) && /No process drives/.test(text),
    );
    const first = await run('set-priority', 's-1', 'a', '7', ...who, '--json');
    expect(jsonLines(first.stdout)[0]).to.include({ runId: 's-1', taskId: 'a', priority: 7, status: 'running' });
    expect((await run('override', 's-1', 'b', '--output', '{"b":1}', ...who)).stderr).to.match(
      /'b' of run s-1 gives \{ ?"b": ?1 ?\}/,
    );
    expect((await run('skip', 's-1', 'c', ...who)).stderr).to.contain("'c' of run s-1 is skipped");
    expect((await run('unlink', 's-1', 'a', '--after', 'b')).stderr).to.contain(
      "'a' of run s-1 no longer comes after 'b'",
    );
    await run('signal', 's-1', 'go', '--by', 'lee', '--reason', 'ready');
    await work();
    const shown = jsonLines((await run('show', 's-1', '--json')).stdout)[0] as { status: string; output: unknown };
    expect(shown.status).to.equal('completed');
    expect(await wordsOf('s-1')).to.deep.include.members([
      ['RunStarted', 'ann', 'monday'],
      ['TasksLinked', 'kim', 'a test'],
      ['TaskPrioritySet', 'kim', 'a test'],
      ['TaskCompleted', 'kim', 'a test'],
      ['TaskSkipped', 'kim', 'a test'],
      ['SignalReceived', 'lee', 'ready'],
    ]);
  });

  it('are refused in words, with a code', async () => {
    await run('start', 'steps', '--id', 's-2');
    await work();
    for (const [args, code, exit] of [
      [['skip', 's-2', 'nope'], 'REPRISE_TASK_UNKNOWN', 1],
      [['override', 's-2', 'b', '--output', '{'], 'REPRISE_USAGE', 2],
      [['override', 's-2', 'b'], 'REPRISE_USAGE', 2],
      [['set-priority', 's-2', 'b', 'high'], 'REPRISE_USAGE', 2],
      [['link', 's-2', 'b', '--after', 'c'], 'REPRISE_CYCLE', 1],
      [['restart', 's-2', 'c'], 'REPRISE', 1],
      [['skip', 'no-run', 'b'], 'REPRISE_RUN_NOT_FOUND', 3],
      [['raise', 's-2', '--budget', 'attempts=+5'], 'REPRISE_COMMAND_INVALID', 1],
      [['raise', 's-2', '--budget', 'attempts=5'], 'REPRISE_USAGE', 2],
      [['raise', 's-2'], 'REPRISE_USAGE', 2],
    ] as const) {
      const said = await run(...args);
      expect([said.code, said.stdout], args.join(' ')).to.deep.equal([exit, '']);
      expect(said.stderr, args.join(' ')).to.contain(code);
    }
    expect((await run('skip', 's-2', 'b', '--request-id', 'once')).code).to.equal(0);
    expect((await run('skip', 's-2', 'b', '--request-id', 'once')).code, 'the same request again').to.equal(0);
    expect((await run('skip', 's-2', 'b')).stderr).to.contain('REPRISE_TASK_ENDED');
  });

  it('begin again in a run that another process drives', async () => {
    const driving = new Running(['run', 'start', 'steps', '--id', 's-3', '--follow', '-c', 'steps.config.mjs'], {
      cwd,
    });
    await driving.saw(/go +entered/);
    await run('override', 's-3', 'b', '--output', '1', '--by', 'kim');
    await driving.saw(/c +ready|c +completed|c +started/);
    const again = await run('restart', 's-3', 'b', '--by', 'kim', '--json');
    expect(jsonLines(again.stdout)[0], again.stderr).to.include({ taskId: 'b', driven: true });
    await run('signal', 's-3', 'go');
    expect((await driving.ended).code).to.equal(0);
    const b = jsonLines((await run('show', 's-3', 'b', '--json')).stdout)[0];
    expect(b).to.include({ status: 'completed', via: null, again: 1 });
  });

  it('may spend more once somebody raised the budget, and that is on record', async () => {
    await run('start', 'limited', '--id', 'l-1', '--budget', 'attempts=3');
    await work();
    const raised = await run(
      'raise',
      'l-1',
      '--budget',
      'attempts=+4',
      '--by',
      'kim',
      '--reason',
      'worth it',
      '--json',
    );
    expect(jsonLines(raised.stdout)[0], raised.stderr).to.deep.include({
      runId: 'l-1',
      raised: { '': { attempts: 4 } },
    });
    const state = jsonLines((await run('state', 'l-1', '--json')).stdout)[0];
    expect(state?.['budgets']).to.deep.equal({ '': { attempts: { limit: 7, spent: 0 } } });
    expect(await wordsOf('l-1')).to.deep.equal([['BudgetRaised', 'kim', 'worth it']]);
  });

  it('are shown in full: input, output, each attempt with its error', async () => {
    await run('start', 'declined', '--id', 'd-1', '--input', 'amount=5', '--wait');
    const text = (await run('show', 'd-1', 'pay')).stdout;
    expect(text).to.match(/^pay of run d-1 {2}✖ failed\n/);
    expect(text).to.match(/Input\n {2}\{\n {4}"amount": 5\n {2}\}\n/);
    expect(text).to.match(/1 {2}failed[\s\S]*said no, try 1[\s\S]*2 {2}failed[\s\S]*said no, try 2/);
    expect(text).to.contain('status 402').and.contain('"card": "4711"');
    const json = jsonLines((await run('show', 'd-1', 'pay', '--json')).stdout)[0] as {
      attempts: { attempt: number; status: string; error: { code: string; details: unknown } }[];
    };
    expect(json.attempts.map(({ attempt, status }) => [attempt, status])).to.deep.equal([
      [1, 'failed'],
      [2, 'failed'],
    ]);
    expect(json.attempts[0]?.error).to.deep.include({ code: 'CARD_DECLINED', details: { card: '4711' } });
    const unknown = await run('show', 'd-1', 'pai');
    expect([unknown.code, unknown.stderr]).to.satisfy(
      ([code, said]: [number, string]) => code === 2 && /did you mean 'pay'/.test(said),
    );
  });

  it('are done once more by a rerun, with an edited input', async () => {
    await run('start', 'declined', '--id', 'd-2', '--input', '{"amount":5,"note":"x","items":[1,2]}', '--wait');
    const again = await run(
      'rerun',
      'd-2',
      '--id',
      'd-3',
      '-e',
      'amount=6',
      '-e',
      '{"note":null}',
      '-e',
      '[{"op":"remove","path":"/items/0"}]',
      '--by',
      'kim',
      '--reason',
      'once more',
      '--wait',
      '--json',
    );
    expect([again.code, jsonLines(again.stdout)[0]?.['runId']], again.stderr).to.deep.equal([1, 'd-3']);
    const json = jsonLines((await run('show', 'd-3', '--json')).stdout)[0];
    expect(json?.['input']).to.deep.equal({ amount: 6, items: [2] });
    expect(json?.['lineage']).to.include({ runId: 'd-2', as: 'fork', edited: true });
    expect(await wordsOf('d-3')).to.deep.equal([['RunStarted', 'kim', 'once more']]);
    const retried = await run('retry', 'd-2', '--id', 'd-4', '--by', 'lee', '--reason', 'luck');
    expect(retried.code, retried.stderr).to.equal(0);
    const told = await run('rerun', 'd-2', '--id', 'd-5', '--follow');
    expect(told.stderr).to.match(/\+0ms {2}run +tasks reset +none\n +\+0ms {2}run +forked/);
    expect(await wordsOf('d-4')).to.deep.include(['RunStarted', 'lee', 'luck']);
    const wrong = await run('rerun', 'd-2', '-e', '[{"op":"remove","path":"/no"}]');
    expect([wrong.code, wrong.stderr]).to.satisfy(
      ([code, said]: [number, string]) => code === 2 && /operation 1: there is nothing at/.test(said),
    );
  });
});
