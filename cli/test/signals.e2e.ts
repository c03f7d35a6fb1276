import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

describe('run signal', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });
  const start = (id: string, workflow = 'approval') => say('run', 'start', workflow, '--id', id);
  const typesOf = async (id: string): Promise<unknown[]> =>
    jsonLines((await say('run', 'history', id, '--json')).stdout).map(({ type }) => type);

  before(() => {
    cwd = project();
  });

  it('reaches a run that another process drives', async () => {
    const driving = new Running(['run', 'start', 'approval', '--id', 'driven-1', '--follow'], { cwd });
    await driving.saw(/approved +started|approved/);
    const sent = await say('run', 'signal', 'driven-1', 'approved', '--data', '{"by":"kim"}', '--json');
    const [said] = jsonLines(sent.stdout);
    expect(said).to.include({ runId: 'driven-1', signal: 'approved', driven: true });
    expect(said).to.have.all.keys('runId', 'signal', 'status', 'revision', 'driven');
    expect(sent.code).to.equal(0);
    const { code, stdout } = await driving.ended;
    expect(code).to.equal(0);
    expect(stdout).to.contain('Hello, kim!');
  });

  it('is kept for a run that nobody drives, with data from a file or a pipe', async () => {
    await start('kept-1');
    writeFileSync(join(cwd, 'data.json'), '{"by":"file"}');
    const sent = await say('run', 'signal', 'kept-1', 'approved', '--data-file', 'data.json');
    expect(sent.code).to.equal(0);
    expect(sent.stderr).to.match(
      /kept-1 has the signal.*\n.*No task has waited for 'approved' yet.*\n.*No process drives.*worker start/,
    );
    await start('piped-1');
    const args = ['run', 'signal', 'piped-1', 'approved', '-F', '-'];
    expect((await reprise(args, { cwd, input: '{"by":"pipe"}' })).code).to.equal(0);
    const worker = await say('worker', 'start', '--until-idle', '--log', 'silent');
    expect(worker.code).to.equal(0);
    expect(worker.stderr).to.contain('Nothing is left to do.');
    expect((await say('run', 'show', 'kept-1', '--json')).stdout).to.contain('Hello, file!');
    expect((await say('run', 'show', 'piped-1', '--json')).stdout).to.contain('Hello, pipe!');
  });

  it('takes effect once for one request id, also after the end of the run', async () => {
    await start('once-1');
    const args = ['run', 'signal', 'once-1', 'approved', '--data', '{"by":"kim"}', '--request-id', 'r-1'];
    const first = jsonLines((await say(...args, '--json')).stdout)[0];
    const second = jsonLines((await say(...args, '--json')).stdout)[0];
    expect(second).to.deep.equal(first);
    expect((await typesOf('once-1')).filter((type) => type === 'SignalReceived')).to.have.length(1);
    await say('worker', 'start', '--until-idle', '--log', 'silent');
    expect((await say(...args)).code).to.equal(0);
    const other = await say('run', 'signal', 'once-1', 'approved', '--request-id', 'r-2');
    expect(other.code).to.equal(1);
    expect(other.stderr).to.contain('REPRISE_RUN_CLOSED');
  });

  it('is refused for what is no run, no JSON or no name', async () => {
    await start('refused-1');
    const unknown = await say('run', 'signal', 'nobody', 'approved');
    expect(unknown.code).to.equal(3);
    expect(unknown.stderr).to.contain('REPRISE_RUN_NOT_FOUND');
    const broken = await say('run', 'signal', 'refused-1', 'approved', '--data', '{by: kim}');
    expect(broken.code).to.equal(2);
    expect(broken.stderr).to.match(/REPRISE_USAGE[\s\S]*The data in --data is not JSON/);
    const nameless = await say('run', 'signal', 'refused-1', '');
    expect(nameless.code).to.equal(2);
    expect(nameless.stderr).to.contain('REPRISE_INVALID_ID');
    const both = await say('run', 'signal', 'refused-1', 'approved', '--data', '1', '--data-file', '-');
    expect(both.code).to.equal(2);
    expect(await typesOf('refused-1')).to.deep.equal(['RunStarted']);
  });

  it('goes to every open run that fits a query, once each, with the reason on record', async () => {
    for (const id of ['many-1', 'many-2', 'many-3']) await start(id);
    await say('run', 'cancel', 'many-3');
    const given = ['run', 'signal', 'approved', '--query', 'id:many-*'];
    const dry = await say(...given, '--dry-run', '--json');
    expect(jsonLines(dry.stdout)[0]).to.deep.include({ matched: 2, dryRun: true, runs: ['many-2', 'many-1'] });
    const sent = await say(...given, '--data', '{"by":"all"}', '--reason', 'the gate is open', '--yes');
    expect([sent.code, sent.stderr]).to.deep.equal([0, '2 runs signalled.\n']);
    for (const id of ['many-1', 'many-2']) {
      const { stdout } = await say('run', 'history', id, '--json');
      const [received] = jsonLines(stdout).filter(({ type }) => type === 'SignalReceived');
      expect(JSON.stringify(received)).to.contain('the gate is open').and.contain('{"by":"all"}');
    }
    // From a pipe of data, too: stdin is free where no ids are.
    const piped = [...given, '-F', '-', '--reason', 'x', '--yes', '--request-id', 'r-1'];
    expect((await reprise(piped, { cwd, input: '{"by":"pipe"}' })).code).to.equal(0);
    for (const [args, text] of [
      [['many-1', 'approved', '--query', 'id:many-*', '--reason', 'x', '--yes'], /not both/],
      [['many-1'], /is missing/],
      [['--query', 'id:many-*', '--reason', 'x', '--yes'], /name of the signal is missing/],
    ] as const) {
      const { code, stderr } = await say('run', 'signal', ...args);
      expect([code, text.test(stderr)], stderr).to.deep.equal([2, true]);
    }
    for (const id of ['many-1', 'many-2']) await say('run', 'cancel', id);
  });
});

