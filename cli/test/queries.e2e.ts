import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, type Result, reprise } from './support.ts';

const project = projects();

describe('queries on the command line', () => {
  let cwd: string;
  const say = (...args: string[]): Promise<Result> => reprise(args, { cwd });
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout, stderr } = await say(...args, '--json');
    return jsonLines(stdout)[0] ?? { stderr };
  };
  const listed = async (...args: string[]): Promise<unknown> =>
    ((await json('run', 'list', ...args))['runs'] as { runId: string }[]).map(({ runId }) => runId).sort();
  const start = (id: string, workflow: string, input: object, ...flags: string[]): Promise<Result> =>
    say('run', 'start', workflow, '--id', id, '--input', JSON.stringify(input), ...flags);

  before(async () => {
    cwd = project();
    await start('bad-1', 'batch', { numbers: [1], broken: true }, '--wait', '--label', 'team=eu', '--label', 'day=1');
    await start('bad-2', 'batch', { numbers: [1], broken: true }, '--wait', '-l', 'team=us');
    await start('ok-1', 'greet', { name: 'A' }, '--wait', '--tenant', 'acme', '--label', 'note=a=b c');
    // Nobody drives: these stay as they are.
    for (const id of ['open-1', 'open-2', 'open-3'])
      await start(id, 'greet', { name: 'B' }, '--label', `team=${id === 'open-3' ? 'us' : 'eu'}`);
  });

  it('list runs', async () => {
    expect(await listed('status:failed')).to.deep.equal(['bad-1', 'bad-2']);
    expect(await listed('label.team:eu workflow:batch')).to.deep.equal(['bad-1']);
    expect(await listed('tenant:acme -label.team:*')).to.deep.equal(['ok-1']);
    expect((await say('run', 'list', '--json', '--', '-label.team:*')).stdout)
      .to.contain('ok-1')
      .and.not.contain('bad-1');
    expect(await listed('label.note:"a=b c"')).to.deep.equal(['ok-1']);
    expect(await listed('status:failed started>=-1h', '--workflow', 'batch', '--limit', '1')).to.have.length(1);
    expect(await listed('label.team:us', '--status', 'running')).to.deep.equal(['open-3']);
    expect(await listed('started<2020-01-01')).to.deep.equal([]);
    const [run] = (await json('run', 'list', 'id:bad-1'))['runs'] as Record<string, unknown>[];
    expect(run).to.deep.include({ version: '1', tenant: null, labels: { team: 'eu', day: '1' }, parent: null });
    expect(run?.['error']).to.have.property('code');
    expect((await say('run', 'list', 'nothing-of-that')).stderr).to.equal('No run fits.\n');
  });

  it('are refused with the place', async () => {
    const { code, stderr } = await say('run', 'list', 'workflow:x staus:failed');
    expect(code).to.equal(2);
    expect(stderr)
      .to.contain("did you mean 'status'?")
      .and.match(/workflow:x staus:failed\n +\^{5}\n/);
    const error = jsonLines((await say('run', 'list', 'id>1', '--json')).stderr)[0]?.['error'];
    expect(error).to.deep.include({ code: 'REPRISE_QUERY_INVALID', exitCode: 2 });
  });

  it('say how they are given', async () => {
    expect(await listed('--status', 'failed', 'label.team:eu')).to.deep.equal(['bad-1']);
    expect((await say('run', 'list', 'status:failed', 'workflow:batch')).stderr).to.contain('in quotes');
    for (const flags of [['--dry-run'], ['--yes'], []]) {
      const { code, stderr } = await say('run', 'cancel', 'workflow:greet status:running', ...flags);
      expect([code, stderr.includes("--query 'workflow:greet status:running'")]).to.deep.equal([2, true]);
    }
  });

  for (const verb of ['cancel', 'pause', 'resume', 'retry']) {
    it(`when they are empty, ${verb} no run`, async () => {
      for (const empty of ['', ' ']) {
        const { code, stderr } = await say('run', verb, '--query', empty, '--yes');
        expect([code, stderr.includes("'id:*'")]).to.deep.equal([2, true]);
      }
      expect(await listed('status:running')).to.have.length(3);
    });
  }

  for (const args of [['cancel'], ['pause'], ['resume'], ['retry'], ['signal', 'go']])
    it(`without a reason, ${args[0]} no run`, async () => {
      for (const reason of [[], ['--reason', ' ']]) {
        const given = ['run', ...args, '--query', 'id:*', '--yes', ...reason];
        const { code, stderr } = await say(...given);
        expect([code, /--reason TEXT/.test(stderr)], stderr).to.deep.equal([2, true]);
      }
      expect((await say('run', ...args, '--query', 'id:*', '--dry-run')).code).to.equal(0);
      expect(await listed('status:running')).to.have.length(3);
    });

  it('are not what happens to be on stdin', async () => {
    const piped = (...args: string[]) => reprise(args, { cwd, input: 'bad-1\n' });
    const list = await piped('run', 'list', '--format', 'ids');
    expect([list.code, list.stdout.trim().split('\n').length > 1], list.stderr).to.deep.equal([0, true]);
    expect((await piped('run', 'pause', '--query', 'id:none', '--yes', '--reason', 'x')).stderr).to.equal(
      'No run fits.\n',
    );
    const { code, stderr } = await piped('run', 'cancel');
    expect([code, stderr.includes('Name a run')]).to.deep.equal([2, true]);
  });

  it('find runs without a tenant', async () => {
    expect(await listed('tenant:"" status:completed')).to.deep.equal([]);
    expect(await listed('tenant!="" status:completed')).to.deep.equal(['ok-1']);
    expect(await listed('tenant:"" status:failed')).to.deep.equal(['bad-1', 'bad-2']);
  });

  it('labels are shown, and refused', async () => {
    const list = (await say('run', 'list')).stdout;
    expect(list)
      .to.match(/EVENTS +TENANT +LABELS\n/)
      .and.match(/bad-1 .* - +team=eu, day=1\n/)
      .and.match(/ok-1 .* acme +/);
    expect((await say('run', 'list', 'id:none')).stdout).to.equal('');
    expect((await say('run', 'show', 'bad-1')).stdout).to.match(/Labels +team=eu, day=1/);
    expect(await json('run', 'show', 'ok-1')).to.deep.include({ tenant: 'acme', labels: { note: 'a=b c' } });
    for (const label of ['team', '=x', 'a b=c', 'a='])
      expect((await start('never', 'greet', { name: 'x' }, '--label', label)).code, label).to.equal(2);
    expect((await start('never', 'greet', { name: 'x' }, '-l', 'a=1', '-l', 'a=2')).stderr).to.contain('twice');
    expect((await say('run', 'show', 'never')).code).to.equal(3);
  });

  const why = ['--yes', '--reason', 'a test'];

  it('steer many runs, those that can be, after saying which', async () => {
    const dry = await say('run', 'pause', '--query', 'label.team:eu', '--dry-run');
    expect(dry.code).to.equal(0);
    expect(dry.stderr).to.match(/It would pause 2 runs:\n {2}open-2 .*\n {2}open-1 /);
    const asked = await say('run', 'pause', '--query', 'label.team:eu', '--reason', 'x');
    expect([asked.code, asked.stderr.includes('--yes')]).to.deep.equal([2, true]);
    expect((await say('run', 'pause', '--query', 'label.team:eu', ...why)).stderr).to.contain('2 runs paused.');
    expect(await listed('status:paused')).to.deep.equal(['open-1', 'open-2']);
    // One that fails does not stop the others.
    const mixed = await json('run', 'pause', '--query', 'status:paused,running', ...why);
    expect(mixed).to.deep.include({ matched: 3, done: [{ runId: 'open-3' }] });
    expect(mixed['failed']).to.have.length(2);
    const again = await say('run', 'pause', '--query', 'status:paused', ...why);
    expect(again.code).to.equal(1);
    expect(again.stderr).to.contain('REPRISE_COMMAND_INVALID').and.contain('0 runs paused, 3 failed.');
    expect((await say('run', 'resume', '-q', 'id:open-1', '-y', '--reason', 'now')).stderr).to.contain(
      '1 run resumed.',
    );
    const cancelled = await json('run', 'cancel', '--query', 'workflow:greet', '--reason', 'enough', '--yes');
    expect(cancelled).to.deep.include({ matched: 3, failed: [] });
    expect(await listed('status:cancelled enough')).to.deep.equal(['open-1', 'open-2', 'open-3']);
    expect((await say('run', 'cancel', '--query', 'id:open-1', ...why)).stderr).to.equal('No run fits.\n');
    const retried = await json('run', 'retry', '--query', 'status:failed label.team:eu', ...why);
    const [one] = retried['done'] as { runId: string; newRunId: string }[];
    expect(one?.runId).to.equal('bad-1');
    expect(await listed(`id:${one?.newRunId}`, '--status', 'running', '--status', 'forking')).to.have.length(1);
    for (const args of [
      ['run', 'cancel'],
      ['run', 'cancel', 'open-1', '--query', 'a'],
      ['run', 'cancel', 'open-1', '--yes'],
      ['run', 'retry', '-q', 'a', '--wait', ...why],
    ])
      expect((await say(...args)).code, args.join(' ')).to.equal(2);
  });

  it('show views, which stand beside the store', async () => {
    const before = (await json('views', 'list'))['views'] as Record<string, unknown>[];
    expect(before.map(({ view, built }) => [view, built])).to.deep.equal([
      ['runs', false],
      ['timelines', false],
      ['throughput', false],
      ['waiting', false],
      ['task-times', false],
      ['critical-paths', false],
      ['forms', false],
      ['dead-letters', false],
      ['who-told-whom', false],
      ['conversations', false],
      ['agents', false],
    ]);
    const { rows } = (await json('views', 'show', 'throughput', 'workflow:batch')) as {
      rows: Record<string, number>[];
    };
    expect(rows.reduce((all, { failed = 0 }) => all + failed, 0)).to.equal(2);
    expect(existsSync(join(cwd, '.reprise', 'reprise.db-views'))).to.equal(true);
    const after = (await json('views', 'list'))['views'] as Record<string, unknown>[];
    expect(after.filter(({ built }) => built).map(({ view, behindEvents }) => [view, behindEvents])).to.deep.equal([
      ['throughput', 0],
    ]);
    await start('later', 'greet', { name: 'C' });
    const stale = await say('views', 'show', 'throughput', 'workflow:greet', '--stale', '--json');
    const fresh = await say('views', 'show', 'throughput', 'workflow:greet', '--json');
    const started = (result: Result): number =>
      (jsonLines(result.stdout)[0] as unknown as { rows: { started: number }[] }).rows.reduce(
        (all, row) => all + row.started,
        0,
      );
    expect([started(stale), started(fresh)]).to.deep.equal([4, 5]);
    expect((await say('views', 'show', 'runs', 'id:later')).stdout).to.match(/^ID +WORKFLOW[^\n]*\nlater +greet/);
    const wait = (await json('views', 'show', 'waiting')) as { rows: { working: { count: number } }[] };
    expect(wait.rows.some(({ working }) => working.count > 0)).to.equal(true);
    expect((await say('views', 'show', 'waiting')).stdout).to.match(/KEY .* WORKING\.LONGEST .*\n.* \d+(\.\d)?m?s\b/);
    const timeline = (await json('views', 'show', 'timelines', 'run:ok-1')) as {
      rows: { tasks: Record<string, unknown[]> }[];
    };
    expect(timeline.rows[0]?.tasks['greet']).to.have.length(1);
    expect((await say('views', 'rebuild', 'runs')).stderr).to.contain("'runs' is built anew");
    const unknown = await say('views', 'show', 'throughputs');
    expect([unknown.code, unknown.stderr.includes("did you mean 'throughput'")]).to.deep.equal([3, true]);
    expect((await say('views', 'show', 'waiting', 'status:failed')).code).to.equal(2);
  });

  it('views of which there is nothing to show, or that failed, say so', async () => {
    const folder = project();
    const views = (...args: string[]): Promise<Result> => reprise(['views', ...args], { cwd: folder });
    expect((await views('list')).stdout).to.match(/runs +\d+ +not built/);
    expect((await views('show', 'runs')).stderr).to.equal('No row fits.\n');
    for (const args of [['list'], ['show', 'runs']]) expect((await views(...args)).code).to.equal(0);
    expect((await views('show', 'run')).code).to.equal(3);
    expect(existsSync(join(folder, '.reprise'))).to.equal(false);
    const file = join(folder, 'reprise.config.ts');
    const bad = "{ name: 'bad', version: 1, keyOf: () => { throw new Error('no luck'); }, apply: () => undefined }";
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\(\{/, `({ projections: [${bad}],`));
    await reprise(['run', 'start', 'greet', '--input', '{"name":"x"}'], { cwd: folder });
    const shown = await views('show', 'bad');
    expect([shown.code, shown.stderr.split('no luck').length]).to.deep.equal([1, 2]);
    expect((await views('list')).stdout).to.match(/bad +1 +not built +- +FAILED REPRISE_PROJECTION_FAILED/);
    const listed = jsonLines((await views('list', '--json')).stdout)[0]?.['views'] as Record<string, unknown>[];
    expect(listed.find(({ view }) => view === 'bad')?.['failure']).to.have.property(
      'code',
      'REPRISE_PROJECTION_FAILED',
    );
  });
});
