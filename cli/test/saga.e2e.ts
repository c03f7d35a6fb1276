import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { after, afterEach, beforeEach, describe, it } from 'mocha';
import { jsonLines, type Result, Running, reprise } from './support.ts';

// The saga as its page says it: real processes, with the command line, killed in between.

const SAGA = fileURLToPath(new URL('../../docs/examples/saga', import.meta.url));
/** What it reads: the repository that it lies in. */
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

describe('the saga through the command line', () => {
  const root = mkdtempSync(join(tmpdir(), 'saga-cli-'));
  let out = '';
  let store = '';
  let count = 0;
  const processes: Running[] = [];

  const say = (...args: string[]): Promise<Result> => reprise([...args, '--store', store], { cwd: SAGA });
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await say(...args, '--json');
    expect(code, stderr).to.equal(0);
    return jsonLines(stdout)[0] ?? {};
  };
  const start = (id: string): string[] => ['run', 'start', 'publication', '--id', id, '--input', input()];
  const input = (): string => JSON.stringify({ folder: REPOSITORY, out });
  const begin = (...args: string[]): Running => {
    const running = new Running([...args, '--store', store], { cwd: SAGA });
    processes.push(running);
    return running;
  };
  const killed = async (running: Running): Promise<void> => {
    running.child.kill('SIGKILL');
    await running.ended;
    expect(running.child.signalCode).to.equal('SIGKILL');
  };
  /** The open form of a run; undefined while there is none, or no store yet. */
  const formOf = async (id: string): Promise<Record<string, unknown> | undefined> => {
    const { code, stdout, stderr } = await say('form', 'list', '--json');
    if (code !== 0 && stderr.includes('REPRISE_STORE_UNAVAILABLE')) return undefined;
    expect(code, stderr).to.equal(0);
    const { forms } = jsonLines(stdout)[0] as { forms: Record<string, unknown>[] };
    return forms.find(({ runId }) => runId === id);
  };
  const asked = async (id: string): Promise<Record<string, unknown>> => {
    for (let tries = 0; tries < 60; tries += 1) {
      const form = await formOf(id);
      if (form !== undefined) return form;
    }
    throw new Error(`nobody was asked by ${id}: ${(await say('run', 'explain', id)).stdout}`);
  };
  const answer = (id: string, given: object): Promise<Result> =>
    say('form', 'answer', id, 'book/approved', '--answer', JSON.stringify(given), '--by', 'kim');
  const work = (): Promise<Result> => say('worker', 'start', '--until-idle', '--log', 'silent');
  const attempts = async (id: string): Promise<Record<string, unknown>> => {
    const { tasks } = (await json('run', 'show', id)) as { tasks: { id: string; attempts: number }[] };
    return Object.fromEntries(tasks.filter((task) => task.attempts > 0).map((task) => [task.id, task.attempts]));
  };

  beforeEach(() => {
    count += 1;
    out = join(root, `out-${count}`);
    store = join(root, `runs-${count}.db`);
  });
  afterEach(async () => {
    for (const { child } of processes) child.kill('SIGKILL');
    await Promise.all(processes.map(({ ended }) => ended));
    processes.length = 0;
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('asks, and publishes what is approved', async () => {
    const run = begin(...start('yes'), '--follow');
    expect(await asked('yes')).to.include({ taskId: 'book/approved', assignee: 'kim', title: 'Approval' });
    const given = await answer('yes', { decision: 'edit', edited: { title: 'What we use' } });
    expect(given.code, given.stderr).to.equal(0);
    const { code, stderr } = await run.ended;
    expect(code, stderr).to.equal(0);
    const { output } = (await json('run', 'show', 'yes')) as { output: { file: string; packages: number } };
    expect(output.file).to.equal(join(out, 'published.json'));
    const published = JSON.parse(readFileSync(output.file, 'utf8')) as { title: string; packages: unknown[] };
    expect(published.title).to.equal('What we use');
    expect(published.packages).to.have.lengthOf(output.packages).above(0);
    expect(readFileSync(join(out, 'latest.txt'), 'utf8')).to.equal(`${output.file}\n`);
    expect(await formOf('yes')).to.equal(undefined);
  });

  it('goes on after it was killed while somebody is asked, and does nothing twice', async () => {
    const run = begin(...start('killed'), '--follow');
    await asked('killed');
    await killed(run);
    const listed = await say('run', 'list');
    expect(listed.stdout).to.match(/killed .*form book\/approved \(kim\)/);
    // Nobody drives the run: the answer is on record, and nothing follows yet.
    expect((await answer('killed', { decision: 'approve' })).code).to.equal(0);
    expect(existsSync(join(out, 'published.json'))).to.equal(false);
    const worker = await work();
    expect(worker.code, worker.stderr).to.equal(0);
    expect(await json('run', 'show', 'killed')).to.include({ status: 'completed' });
    expect(await attempts('killed')).to.deep.include({ 'book/reserve': 1, 'book/stage': 1, 'book/publish': 1 });
    expect(readdirSync(out).sort()).to.deep.equal(['latest.txt', 'published.json', 'reserved', 'staged.json']);
    expect((await say('run', 'replay', 'killed')).code).to.equal(0);
  });

  it('undoes what was done when it is rejected after a kill, and is drawn with why', async () => {
    const run = begin(...start('no'), '--follow');
    await asked('no');
    await killed(run);
    expect((await answer('no', { decision: 'reject', comment: 'Not today' })).code).to.equal(0);
    await work();
    expect(await json('run', 'show', 'no')).to.deep.include({ output: { refused: 'refuse: Not today' } });
    expect(readdirSync(out)).to.deep.equal([]);
    const { stdout } = await say('run', 'graph', 'no');
    expect(stdout).to.contain('failed: REFUSED').and.to.contain('undoes book/stage, attempt 1');
    expect(stdout).to.match(/"publish<br\/>write<br\/>skipped: its condition was false"/);
  });

  it('ends well when it is killed again and again, wherever it is', async () => {
    expect((await say(...start('often'))).code).to.equal(0);
    for (const afterMs of [400, 550, 700, 900, 1200]) {
      const worker = begin('worker', 'start', '--log', 'silent');
      await setTimeout(afterMs);
      await killed(worker);
    }
    const worker = begin('worker', 'start', '--log', 'silent');
    expect((await asked('often'))['taskId']).to.equal('book/approved');
    await killed(worker);
    expect((await answer('often', { decision: 'approve' })).code).to.equal(0);
    const other = begin('worker', 'start', '--log', 'silent');
    await setTimeout(600);
    await killed(other);
    expect((await work()).code).to.equal(0);
    expect(await json('run', 'show', 'often')).to.include({ status: 'completed' });
    expect(readdirSync(out).sort()).to.deep.equal(['latest.txt', 'published.json', 'reserved', 'staged.json']);
    expect((await say('run', 'replay', 'often')).code).to.equal(0);
  });
});