describe('a run that was paid for', () => {
  const cwdOf = async (): Promise<string> => {
    const cwd = project();
    await reprise(['run', 'start', 'saga', '--id', 'saga-1'], { cwd });
    const worker = await reprise(['worker', 'start', '--until-idle', '--log', 'silent'], { cwd });
    expect(worker.stderr).to.contain('Nothing is left that could move; waiting for a signal: saga-1 (approved)');
    return cwd;
  };

  it('is undone before it is cancelled', async () => {
    const cwd = await cwdOf();
    const cancelled = await reprise(['run', 'cancel', 'saga-1'], { cwd });
    expect(cancelled.stderr).to.match(/saga-1 is being cancelled[\s\S]*--force[\s\S]*worker start/);
    await reprise(['worker', 'start', '--until-idle', '--log', 'silent'], { cwd });
    const shown = jsonLines((await reprise(['run', 'history', 'saga-1', '--json'], { cwd })).stdout);
    expect(shown.map(({ type }) => type)).to.include('CompensationBegan');
    expect(shown.at(-1)).to.include({ type: 'RunCancelled' });
  });

  it('is cancelled at once with --force, also while it is being undone', async () => {
    const cwd = await cwdOf();
    await reprise(['run', 'cancel', 'saga-1'], { cwd });
    const forced = await reprise(['run', 'cancel', 'saga-1', '--force', '--reason', 'now', '--json'], { cwd });
    expect(jsonLines(forced.stdout)[0]).to.include({ status: 'cancelled' });
    const shown = jsonLines((await reprise(['run', 'history', 'saga-1', '--json'], { cwd })).stdout);
    expect(shown.map(({ type }) => type)).to.not.include('CompensationBegan');
    expect(shown.at(-1)).to.have.nested.property('data.reason', 'now');
  });
});
