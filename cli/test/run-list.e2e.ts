import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { endTerminals, noTerminal, OnTerminal } from './pseudo-terminal.ts';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

const CONFIG = `
import { defineAgent, workflow } from '@reprise/core';

const failing = defineAgent({ name: 'failing', handle: () => { throw new Error('the card service said no'); } });
const declined = workflow('declined')
  .scope('book', (block) => block.task('pay', failing, { retry: { maxAttempts: 3, initialDelay: 1 } }))
  .build();
const asked = workflow('asked')
  .wait('approved', { form: { type: 'object' }, assignee: 'anna' })
  .build();
const slept = workflow('slept').sleep('night', '8h').build();
export default { workflows: [declined, asked, slept], agents: [failing] };
`;

describe('run list and progress', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise([...args, '-c', 'list.config.mjs'], { cwd });

  before(async () => {
    cwd = project();
    writeFileSync(join(cwd, 'list.config.mjs'), CONFIG);
    await say('run', 'start', 'asked', '--id', 'asked-with-a-long-name-00001');
    const args = ['run', 'start', 'slept', '--id', 'slept-1', '--label', 'team=eu', '--tenant', 'acme', '--follow'];
    const driving = new Running([...args, '-c', 'list.config.mjs'], { cwd });
    await driving.saw(/night +entered/);
    driving.child.kill('SIGINT');
    await driving.ended;
  });
  after(endTerminals);

  it('tells each failure once in a pipe, one line a change, and why the run failed by the task', async () => {
    const { code, stderr } = await say('run', 'start', 'declined', '--id', 'declined-1', '--follow');
    expect(code).to.equal(1);
    expect(stderr.split('the card service said no'), stderr).to.have.length(2);
    expect(stderr.split('at Object.handle')).to.have.length(2);
    expect(stderr).to.match(
      /book\/pay +attempt failed +attempt 1, REPRISE_AGENT_FAILED: the card service said no, again in/,
    );
    expect(stderr).to.match(/book\/pay +attempt failed +attempt 3, as before\n/);
    expect(stderr).to.match(/book +failed +because of 'book\/pay'\n/);
    expect(stderr).to.match(/run +failed +because of 'book\/pay'\n.*Run declined-1 ✖ failed/);
    const watched = await say('run', 'watch', 'declined-1');
    expect(watched.stdout.split('the card service said no'), watched.stdout).to.have.length(2);
  });

  it('tells each failure once while it waits, too, and then why the run failed', async () => {
    const { stderr } = await say('run', 'start', 'declined', '--id', 'declined-2', '--wait');
    expect(stderr.match(/warn: .*the card service said no/g), stderr).to.have.length(1);
    expect(stderr).to.match(/Run declined-2 ✖ failed in .*\n {2}REPRISE_TASK_FAILED: /);
  });

  it('lists what waits and for what, what failed and how often, and how long each took', async () => {
    const { stdout } = await say('run', 'list');
    expect(stdout).to.match(/^RUN +WORKFLOW +STATUS +WAITS FOR +FAILED +STARTED +TOOK/);
    expect(stdout).to.match(/^asked-\S+ +asked +● running +form approved \(anna\) +0 /m);
    expect(stdout).to.match(/^slept-1 +slept +● running +time 7h \S+ \(night\) +0 /m);
    expect(stdout).to.match(/^declined-1 +declined +✖ failed +- +1 /m);
    const json = jsonLines((await say('run', 'list', '--json')).stdout)[0] as {
      runs: { runId: string; waitsFor: object[]; failedTasks: number; durationMs: number }[];
    };
    const of = new Map(json.runs.map((run) => [run.runId, run]));
    expect(of.get('declined-1')).to.include({ failedTasks: 1 });
    expect(of.get('declined-1')?.durationMs).to.be.a('number').and.at.least(0);
    expect(of.get('slept-1')?.waitsFor[0]).to.include({ taskId: 'night', reason: 'sleep' });
  });

  it('is sorted by a field of all runs, page by page; what is no order is told', async () => {
    const ids = async (...flags: string[]) =>
      (await say('run', 'list', ...flags, '--format', 'ids')).stdout.split('\n');
    const [first, second] = await ids('--sort', 'started');
    expect([first, second]).to.deep.equal(['asked-with-a-long-name-00001', 'slept-1']);
    const longest = await ids('--sort', 'duration:desc');
    expect(longest.slice(0, 2).map((id) => id.slice(0, 8))).to.deep.equal(['declined', 'declined']);
    const { stderr } = await say('run', 'list', '--sort', 'started', '-n', '1');
    const after = /--after '(.+)'/.exec(stderr)?.[1] ?? '';
    expect(await ids('--sort', 'started', '-n', '1', '--after', after)).to.deep.equal(['slept-1', '']);
    const wrong = await say('run', 'list', '--sort', 'statut');
    expect([wrong.code, wrong.stderr]).to.satisfy(
      ([code, text]: [number, string]) =>
        code === 2 && /there are started, updated, ended, duration, events/.test(text),
    );
  });

  for (const columns of [60, 45])
    it(`fits ${columns} columns, and still says what waits and what failed`, async function () {
      if (noTerminal !== undefined) this.skip();
      const list = new OnTerminal(['run', 'list', '-c', 'list.config.mjs'], { cwd, columns });
      expect(await list.ended).to.equal(0);
      // What does not fit is on a line of its own there.
      const text = list.screen.join('\n');
      expect(text).to.match(/^RUN +WORKFLOW +STATUS +TOOK$/m);
      expect(text).to.match(/^asked-with-a\S* .*running.*\n {2}waits for form approved \(anna\)$/m);
      expect(text).to.match(/^slept-1 .*\n {2}waits for time 7h/m);
      expect(text).to.match(/^declined-1 .*failed.*\n {2}1 task failed$/m);
    });

  for (const args of [
    ['agent', 'list'],
    ['projection', 'list'],
    ['projection', 'query', 'throughput'],
  ])
    it(`${args.join(' ')} fits 60 columns, too, and cuts no name`, async function () {
      if (noTerminal !== undefined) this.skip();
      const list = new OnTerminal([...args, '-c', 'list.config.mjs'], { cwd, columns: 60 });
      expect(await list.ended).to.equal(0);
      const lines = stripVTControlCharacters(list.raw).split(/\r?\n/);
      for (const line of lines) expect(line.length, line).to.be.at.most(60);
      const { stdout } = await say(...args, '--format', 'ids');
      for (const id of stdout.trim().split('\n')) expect(list.raw).to.contain(id);
      expect(list.raw).to.not.match(/[A-Z0-9]…/);
    });

  it('is redrawn on a terminal', async function () {
    if (noTerminal !== undefined) this.skip();
    const run = new OnTerminal(['run', 'start', 'declined', '--follow', '-c', 'list.config.mjs'], { cwd, columns: 60 });
    expect(await run.ended).to.equal(1);
    expect(
      run.screen.filter((line) => line.startsWith('declined@1 ')),
      run.screen.join('\n'),
    ).to.have.length(1);
  });
});
