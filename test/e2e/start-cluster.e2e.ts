import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { lacksKafka } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import { Command } from '../integration/support/command.ts';

// `npm run cluster` and `npm run start:cluster`, as they are: real processes, a real broker.

const ROOT = resolve(import.meta.dirname, '..', '..');
const script = (name: string): string => join(ROOT, 'scripts', name);
const SOURCES = { NODE_OPTIONS: '--conditions=reprise-source' };
const isWanted = process.env['REPRISE_TEST_SERVICES'] !== undefined;
const lacking = isWanted ? await lacksKafka() : 'only npm run test:services starts one';

/** A project with some packages, each with a licence and a README. */
function project(folder: string, packages: number): string {
  for (let index = 0; index < packages; index += 1) {
    const one = join(folder, 'node_modules', `p${index}`);
    mkdirSync(one, { recursive: true });
    writeFileSync(join(one, 'package.json'), JSON.stringify({ name: `p${index}`, version: '1.0.0', license: 'MIT' }));
    writeFileSync(join(one, 'README.md'), `# p${index}\n\nDoes one thing, and does it well.\n`);
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'sample', version: '1.0.0' }));
  return folder;
}

/** Processes of this machine whose command line or environment has a text. */
const processesOf = (text: string): readonly string[] =>
  execFileSync('ps', ['axeww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
    .split('\n')
    .filter((line) => line.includes(text) && !/ps axeww/.test(line));

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 100));
}

describe('a cluster without Java', () => {
  for (const name of ['cluster.ts', 'start-cluster.ts'])
    it(`${name} says in one line that it is skipped, and so does its exit code`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'reprise-no-java-'));
      const { status, stdout, stderr } = spawnSync(process.execPath, [script(name)], {
        encoding: 'utf8',
        env: { ...SOURCES, HOME: folder, PATH: folder, REPRISE_CLUSTER: join(folder, 'cluster') },
      });
      rmSync(folder, { recursive: true, force: true });
      expect(`${stdout}${stderr}`).to.equal(
        'Skipped: no cluster can be started, because there is no Java (17 or newer).\n',
      );
      expect(status).to.equal(77);
    });

  it('says how it is used', () => {
    for (const args of [['begin'], ['start', 'now']])
      expect(spawnSync(process.execPath, [script('cluster.ts'), ...args], { env: SOURCES }).status).to.equal(2);
    for (const args of [['--runs', '0'], ['--runs', 'x'], ['a', 'b'], ['--fast'], [tmpdir()]])
      expect(spawnSync(process.execPath, [script('start-cluster.ts'), ...args], { env: SOURCES }).status).to.equal(2);
  });
});

describe('npm run cluster', function () {
  this.timeout(400_000);
  let folder = '';
  let env: NodeJS.ProcessEnv = {};
  before(function () {
    if (lacking !== undefined) {
      if (isWanted && process.env['CI'] === 'true') throw new Error(`CI=true, and ${lacking}.`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'reprise-cluster-'));
    env = { ...SOURCES, REPRISE_CLUSTER: join(folder, 'cluster'), REPRISE_SERVICES: process.env['REPRISE_SERVICES'] };
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });
  const cluster = (...args: string[]) => new Command(args, ROOT, env, script('cluster.ts'));
  const said = async (...args: string[]): Promise<readonly [number | null, string]> => {
    const command = cluster(...args);
    return [await command.ended, command.output];
  };

  it('start:cluster makes dossiers on all of it, tells who did what, keeps the runs, and leaves nothing', async () => {
    const sample = project(join(folder, 'sample'), 20);
    const command = new Command([sample, '--runs', '8'], ROOT, env, script('start-cluster.ts'));
    expect(await command.ended, command.output).to.equal(0);
    const runs = [...command.output.matchAll(/^(dossier-\S+): completed, driven by (\S+); attempts: (.*)$/gm)];
    expect(runs.length, command.output).to.equal(8);
    const drivers = new Set(runs.map(([, , driver]) => driver));
    expect([...drivers].sort()).to.deep.equal(['orchestrator-1', 'orchestrator-2']);
    const workers = new Set(runs.flatMap(([, , , made = '']) => [...made.matchAll(/worker-\d/g)].map(String)));
    expect(workers.size, command.output).to.be.at.least(2);
    for (let index = 1; index <= 8; index += 1)
      expect(readFileSync(join(sample, `.reprise/dossier-${index}/dossier.md`), 'utf8')).to.contain(
        '| Packages | 20 |',
      );
    const kept = join(folder, 'cluster-start', 'runs.db');
    for (const [, id = ''] of runs) {
      const replay = new Command(['run', 'replay', id, '--store', kept, '--json'], ROOT, {});
      expect(await replay.ended, replay.output).to.equal(0);
    }
    await until(() => processesOf(folder).length === 0);
  });

  it('start, status and stop; a second start finds the first; Ctrl-C stops all', async () => {
    expect((await said('status'))[0]).to.equal(3);
    expect((await said('stop'))[1]).to.contain('Nothing runs.');
    const first = cluster();
    await first.saw(/Stop: Ctrl-C/);
    const [code, table] = await said('status');
    expect(code, table).to.equal(0);
    expect([...table.matchAll(/^(?:orchestrator|worker)-\d.*ready/gm)]).to.have.length(5);
    expect(processesOf(folder).length, 'they are found by their environment').to.be.at.least(7);
    const [again, words] = await said('start');
    expect([again, words.split('\n')[0]]).to.deep.equal([
      0,
      'A cluster runs already. Stop it: npm run cluster -- stop',
    ]);
    expect((await said('stop'))[1]).to.contain('Stopped.');
    expect(await first.ended).to.equal(0);
    await until(() => processesOf(folder).length === 0);
    const second = cluster();
    const [, pid] = await second.saw(/^worker-2 +(\d+) [\s\S]*Stop: Ctrl-C/m);
    process.kill(Number(pid), 'SIGKILL');
    await second.saw(/worker-2 was ended by SIGKILL/);
    const [partly, rows] = await said('status');
    expect([partly, /^worker-2 .*SIGKILL/m.test(rows)], rows).to.deep.equal([1, true]);
    second.child.kill('SIGINT');
    expect(await second.ended, second.output).to.equal(0);
    expect((await said('status'))[0]).to.equal(3);
  });

  it('leaves no orphan when it is killed', async () => {
    const killed = cluster();
    await killed.saw(/Stop: Ctrl-C/);
    const pids = [...killed.output.matchAll(/^\S+ +(\d+) +(?:ready|runs)/gm)].map(([, pid]) => Number(pid));
    const [, broker = ''] = /^kafka .* (\/\S+)\/broker\.log$/m.exec(killed.output) ?? [];
    expect(pids).to.have.length(7);
    expect(existsSync(broker)).to.equal(true);
    killed.child.kill('SIGKILL');
    const alive = (): number[] =>
      pids.filter((pid) => {
        try {
          return process.kill(pid, 0);
        } catch {
          return false;
        }
      });
    await until(() => alive().length === 0);
    await until(() => !existsSync(broker));
    expect((await said('status'))[0]).to.equal(3);
  });
});
