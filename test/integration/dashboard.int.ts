import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import { launch } from '../browser/chromium.ts';
import { Command } from './support/command.ts';
import { DashboardClient } from './support/dashboard-client.ts';

// The dashboard's server over both worlds, the same way: a file, and Kafka with EventStoreDB, where the commands that it gives go to the process that owns the run.

const ROOT = resolve(import.meta.dirname, '..', '..');

const config = (plugins: string): string => `
import { defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
${plugins}
export default defineConfig({
  plugins,
  agents: [defineAgent({ name: 'packer', concurrency: 4, handle: async ({ input }, { logger }) => {
    logger.info('packing', { input });
    await new Promise((done) => setTimeout(done, 150));
    return input;
  } })],
  workflows: [parseWorkflow(\`
name: order
tasks:
  pack: { agent: packer, forEach: input.items }
  approve: { after: pack, wait: { form: { type: object, properties: { ok: { type: boolean } }, required: [ok] }, assignee: kim } }
  ship: { agent: packer, after: approve, input: { sent: "\\\${ outputs.approve.ok }" } }
\`)],
});
`;

const FILE = `import { sqliteEventStore } from '@reprise/event-store-sqlite';
const plugins = [sqliteEventStore({ path: 'events.db' })];`;

const CLUSTER = `import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { kafkaTransport } from '@reprise/transport-kafka';
const plugins = [
  kafkaTransport({ brokers: process.env.KAFKA_BROKERS, partitions: 4 }),
  eventstoredbEventStore({ connectionString: process.env.EVENTSTOREDB_URL }),
];`;

interface Run {
  readonly runId: string;
  readonly status: string;
  readonly revision: number;
}

interface World {
  readonly plugins: string;
  readonly env: () => NodeJS.ProcessEnv;
  /** Whoever drives: what is started, and what it says then. */
  readonly drivers: readonly (readonly [role: string, said: RegExp])[];
}

