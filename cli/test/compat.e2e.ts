import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

interface Verdict {
  readonly runId: string;
  readonly next: string;
  readonly why: string | null;
  readonly definition: string;
  readonly touched: boolean;
  readonly fork: { readonly at: number | null } | null;
  readonly changes: readonly { readonly task: string; readonly part: string; readonly standing: string }[];
}

const WORKFLOW = `import { workflow } from '@reprise/core';
export default workflow('mended', { version: '1' })
  .task('count', 'adder', { input: () => ({ numbers: [1] }) })
  .wait('go', { signal: 'go' }, { after: 'count' })
  .task('last', 'adder', { after: 'go', input: () => ({ numbers: [2] }) })
  .build();
`;

describe('a workflow that was changed', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });
  const write = (text: string): void => writeFileSync(join(cwd, 'mended.mts'), text);
  const verdicts = async (...args: string[]) => {
    const { code, stdout, stderr } = await say('workflow', 'compat', ...args, '--json');
    const { runs } = (jsonLines(stdout)[0] ?? { stderr }) as unknown as { readonly runs: readonly Verdict[] };
    return { code, runs };
  };

  before(async () => {
    cwd = project();
    write(WORKFLOW);
    const config = join(cwd, 'reprise.config.ts');
    writeFileSync(config, readFileSync(config, 'utf8').replace("'./batch.yaml'", "'./batch.yaml', './mended.mts'"));
    await say('run', 'start', 'mended', '--id', 'begun');
    const driving = new Running(['run', 'watch', 'begun'], { cwd });
    const worker = new Running(['worker', 'start'], { cwd });
    await driving.saw(/count +completed/);
    worker.child.kill('SIGINT');
    driving.child.kill('SIGINT');
    await Promise.all([driving.ended, worker.ended]);
    await say('run', 'start', 'mended', '--id', 'fresh');
  });

  it('is the one that open runs were started with', async () => {
    const { code, runs } = await verdicts('mended');
    expect(code).to.equal(0);
    expect(runs.map(({ runId, next, definition }) => [runId, next, definition])).to.deep.equal([
      ['fresh', 'goes-on', 'same'],
      ['begun', 'goes-on', 'same'],
    ]);
    expect((await verdicts('mended', '--query', 'id:begun')).runs.map(({ runId }) => runId)).to.deep.equal(['begun']);
    expect((await verdicts('mended', '--query', 'status:completed')).runs).to.deep.equal([]);
    expect((await say('workflow', 'compat', 'greet')).stdout).to.contain('No open run fits.');
    const other = await say('workflow', 'compat', 'greet', '--run', 'begun');
    expect([other.code, other.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes("Run 'begun' is of the workflow mended@1"),
    );
  });

  it('with other functions and data says what each run takes up, and from where a fork has the rest', async () => {
    write(WORKFLOW.replace('[2]', '[3]').replace("'count', 'adder'", "'count', 'doubler'"));
    const { code, runs } = await verdicts('mended');
    expect(code).to.equal(0);
    const [fresh, begun] = runs;
    expect(fresh).to.deep.include({ next: 'goes-on', touched: false, fork: { at: null } });
    expect(begun).to.deep.include({ next: 'goes-on', touched: true, fork: { at: 0 }, why: null });
    const change = { task: 'count', part: 'agent', kind: 'changed', standing: 'done', taken: false };
    expect(begun?.changes).to.deep.include(change);
    const { stdout } = await say('workflow', 'compat', 'mended');
    expect(stdout).to.contain('2 runs: all go on.').and.contain("With another function: the input of 'last' (ahead).");
    expect(stdout)
      .to.contain("Not taken up: the agent of 'count' (done).")
      .and.contain('reprise run fork begun --at 0');
  });

  it('without a function that a run needs, or in another version, holds it: the exit code says so', async () => {
    write(WORKFLOW.replace(', input: () => ({ numbers: [2] })', ''));
    const { code, runs } = await verdicts('./mended.mts', '--run', 'begun');
    expect(code).to.equal(1);
    expect(runs).to.have.length(1);
    expect(runs[0]?.why).to.contain("task 'last': input");
    const { stdout } = await say('workflow', 'compat', 'mended');
    expect(stdout).to.contain('2 runs: 2 do not go on.').and.contain('It is held.');
    write(WORKFLOW.replace("version: '1'", "version: '2'"));
    const other = await verdicts('mended');
    expect(other.code).to.equal(1);
    expect(other.runs.map(({ definition, fork }) => [definition, fork])).to.deep.equal([
      ['none', null],
      ['none', null],
    ]);
    const told = await say('workflow', 'compat', 'mended', '--run', 'begun');
    expect(told.stdout).to.contain('1 run: 1 does not go on.').and.contain('There is no version 1 now; there is 2');
  });
});
