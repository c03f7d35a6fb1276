import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

describe('store stats, backup, restore and compact', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await say(...args, '--json');
    expect(code, stderr).to.equal(0);
    return jsonLines(stdout)[0] ?? {};
  };

  before(async () => {
    cwd = project();
    await say('run', 'start', 'batch', '--id', 'b-1', '--input', '{"numbers":[1,2,3]}', '--wait');
    await say('run', 'start', 'approval', '--id', 'open-1');
  });

  it('says what is in it', async () => {
    const stats = await json('store', 'stats');
    expect(stats).to.deep.include({ streams: 2, runs: { running: 1, completed: 1 }, mailboxes: 0 });
    expect(stats['bytes']).to.be.a('number').and.above(4096);
    const text = await say('store', 'stats');
    expect(text.stdout).to.match(/Size +[\d.]+ KiB.*\nEvents +\d+\nRuns +2\n +1 ● running\n +1 ✔ completed\n/);
  });

  it('is copied while a process drives and writes, as of one moment, and the copy is verified', async () => {
    const numbers = JSON.stringify({ numbers: Array.from({ length: 3000 }, (_, n) => n) });
    writeFileSync(join(cwd, 'many.json'), numbers);
    const driving = new Running(['run', 'start', 'batch', '--id', 'many-1', '--input-file', 'many.json', '--follow'], {
      cwd,
    });
    await driving.saw(/double +items/);
    const live = await json('store', 'backup', 'live.db');
    expect(live).to.deep.include({ runs: 3, differences: [] });
    expect((await driving.ended).code).to.equal(0);
    const then = await json('run', 'show', 'many-1', '--store', 'live.db');
    const now = await json('run', 'show', 'many-1');
    expect(Number(then['revision'])).to.be.at.least(1).and.below(Number(now['revision']));
    const verified = await say('verify', '--store', 'live.db');
    expect(verified.code, verified.stdout).to.equal(0);
    const again = await say('store', 'backup', 'live.db');
    expect([again.code, again.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 1 && /REPRISE_FILE_EXISTS.*live\.db is there already/.test(err),
    );
    const nowhere = await say('store', 'backup', 'none/there.db');
    expect([nowhere.code, nowhere.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 5 && /could not be written/.test(err),
    );
    expect(readdirSync(cwd).filter((name) => name.includes('partial'))).to.deep.equal([]);
  });

  it('is restored: what was there is kept, open runs go on, and views are those of the backup', async () => {
    await json('store', 'backup', 'before.db');
    await say('run', 'start', 'greet', '--id', 'later-1', '--input', 'name=Ada', '--wait');
    await say('views', 'show', 'runs');
    const driving = new Running(['worker', 'start', '--log', 'silent'], { cwd });
    await driving.saw(/Driving/);
    const driven = await say('store', 'restore', 'before.db', '--yes');
    expect([driven.code, driven.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 5 && err.includes('REPRISE_STORE_DRIVEN'),
    );
    driving.child.kill('SIGINT');
    await driving.ended;
    const unasked = await say('store', 'restore', 'before.db');
    expect([unasked.code, unasked.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && err.includes('--yes, or look first with `reprise verify'),
    );
    const restored = await json('store', 'restore', 'before.db', '--yes');
    expect(restored).to.deep.include({ same: true, runs: 3, differences: [] });
    expect((await say('run', 'show', 'later-1')).code, 'it came after the backup').to.equal(3);
    expect((await say('verify')).code).to.equal(0);
    const rows = await say('views', 'show', 'runs', '--format', 'ids');
    expect(rows.stdout.trim().split('\n')).to.have.members(['b-1', 'open-1', 'many-1']);
    expect((await json('run', 'show', 'later-1', '--store', String(restored['kept'])))['status'], 'kept').to.equal(
      'completed',
    );
    await say('run', 'signal', 'open-1', 'approved', '--data', '{"by":"kim"}');
    expect((await say('worker', 'start', '--until-idle', '--log', 'silent')).code).to.equal(0);
    expect((await json('run', 'show', 'open-1'))['status']).to.equal('completed');
  });

  it('is not restored from what does not hold, is no store, or is not there; nothing is changed then', async () => {
    cpSync(join(cwd, 'before.db'), join(cwd, 'bad.db'));
    const db = new DatabaseSync(join(cwd, 'bad.db'));
    db.exec(`UPDATE events SET data = replace(data, '[1,2,3]', '[1,2,4]') WHERE revision = 0`);
    db.close();
    writeFileSync(join(cwd, 'text.db'), 'no store at all');
    const files = readdirSync(join(cwd, '.reprise'));
    for (const [file, code, words] of [
      ['bad.db', 5, /no backup to go on from: run b-1: .* does not fit its checksum/],
      ['text.db', 5, /REPRISE_STORE_CORRUPT/],
      ['none.db', 2, /There is no file none.db/],
      ['.reprise/reprise.db', 2, /is the store itself/],
    ] as const) {
      const refused = await say('store', 'restore', file, '--yes');
      expect([refused.code, words.test(refused.stderr)], refused.stderr).to.deep.equal([code, true]);
    }
    expect(
      readdirSync(join(cwd, '.reprise')).filter((name) => !name.includes('-views') && !/-(wal|shm)$/.test(name)),
    ).to.deep.equal(files.filter((name) => !name.includes('-views') && !/-(wal|shm)$/.test(name)));
    expect((await say('verify')).code).to.equal(0);
  });

  it('is made from a backup where there was none, and compacted while nobody drives', async () => {
    const fresh = await json('store', 'restore', 'before.db', '--store', 'fresh.db', '--yes');
    expect(fresh).to.deep.include({ kept: null, same: true });
    expect(existsSync(join(cwd, 'fresh.db'))).to.equal(true);
    const db = new DatabaseSync(join(cwd, 'fresh.db'));
    db.exec(
      `CREATE TABLE ballast AS SELECT randomblob(4000) AS b FROM events, (SELECT 1 UNION SELECT 2) LIMIT 500; DROP TABLE ballast`,
    );
    db.close();
    expect(Number((await json('store', 'stats', '--store', 'fresh.db'))['freeBytes'])).to.be.above(1_000_000);
    const compact = await json('store', 'compact', '--store', 'fresh.db');
    expect(Number(compact['bytes'])).to.be.below(Number(compact['bytesBefore']) - 1_000_000);
    expect((await say('verify', '--store', 'fresh.db')).code).to.equal(0);
    const driving = new Running(
      ['run', 'start', 'hold', '--input', '{"ms":60000}', '--follow', '--store', 'fresh.db'],
      { cwd },
    );
    await driving.saw(/hold +started/);
    const driven = await say('store', 'compact', '--store', 'fresh.db');
    expect([driven.code, driven.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 5 && err.includes('REPRISE_STORE_DRIVEN'),
    );
    driving.child.kill('SIGINT');
    driving.child.kill('SIGKILL');
    await driving.ended;
  });
});
