import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { after, before, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { until } from '../../plugins/transport-kafka/test/support/talk.ts';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import { Command } from './support/command.ts';

// Probes of an orchestrator and a worker, each the command itself, while what they need goes and comes back.

const ROOT = resolve(import.meta.dirname, '..', '..');
const CONFIG = `
agents: [./agents.mjs]
workflows: [./flow.yaml]
plugins:
  - use: '@reprise/transport-kafka'
    options: { brokers: { env: BROKER }, partitions: 4, sessionMs: 1500 }
  - use: '@reprise/event-store-eventstoredb'
    options: { connectionString: { env: ESDB }, deadlineMs: 1500 }
`;
const AGENTS = `
export const sleeper = { name: 'sleeper', handle: async () => { await new Promise((done) => setTimeout(done, 1500)); return process.pid; } };
`;

interface Ready {
  readonly status: number;
  readonly failing: readonly string[];
}

withBroker('probes of a cluster', (broker) => {
  const server = new ProtocolServer();
  const folder = mkdtempSync(join(tmpdir(), 'reprise-probes-'));
  before(async () => {
    await server.start();
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    writeFileSync(join(folder, 'agents.mjs'), AGENTS);
    writeFileSync(join(folder, 'flow.yaml'), 'name: flow\ntasks:\n  one: { agent: sleeper }\n');
    writeFileSync(join(folder, 'reprise.config.yaml'), CONFIG);
  });
  const running: Command[] = [];
  after(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = () => ({ BROKER: broker().address, ESDB: server.connectionString });
  async function begin(...args: string[]) {
    const one = new Command([...args, '--health-port', '0', '--log', 'silent'], folder, env());
    running.push(one);
    const [, url = ''] = await one.saw(/Probes: (\S+)\/livez/);
    const ready = async (): Promise<Ready> => {
      const answer = await fetch(`${url}/readyz`);
      const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean }[] };
      return { status: answer.status, failing: checks.filter(({ ok }) => !ok).map(({ name }) => name) };
    };
    const live = async () => (await fetch(`${url}/livez`)).status;
    return { one, ready, live };
  }

  it('follow the broker and the store as they go and come back; a worker drains what it has in hand', async () => {
    const orchestrator = await begin('orchestrator', 'start');
    const worker = await begin('worker', 'start');
    await until(async () => (await orchestrator.ready()).status === 200);
    await until(async () => (await worker.ready()).status === 200);

    await broker().kill();
    await until(async () => (await orchestrator.ready()).failing.includes('transport'));
    await until(async () => (await worker.ready()).failing.includes('transport'));
    expect([await orchestrator.live(), await worker.live()]).to.deep.equal([200, 200]);
    await broker().start();
    await until(async () => (await orchestrator.ready()).status === 200);
    await until(async () => (await worker.ready()).status === 200);

    server.fault = () => 'hang-before';
    await until(async () => (await orchestrator.ready()).failing.includes('store'));
    expect((await worker.ready()).status, 'a worker needs no store').to.equal(200);
    server.fault = undefined;
    await until(async () => (await orchestrator.ready()).status === 200);

    const start = new Command(['run', 'start', 'flow', '--id', 'one'], folder, env());
    expect(await start.ended, start.output).to.equal(0);
    const history = async () => {
      const read = new Command(['run', 'history', 'one', '--json'], folder, env());
      await read.ended;
      return read.stdout;
    };
    await until(async () => (await history()).includes('TaskStarted'));
    worker.one.child.kill('SIGTERM');
    await worker.one.saw(/Stopping\./);
    const draining = await worker.ready();
    expect(draining.status).to.equal(503);
    expect(draining.failing).to.include('draining');
    expect(await worker.live()).to.equal(200);
    expect(await worker.one.ended).to.equal(143);
    await until(async () => (await history()).includes('RunCompleted'));
    expect(await history(), 'it was not made again').to.not.include('TaskAttemptFailed');
    orchestrator.one.child.kill('SIGTERM');
    expect(await orchestrator.one.ended).to.equal(143);
  });
});
