import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { BIN, jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

describe('runs under way', () => {
  let cwd: string;
  const begin = (...args: string[]): Running => new Running(args, { cwd });
  const say = (...args: string[]) => reprise(args, { cwd });
  const hold = (id: string, ms: number, ...flags: string[]): Running =>
    begin('run', 'start', 'hold', '--id', id, '--input', JSON.stringify({ ms }), ...flags);
  const statusOf = async (id: string): Promise<unknown> =>
    jsonLines((await say('run', 'show', id, '--json')).stdout)[0]?.['status'];

  before(() => {
    cwd = project();
  });

  it('are cancelled from a second terminal, where both see why', async () => {
    const driving = hold('cancel-1', 60_000, '--follow');
    await driving.saw(/hold +started/);
    const watching = begin('run', 'watch', 'cancel-1');
    await watching.saw(/hold +started/);
    for (const verb of ['cancel', 'pause']) {
      const { code, stderr } = await say('run', verb, 'cancel-1', '--reason', '');
      expect([code, stderr]).to.satisfy(([is, err]: [number, string]) => is === 2 && /--reason is empty/.test(err));
    }
    const cancelled = await say('run', 'cancel', 'cancel-1', '--reason', 'changed my mind', '--json');
    expect(jsonLines(cancelled.stdout)[0]).to.include({ runId: 'cancel-1', status: 'cancelled', driven: true });
    const [driven, watched] = await Promise.all([driving.ended, watching.ended]);
    expect(driven.code).to.equal(1);
    expect(watched.code).to.equal(1);
    expect(driven.stderr).to.contain('changed my mind');
    expect(watched.stdout).to.match(/cancelled +changed my mind/);
    const late = await say('run', 'pause', 'cancel-1');
    expect(late.code).to.equal(1);
    expect(late.stderr).to.contain('REPRISE_RUN_CLOSED');
  });

  it('are paused and resumed from a second terminal', async () => {
    const driving = hold('pause-1', 60_000, '--follow');
    await driving.saw(/hold +started/);
    expect((await say('run', 'pause', 'pause-1', '--reason', 'lunch')).stderr).to.contain('paused');
    await driving.saw(/run +paused +lunch/);
    const twice = await say('run', 'pause', 'pause-1');
    expect(twice.code).to.equal(1);
    expect(twice.stderr).to.contain('REPRISE_COMMAND_INVALID');
    expect((await say('run', 'resume', 'pause-1')).code).to.equal(0);
    await driving.saw(/run +resumed/);
    expect((await say('run', 'cancel', 'pause-1')).code).to.equal(0);
    expect((await driving.ended).code).to.equal(1);
  });

  it('that nobody drives are not watched without a word', async () => {
    const lonely = project();
    const input = JSON.stringify({ ms: 1 });
    const started = await reprise(['run', 'start', 'hold', '--id', 'alone', '--input', input], { cwd: lonely });
    expect(started.code).to.equal(0);
    expect(started.stderr, 'names the run, not its workflow alone').to.match(/^Run alone of hold@\S+ is running\. /);
    const watching = new Running(['run', 'watch', 'alone'], { cwd: lonely });
    await watching.saw(/No process drives the runs of this store now/);
    expect((await reprise(['run', 'cancel', 'alone'], { cwd: lonely })).code).to.equal(0);
    expect((await watching.ended).code).to.equal(1);
  });

  it('are watched as snapshots with --json', async () => {
    const driving = hold('json-1', 1000, '--follow');
    await driving.saw(/hold +started/);
    const lines = jsonLines((await say('run', 'watch', 'json-1', '--json')).stdout);
    expect(lines.at(-1)).to.include({ kind: 'outcome', status: 'completed' });
    expect(lines.slice(0, -1).every((line) => line['kind'] === 'progress')).to.equal(true);
    const [task] = (lines.at(-2)?.['tasks'] ?? []) as unknown[];
    expect(task).to.include({ id: 'hold', status: 'completed' });
    expect((await driving.ended).code).to.equal(0);
  });

  it('drain at the first Ctrl-C: what is under way is finished', async () => {
    const driving = hold('drain-1', 1500, '--follow');
    await driving.saw(/hold +started/);
    driving.child.kill('SIGINT');
    const { code, stderr } = await driving.ended;
    expect(stderr).to.contain('Stopping. Waiting for 1 attempt');
    expect(code, 'the run ended while it drained').to.equal(0);
    expect(await statusOf('drain-1')).to.equal('completed');
  });

  for (const [workflow, what] of [
    ['hold', 'agents that obey'],
    ['stubborn', 'agents that do not'],
  ] as const) {
    it(`stop at once at the second Ctrl-C, with ${what}; the run goes on at the next start`, async () => {
      const id = `twice-${workflow}`;
      const driving = begin('run', 'start', workflow, '--id', id, '--input', '{"ms":60000}', '--follow');
      await driving.saw(/(hold|stay) +started/);
      driving.child.kill('SIGINT');
      await driving.saw(/Stopping\./);
      driving.child.kill('SIGINT');
      const { code, stderr } = await driving.ended;
      expect(code).to.equal(130);
      expect(stderr).to.contain('Stopping at once.').and.to.contain('worker start');
      expect(await statusOf(id)).to.equal('running');
      expect((await say('run', 'cancel', id)).code).to.equal(0);
    });
  }

  it('are carried out by a worker, also those started meanwhile; it can end when nothing is left', async () => {
    await say('run', 'start', 'greet', '--id', 'worker-1', '--input', '{"name":"a"}');
    const worker = begin('worker', 'start', '--log', 'silent', '--json');
    await worker.saw(/"role":"driver"/);
    const second = begin('worker', 'start', '--log', 'silent');
    await second.saw(/Another process drives/);
    const started = await say('run', 'start', 'greet', '--id', 'worker-2', '--input', '{"name":"b"}');
    expect(started.stderr).to.contain('Another process drives it');
    expect((await say('run', 'watch', 'worker-2')).code).to.equal(0);
    expect(await statusOf('worker-1')).to.equal('completed');
    const waited = await say('run', 'start', 'greet', '--wait', '--input', '{"name":"c"}');
    expect(waited.stdout).to.contain('Hello, c!');
    expect(waited.stderr).to.contain('Another process drives');
    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).to.equal(143);
    await second.saw(/The other process has ended\. Driving\./);
    second.child.kill('SIGINT');
    expect((await second.ended).code).to.equal(130);
    await say('run', 'start', 'greet', '--id', 'worker-3', '--input', '{"name":"d"}');
    expect((await say('worker', 'start', '--until-idle', '--log', 'silent')).code).to.equal(0);
    expect(await statusOf('worker-3')).to.equal('completed');
  });

  it('end with their outcome before others are waited for', async () => {
    await hold('other-1', 60_000).ended;
    const driving = begin('run', 'start', 'greet', '--wait', '--input', '{"name":"e"}');
    await driving.saw(/Hello, e![\s\S]*Waiting for 1 attempt still under way/);
    driving.child.kill('SIGINT');
    const { code, stderr } = await driving.ended;
    expect(code).to.equal(0);
    expect(stderr).to.contain('Stopping at once.');
    expect((await say('run', 'cancel', 'other-1')).code).to.equal(0);
  });

  it('that failed are gone on with, and what a task gave may be said', async () => {
    await say('run', 'start', 'batch', '--id', 'again-1', '--wait', '--input', '{"numbers":[1,2],"broken":true}');
    const retried = await say('run', 'retry', 'again-1', '--id', 'again-2', '--follow', '--json');
    expect(retried.code).to.equal(1);
    const types = jsonLines(retried.stdout).map((line) => line['type']);
    expect(types).to.include.members(['TasksReset', 'RunForked']);
    expect((await say('run', 'show', 'again-2')).stdout).to.match(
      /Goes on from +again-1 \(a retry, from revision \d+ on\)/,
    );
    const bad = await say('run', 'retry', 'again-1', '--outcome', 'numbers');
    expect([bad.code, bad.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes('TASK=JSON'),
    );
    const notJson = await say('run', 'retry', 'again-1', '--outcome', 'each={');
    expect(notJson.code).to.equal(2);
    expect(notJson.stderr).to.contain('The outcome in --outcome is not JSON').and.to.contain(`--outcome 'TASK="text"'`);
    const unknown = await say('run', 'fork', 'again-1', '--outcome', 'nobody=1');
    expect(unknown.stderr).to.contain("'nobody' can be given no outcome");
    const failed = (await say('run', 'show', 'again-1', '--json')).stdout;
    const task = (JSON.parse(failed) as { readonly error: { readonly details: { readonly taskId: string } } }).error
      .details.taskId;
    const told = await say('run', 'fork', 'again-1', '--id', 'told-1', '--replace', `${task}={"sum":3}`, '--wait');
    expect(told.code, told.stderr).to.equal(0);
    expect((await say('run', 'replay', 'told-1')).code).to.equal(0);
    const numbers = ['--input', '{"numbers":[3,4]}', '--from', '5'];
    const edited = await say('run', 'fork', 'again-1', '--id', 'edited-1', ...numbers, '--wait', '--json');
    expect(jsonLines(edited.stdout)[0], edited.stderr).to.include({ runId: 'edited-1', status: 'completed' });
    const shown = (await say('run', 'show', 'edited-1')).stdout;
    expect(shown)
      .to.match(/Goes on from +again-1 \(a fork, with another input\)/)
      .and.contain('{"numbers":[3,4]}');
    const piped = await reprise(['run', 'fork', 'again-1', '--id', 'edited-2', '--input', '-', '--wait'], {
      cwd,
      input: '{"numbers":[5]}',
    });
    expect(piped.code, piped.stderr).to.equal(0);
    const source = await say('run', 'show', 'again-1', '--json');
    const { successors } = JSON.parse(source.stdout) as { readonly successors: readonly { readonly runId: string }[] };
    expect(successors.map(({ runId }) => runId)).to.deep.equal(['edited-2', 'edited-1', 'told-1', 'again-2']);
    expect(successors.at(-1)).to.deep.include({ as: 'retry', status: 'failed' });
    expect((await say('run', 'show', 'again-1')).stdout).to.match(
      /Goes on in +edited-2 \(a fork, completed\), edited-1 \(a fork, completed\), told-1 .*, and more: reprise run list from:again-1/,
    );
    const parted = await say('run', 'diff', 'again-1', 'edited-1');
    expect(parted.stdout, parted.stderr).to.contain('They part first at the run itself: input');
    expect(parted.stdout)
      .to.match(/B goes on from A as a fork, with another input\./)
      .and.match(/Attempts +\d+ +\d+/);
    const shape = JSON.parse((await say('run', 'diff', 'again-1', 'again-2', '--json')).stdout) as {
      readonly [member: string]: { readonly [member: string]: unknown };
    };
    expect(Object.keys(shape)).to.have.members([
      'workflow',
      'changes',
      'a',
      'b',
      'parting',
      'differences',
      'onlyA',
      'onlyB',
      'same',
      'tasks',
    ]);
    expect(shape['b']?.['lineage']).to.include({ runId: 'again-1', as: 'retry' });
    expect([shape['a']?.['taken'], shape['parting']?.['a']]).to.deep.equal([null, null]);
    expect((await say('run', 'diff', 'again-1', 'nobody')).stderr).to.contain('REPRISE_RUN_NOT_FOUND');
    await say('run', 'start', 'greet', '--id', 'fine-1', '--wait', '--input', '{"name":"x"}');
    const others = await say('run', 'diff', 'again-1', 'fine-1');
    expect(others.stdout).to.contain('Of different workflows: only what each cost is compared.');
    const nothing = await say('run', 'retry', 'fine-1');
    expect(nothing.code).to.equal(1);
    expect(nothing.stderr).to.contain('REPRISE_COMMAND_INVALID');
  });

  it('may lose their reader: `| head` ends a command that reads, and not a run', async () => {
    await say(
      'run',
      'start',
      'batch',
      '--id',
      'long-1',
      '--wait',
      '--input',
      JSON.stringify({ numbers: Array.from({ length: 2000 }, (_, n) => n) }),
    );
    const readOneLine = async (args: string[]): Promise<{ code: number | null; stderr: string }> => {
      const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      await once(child.stdout, 'data');
      child.stdout.destroy();
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, stderr };
    };
    for (const command of ['history', 'export']) {
      expect(await readOneLine(['run', command, 'long-1', '--json'])).to.deep.equal({ code: 0, stderr: '' });
    }
    const followed = await readOneLine([
      'run',
      'start',
      'hold',
      '--id',
      'headless-1',
      '--follow',
      '--json',
      '--input',
      '{"ms":300}',
    ]);
    expect(followed).to.deep.equal({ code: 0, stderr: '' });
    expect(await statusOf('headless-1')).to.equal('completed');
  });
});
