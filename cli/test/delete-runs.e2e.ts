import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { closeFile, openFile, writeTo } from '../src/output/output-file.ts';
import { createTerminal } from '../src/output/terminal.ts';
import { deleteRuns } from '../src/runs/deleting/delete-runs.ts';
import { jsonLines, Memory, projects, Running, reprise } from './support.ts';

const project = projects();

describe('run delete, prune, archive', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });
  const ids = async (): Promise<readonly string[]> =>
    (await say('run', 'list', '--format', 'ids')).stdout.trim().split('\n').filter(Boolean).sort();
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await say(...args, '--json');
    return { code, stderr, ...(jsonLines(stdout)[0] as Record<string, unknown>) };
  };

  beforeEach(async () => {
    cwd = project();
    await say('run', 'start', 'approval', '--id', 'open-1');
    for (const id of ['b-1', 'b-2'])
      await say('run', 'start', 'batch', '--id', id, '--input', '{"numbers":[1,2]}', '--wait');
  });

  it('shows what goes, and deletes it with a reason; the store, its list and its views agree, and say so', async () => {
    await say('views', 'show', 'throughput');
    const dry = await say('run', 'delete', 'b-2', '--dry-run');
    expect(dry.stderr).to.match(/It would delete 1 run:\n {2}b-2 {2}batch {2}completed .* {2}14 events/);
    const silent = await say('run', 'delete', 'b-2', '--yes');
    expect([silent.code, silent.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && /--reason/.test(err),
    );
    const unasked = await say('run', 'delete', 'b-2', '--reason', 'x');
    expect([unasked.code, unasked.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && /nobody can be asked here: say --yes/.test(err),
    );
    expect(await ids()).to.deep.equal(['b-1', 'b-2', 'open-1']);
    // The last events of the store: what the mark beside it names, too.
    const open = await json('run', 'delete', 'b-2', 'open-1', '--yes', '--reason', 'has a name in it', '--by', 'kim');
    expect(open.code).to.equal(1);
    expect(open).to.have.nested.property('runs[0].runId', 'b-2');
    expect(open).to.have.nested.property('failed[0].code', 'REPRISE_RUN_NEEDED');
    expect(await ids()).to.deep.equal(['b-1', 'open-1']);
    expect((await say('run', 'show', 'b-2')).code).to.equal(3);
    for (let time = 0; time < 2; time += 1) {
      const verified = await json('verify');
      expect(verified).to.include({ code: 0, same: true });
      expect(verified).to.have.nested.property('runs.deleted', 1);
      expect(verified).to.have.nested.property('runs.lastDeleted.by', 'kim');
      const { rows } = (await json('views', 'show', 'throughput')) as unknown as {
        readonly rows: readonly { readonly workflow: string; readonly completed: number }[];
      };
      const batches = rows.filter(({ workflow }) => workflow === 'batch');
      expect(batches.reduce((sum, { completed }) => sum + completed, 0)).to.equal(1);
    }
    expect((await say('verify')).stdout).to.match(
      /1 run deleted on record, the last b-2 at .* by kim \(has a name in it\)/,
    );
    expect((await say('doctor', '--deep')).stdout).to.not.match(/fail/);
    expect((await say('store', 'compact')).code).to.equal(0);
    expect(await ids()).to.deep.equal(['b-1', 'open-1']);
  });

  it('prunes what ended long ago, and only when it is said', async () => {
    const young = await say('run', 'prune', '--older-than', '1d', '--yes', '--reason', 'old');
    expect(young.stderr).to.match(/0 runs deleted/);
    const shown = await say('run', 'prune', '--query', 'workflow:batch', '--older-than', '0s');
    expect(shown.stderr).to.match(/It would prune 2 runs:[\s\S]*Nothing was deleted. To do it: --yes --reason TEXT/);
    expect(await ids()).to.have.length(3);
    const done = await say('run', 'prune', '--older-than', '0s', '--yes', '--reason', 'old', '--format', 'ids');
    expect(done.stdout.trim().split('\n').sort()).to.deep.equal(['b-1', 'b-2']);
    expect(await ids()).to.deep.equal(['open-1']);
    for (const [args, why] of [
      [['--yes', '--reason', 'x'], /Name runs .* --older-than for many/],
      [['--query', ' ', '--yes', '--reason', 'x'], /query is empty/],
      [['--older-than', 'long', '--yes', '--reason', 'x'], /is no duration/],
    ] as const) {
      const refused = await say('run', 'prune', ...args);
      expect([refused.code, refused.stderr]).to.satisfy(([code, err]: [number, string]) => code === 2 && why.test(err));
    }
  });

  it('archives to a file that brings them back, and writes over none', async () => {
    const before = await json('run', 'state', 'b-1');
    const given = ['--query', 'workflow:batch', '--output', 'old.ndjson', '--reason', 'full'];
    const done = await json('run', 'archive', ...given, '--yes');
    expect(done).to.include({ code: 0, archive: 'old.ndjson' });
    expect(await ids()).to.deep.equal(['open-1']);
    const again = await say('run', 'archive', ...given, '--yes');
    expect([again.code, again.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && /not written over/.test(err),
    );
    expect(readFileSync(join(cwd, 'old.ndjson'), 'utf8').match(/"format":"reprise-run"/g)).to.have.length(2);
    expect((await say('run', 'import', 'old.ndjson')).code).to.equal(0);
    expect(await ids()).to.deep.equal(['b-1', 'b-2', 'open-1']);
    expect(await json('run', 'state', 'b-1')).to.deep.equal(before);
    expect(await json('verify')).to.include({ same: true });
    const nowhere = await say('run', 'archive', 'b-1', '--output', 'no/such/a.ndjson', '--reason', 'x', '--yes');
    expect(nowhere.code).to.equal(2);
    expect(nowhere.stderr)
      .to.match(/The file no\/such\/a\.ndjson cannot/)
      .and.not.match(/stdout|partial/);
    expect(existsSync(join(cwd, 'no'))).to.equal(false);
    const piped = await say('run', 'archive', 'b-1', '--output', '-', '--reason', 'x', '--yes');
    expect([piped.code, piped.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && /stdout cannot be/.test(err),
    );
    expect(existsSync(join(cwd, '-'))).to.equal(false);
    // A disk without room, where the system has one to try it on.
    if (existsSync('/dev/full')) {
      const full = await say('run', 'export', 'b-1', '--output', '/dev/full');
      expect([full.code, full.stderr]).to.satisfy(
        ([code, err]: [number, string]) => code === 1 && /REPRISE_NOT_WRITABLE.*disk is full/.test(err),
      );
    }
    expect(await ids()).to.include('b-1');
  });

  it('says of each run that it is gone before the next one goes, and names the file that was asked for when a disk is full', async () => {
    const out = new Memory();
    let ended = '';
    out.write = (text) => {
      ended += text;
      throw new Error('killed here');
    };
    const flags = { store: join(cwd, '.reprise', 'reprise.db'), reason: 'x', yes: true };
    const killed = await deleteRuns(
      ['b-2', 'b-1'],
      'delete',
      flags,
      createTerminal(out, new Memory(), {}, false),
    ).catch(String);
    expect([killed, ended]).to.deep.equal(['Error: killed here', 'b-2\n']);
    expect(await ids()).to.deep.equal(['b-1', 'open-1']);
    if (!existsSync('/dev/full')) return;
    const file = await openFile('/dev/full', { named: 'asked.ndjson' });
    const full = await writeTo(file, 'x'.repeat(100_000)).then(
      () => closeFile(file).catch(String),
      (error: unknown) => String(error),
    );
    expect(full).to.contain('The file asked.ndjson could not be written to its end: the disk is full');
  });

  it('works while another process drives the store, whose views follow', async () => {
    const worker = new Running(['worker', 'start'], { cwd });
    try {
      await worker.saw(/Driving/);
      const gone = await say('run', 'delete', 'b-1', '--yes', '--reason', 'x');
      expect(gone.code, gone.stderr).to.equal(0);
      await say('run', 'start', 'batch', '--id', 'b-3', '--input', '{"numbers":[1]}');
      for (let looks = 0; looks < 100; looks += 1) {
        const { stdout } = await say('run', 'list', 'status:completed', '--format', 'ids');
        if (stdout.includes('b-3')) break;
      }
      expect(await ids()).to.deep.equal(['b-2', 'b-3', 'open-1']);
    } finally {
      worker.child.kill('SIGTERM');
      await worker.ended;
    }
    expect(await json('verify')).to.include({ same: true });
  });
});