function works({ plugins, env, drivers }: World): void {
  let folder: string;
  const begun: Command[] = [];
  const begin = async (args: readonly string[], said: RegExp): Promise<Command> => {
    const command = new Command([...args, '-c', 'reprise.config.mjs'], folder, env());
    begun.push(command);
    await command.saw(said);
    return command;
  };
  const dashboard = async (): Promise<{ readonly command: Command; readonly link: string }> => {
    const command = await begin(['dashboard', '--port', '0', '--by', 'ann', '--json'], /"link"/);
    return { command, link: (JSON.parse(command.stdout) as { readonly link: string }).link };
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-dashboard-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    writeFileSync(join(folder, 'reprise.config.mjs'), config(plugins));
  });
  after(async () => {
    for (const { child } of begun) child.kill('SIGKILL');
    await Promise.all(begun.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  });

  it('starts, shows, pauses, resumes and answers a run, tells of it live, and goes on after a kill -9', async function () {
    this.timeout(120_000);
    // Before anybody drives: what there is to see is nothing, and no error.
    const first = await dashboard();
    const client = await DashboardClient.enter(first.link);
    expect((await client.get<{ readonly runs: readonly Run[] }>('/runs')).runs).to.deep.equal([]);
    await client.listen();
    const [main, ...others] = await Promise.all(
      drivers.map(([role, said]) => begin([role, 'start', '--log', 'silent'], said)),
    );

    const run = () => client.get<Run>('/runs/o-1');
    const isIn = (status: string) => client.until(`the run is ${status}`, run, (one) => one.status === status);
    const hasTold = (of: DashboardClient, after: number) =>
      of.until('the stream tells of it', () => of.told.slice(after).some(({ runs }) => runs.includes('o-1')), Boolean);
    await client.post('/start', {
      workflow: 'order',
      input: { items: ['a', 'b', 'c'] },
      id: 'o-1',
      reason: 'asked for',
    });
    await hasTold(client, 0);
    const forms = await client.until(
      'the form is open',
      () => client.get<{ readonly forms: readonly Readonly<Record<string, unknown>>[] }>('/forms'),
      (one) => one.forms.length === 1,
    );
    expect(forms.forms[0]).to.include({ runId: 'o-1', workflow: 'order' });

    const told = client.told.length;
    await client.post('/runs/o-1/pause', { reason: 'lunch' });
    await isIn('paused');
    await hasTold(client, told);
    expect((await client.get<{ readonly summary: string }>('/runs/o-1/explain')).summary).to.match(/paused/i);
    await client.post('/runs/o-1/resume', { reason: 'back' });
    await isIn('running');

    // What shows is killed, and another one takes its place: the browser is told what it missed.
    const last = client.told.at(-1)?.id ?? '';
    client.leave();
    first.command.child.kill('SIGKILL');
    await first.command.ended;
    const second = await dashboard();
    const again = await DashboardClient.enter(second.link);
    await again.post('/runs/o-1/answer', { task: 'approve', answer: { ok: true }, reason: 'it is fine' });
    const done = await again.until(
      'the run completes',
      () => again.get<Run>('/runs/o-1'),
      ({ status }) => status === 'completed',
    );
    await again.listen(last);
    await hasTold(again, 0);

    const { events } = await again.get<{ readonly events: readonly Readonly<Record<string, unknown>>[] }>(
      '/runs/o-1/history',
    );
    expect(events).to.have.length(done.revision + 1);
    // Who commanded is on record with each.
    const types = events.filter(({ by }) => by === 'ann').map(({ type }) => type);
    expect(types).to.include.members(['RunStarted', 'RunPaused', 'RunResumed']);
    expect(events.filter(({ by, reason }) => by === 'ann' && reason === 'it is fine')).to.have.length.greaterThan(0);
    const graph = await again.get<{ readonly nodes: readonly { readonly id: string; readonly look: string }[] }>(
      '/runs/o-1/graph',
    );
    expect(graph.nodes.map(({ id, look }) => `${id} ${look}`)).to.include.members(['pack completed', 'ship completed']);
    const before = await again.get<{ readonly status: string }>(`/runs/o-1/state?at=${done.revision - 1}`);
    expect(before.status).to.equal('running');
    const timeline = await again.until(
      'the timeline is built',
      () => again.get<{ readonly tasks: object }>('/runs/o-1/timeline'),
      ({ tasks }) => Object.keys(tasks).includes('ship'),
    );
    expect(Object.keys(timeline.tasks)).to.have.length.greaterThan(3);
    const logs = await again.get<{ readonly lines: readonly { readonly message: string }[] }>('/runs/o-1/logs');
    expect(logs.lines.map(({ message }) => message)).to.deep.equal(Array(4).fill('packing'));
    const { driven } = await again.get<{ readonly driven: unknown }>('/about');
    expect(driven).to.not.equal(false);

    const browser = await launch();
    try {
      const page = await browser?.newPage();
      await page?.goto(JSON.parse(second.command.stdout.trim().split('\n').at(-1) ?? '').link as string);
      await page?.getByRole('heading', { name: 'Overview' }).waitFor();
      await page?.goto(`${again.origin}/runs/o-1`);
      await page?.locator('.head .status[data-status="completed"]').waitFor();
    } finally {
      await browser?.close();
    }
    again.leave();
    for (const command of [main, ...others]) command?.child.kill('SIGTERM');
  });
}

describe('the dashboard on a file', () => {
  works({ plugins: FILE, env: () => ({}), drivers: [['worker', /Driving/]] });
});

withBroker('the dashboard on Kafka and EventStoreDB', (broker) => {
  const server = new ProtocolServer();
  before(() => server.start());
  after(() => server.stop());
  works({
    plugins: CLUSTER,
    env: () => ({ KAFKA_BROKERS: broker().address, EVENTSTOREDB_URL: server.connectionString }),
    drivers: [
      ['orchestrator', /Driving/],
      ['worker', /Working/],
    ],
  });
});
