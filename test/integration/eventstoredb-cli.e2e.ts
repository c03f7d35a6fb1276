import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const BIN = join(ROOT, 'cli', 'bin', 'run.js');

const AGENTS = `
export const doubler = { name: 'doubler', handle: ({ input }) => input * 2 };
`;
const WORKFLOW = `
name: doubling
tasks:
  each: { agent: doubler, forEach: { items: input } }
  word: { wait: { signal: word }, after: each }
`;
const config = (namespace: string): string => `
agents: [./agents.mjs]
workflows: [./doubling.yaml]
plugins:
  - use: '@reprise/event-store-eventstoredb'
    options:
      connectionString: { env: ESDB }
      namespace: ${namespace}
      leaseMs: 600
`;

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command line on EventStoreDB', () => {
  const server = new ProtocolServer();
  let folder = '';
  before(async () => {
    await server.start();
    folder = mkdtempSync(join(tmpdir(), 'reprise-esdb-cli-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    writeFileSync(join(folder, 'agents.mjs'), AGENTS);
    writeFileSync(join(folder, 'doubling.yaml'), WORKFLOW);
    writeFileSync(join(folder, 'reprise.config.yaml'), config('first'));
    writeFileSync(join(folder, 'second.yaml'), config('second'));
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const reprise = async (...args: string[]): Promise<Result> => {
    const env = { PATH: process.env['PATH'], HOME: folder, ESDB: server.connectionString };
    const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: Number(code), stdout, stderr };
  };
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await reprise(...args);
    expect(code, `${args.join(' ')}: ${stderr}${stdout}`).to.equal(0);
    return stdout;
  };

  it('starts, signals, lists and replays runs; the store is found by the configuration', async () => {
    const input = JSON.stringify([1, 2, 3]);
    await done('run', 'start', 'doubling', '--input', input, '--id', 'one');
    await done('run', 'start', 'doubling', '--input', input, '--id', 'two');
    await done('run', 'signal', 'one', 'word', '--data', '"go"');
    await done('worker', 'start', '--until-idle');
    const { runs } = JSON.parse(await done('run', 'list', '--json')) as { runs: { runId: string; status: string }[] };
    expect(runs.map(({ runId, status }) => `${runId} ${status}`).sort()).to.deep.equal([
      'one completed',
      'two running',
    ]);
    await done('run', 'replay', 'one');
  });

  it('says what it is connected to, and checks it', async () => {
    const { checks } = JSON.parse(await done('doctor', '--deep', '--json')) as {
      checks: { name: string; status: string; detail: string }[];
    };
    const statusOf = (name: string) => checks.find((check) => check.name === name)?.status;
    for (const name of ['store', 'server', 'nodes', 'rights', 'retention', 'integrity'])
      expect(statusOf(name), name).to.equal('ok');
  });

  it('copies histories to a file and from it to another namespace, where they go on', async () => {
    const streams = (namespace: string) =>
      server.log.all.filter(({ stream }) => stream.startsWith(`${namespace}.run-`));
    const dry = JSON.parse(await done('store', 'copy', 'reprise.config.yaml', 'copy.db', '--dry-run', '--json'));
    expect(dry).to.include({ copied: 2, events: streams('first').length, dryRun: true });
    await done('store', 'copy', 'reprise.config.yaml', 'copy.db');
    expect(await done('run', 'list', '--store', 'copy.db'))
      .to.include('one')
      .and.include('two');
    await done('run', 'replay', 'one', '--store', 'copy.db');
    await done('store', 'copy', 'copy.db', 'second.yaml');
    const bare = (namespace: string) =>
      streams(namespace).map(({ id, type, revision, data }) => ({ id, type, revision, data: String(data) }));
    const ordered = (namespace: string) => bare(namespace).sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(ordered('second')).to.deep.equal(ordered('first'));
    await done('run', 'signal', 'two', 'word', '--data', '"go"', '--config', 'second.yaml');
    await done('worker', 'start', '--until-idle', '--config', 'second.yaml');
    const shown = JSON.parse(await done('run', 'show', 'two', '--json', '--config', 'second.yaml')) as {
      status: string;
    };
    expect(shown.status).to.equal('completed');
    const again = JSON.parse(await done('store', 'copy', 'copy.db', 'second.yaml', '--ended', '--json'));
    expect(again).to.include({ copied: 0, there: 1, open: 1, failed: 0 });
  });

  it('tells views by either name', async () => {
    const list = await done('views', 'list', '--json');
    expect(JSON.parse(await done('projection', 'status', '--json'))).to.deep.equal(JSON.parse(list));
    await done('projection', 'rebuild', 'runs');
  });
});
