import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { createKafkaTransport, type KafkaOptions } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { type Admin, type ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { after, afterEach, before, it } from 'mocha';
import { makeTopic } from './support/make-topic.ts';
import { withEachDriver } from './support/with-broker.ts';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const BIN = join(ROOT, 'cli', 'bin', 'run.js');
const OF_RUNS = ['reprise.commands', 'reprise.results', 'reprise.heartbeats'];
const OTHERS = ['reprise.control', 'reprise.agent-messages', 'reprise.dead-letters'];

withEachDriver('kafka, whose topics an operator makes', (broker, driver) => {
  let admin: Admin;
  let folder = '';
  before(async () => {
    admin = new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    folder = mkdtempSync(join(tmpdir(), 'reprise-kafka-cli-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  });
  after(async () => {
    await admin.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });
  const open: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop();
  });

  function topicsOf(options: Partial<KafkaOptions>) {
    const transport = createKafkaTransport({ brokers: broker().address, driver, partitions: 4, ...options });
    open.push(transport);
    if (transport.topics === undefined) throw new Error('It has none.');
    return transport.topics;
  }
  const configsOf = async (topic: string): Promise<Record<string, string>> => {
    const resource = { type: 2 as ConfigResourceTypes.TOPIC, name: topic };
    const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
    const set = (resources[0]?.configEntries ?? []).filter(({ configSource }) => Number(configSource) === 1);
    return Object.fromEntries(set.map(({ configName, configValue }) => [configName, configValue]));
  };
  const inNamespace = async (namespace: string): Promise<string[]> =>
    (await admin.listTopics()).filter((name) => name.startsWith(`${namespace}.`)).sort();

  it('are planned without making any, made, also where a start may not, and then as they are to be', async () => {
    const topics = topicsOf({ namespace: 'made', createTopics: false });
    const planned = await topics.look(['writer', 'editor']);
    const names = [...OF_RUNS, 'reprise.agent.writer', 'reprise.agent.editor', ...OTHERS].map((name) => `made.${name}`);
    expect(planned.map(({ topic }) => topic)).to.have.members(names);
    expect(planned.every(({ found }) => found === undefined)).to.equal(true);
    expect(await inNamespace('made')).to.deep.equal([]);
    expect((await topics.apply(['writer', 'editor'])).map(({ topic, did }) => [topic, did])).to.have.deep.members(
      names.map((name) => [name, 'made']),
    );
    expect(await inNamespace('made')).to.deep.equal(names.toSorted());
    const standings = await topics.look(['writer', 'editor']);
    expect(standings.flatMap(({ differences }) => differences)).to.deep.equal([]);
    const partitions = Object.fromEntries(standings.map(({ topic, found }) => [topic, found?.partitions]));
    expect(partitions).to.include({
      'made.reprise.commands': 4,
      'made.reprise.control': 1,
      'made.reprise.agent.writer': 4,
    });
    expect(await configsOf('made.reprise.heartbeats')).to.deep.equal({
      'cleanup.policy': 'delete',
      'max.message.bytes': '8388608',
      'retention.ms': '600000',
    });
    expect(await topics.apply(['writer', 'editor']), 'again').to.deep.equal([]);
  });

  it('are changed in their configs only, only when that is asked for, and only where they differ', async () => {
    const name = 'changed.reprise.agent.writer';
    const configEntries = [
      { name: 'retention.ms', value: '1000' },
      { name: 'min.insync.replicas', value: '1' },
      { name: 'max.message.bytes', value: '8388608' },
    ];
    await makeTopic(admin, { topic: name, numPartitions: 3, configEntries });
    const topics = topicsOf({ namespace: 'changed' });
    const [standing] = (await topics.look(['writer'])).filter(({ topic }) => topic === name);
    expect(standing?.differences).to.deep.equal([
      { setting: 'partitions', wanted: '4', found: '3' },
      { setting: 'retention.ms', wanted: '604800000', found: '1000' },
    ]);
    expect((await topics.apply(['writer'])).map(({ did }) => did)).to.not.include('changed');
    expect(await configsOf(name)).to.include({ 'retention.ms': '1000' });
    expect(await topics.apply(['writer'], { configs: true })).to.deep.equal([
      { topic: name, did: 'changed', configs: ['retention.ms'] },
    ]);
    expect(await configsOf(name), 'what somebody has set stays').to.include({
      'retention.ms': '604800000',
      'min.insync.replicas': '1',
    });
    const [left] = (await topics.look(['writer'])).filter(({ topic }) => topic === name);
    expect(left?.differences).to.deep.equal([{ setting: 'partitions', wanted: '4', found: '3' }]);
  });

  it('belong together: one that is missing is made as large as those that are there, by a start, too', async () => {
    for (const namespace of ['kin', 'kin-start'])
      await makeTopic(admin, { topic: `${namespace}.reprise.commands`, numPartitions: 7 });
    const topics = topicsOf({ namespace: 'kin' });
    await topics.apply([]);
    const found = Object.fromEntries((await topics.look([])).map(({ topic, found: is }) => [topic, is?.partitions]));
    for (const name of OF_RUNS) expect(found[`kin.${name}`], name).to.equal(7);
    const transport = createKafkaTransport({
      brokers: broker().address,
      driver,
      partitions: 4,
      namespace: 'kin-start',
    });
    open.push(transport);
    await transport.start();
    await transport.subscribe('reprise.results', (delivery) => delivery.ack(), { group: 'orchestrator' });
    const made = await topicsOf({ namespace: 'kin-start' }).look([]);
    for (const { topic, found: is } of made)
      if (OF_RUNS.some((name) => topic.endsWith(name))) expect(is?.partitions, topic).to.equal(7);
  });

  const project = (file: string, namespace: string, more = ''): void =>
    writeFileSync(
      join(folder, file),
      `agents: [./agents.mjs]
workflows: [./book.yaml]
plugins:
  - use: '@reprise/transport-kafka'
    options: { brokers: { env: BROKER }, namespace: ${namespace}, partitions: 4${more} }
`,
    );
  const reprise = (...args: string[]) => repriseIn({}, ...args);
  async function repriseIn(more: NodeJS.ProcessEnv, ...args: string[]) {
    writeFileSync(join(folder, 'agents.mjs'), `export const writer = { name: 'writer', handle: () => 1 };\n`);
    writeFileSync(
      join(folder, 'book.yaml'),
      'name: book\ntasks:\n  write: { agent: writer }\n  print: { agent: printer, after: write, fallback: { agent: copier } }\n',
    );
    const env = { PATH: process.env['PATH'], HOME: folder, BROKER: broker().address, ...more };
    const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: Number(code), stdout, stderr };
  }

  it('are planned, checked and made by the command line, for every agent that the project names', async () => {
    project('reprise.config.yaml', 'shop');
    const plan = await reprise('kafka', 'topics', 'plan', '--json', '--agent', 'translator');
    expect(plan.code, plan.stderr).to.equal(0);
    const { ok, topics, transport } = JSON.parse(plan.stdout);
    const agents = ['copier', 'printer', 'translator', 'writer'].map((name) => `reprise.agent.${name}`);
    const names = [...OF_RUNS, ...agents, ...OTHERS].map((name) => `shop.${name}`);
    expect([transport, ok]).to.deep.equal(['kafka', false]);
    expect(topics.map(({ topic }: { topic: string }) => topic)).to.have.members(names);
    expect(topics[0]).to.deep.include({ state: 'missing', found: null });

    const before = await reprise('kafka', 'topics', 'check');
    expect(before.code).to.equal(1);
    expect(before.stderr).to.contain('9 topics to be made: reprise kafka topics apply');
    expect(await inNamespace('shop')).to.deep.equal([]);

    const applied = await reprise('kafka', 'topics', 'apply', '-a', 'translator');
    expect(applied.code, applied.stderr).to.equal(0);
    expect(applied.stdout.split('\n').filter((line) => line.endsWith(': made'))).to.have.length(names.length);
    expect(await inNamespace('shop')).to.deep.equal(names.toSorted());

    const after = await reprise('kafka', 'topics', 'check');
    expect([after.code, after.stderr.trim()]).to.deep.equal([0, 'All 9 topics are as they are to be.']);

    const checksOf = async (env: NodeJS.ProcessEnv): Promise<Record<string, string>> => {
      const { stdout } = await repriseIn(env, 'doctor', '--json');
      const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; detail: string }[] };
      return Object.fromEntries(checks.map(({ name, status, detail }) => [name, `${status} ${detail}`]));
    };
    const doctor = await checksOf({});
    expect(doctor['results']).to.contain('warn not verified');
    expect(doctor['lag']).to.equal('ok workers of writer: 0 messages wait, 0 processes take them');
    expect(doctor['topics']).to.equal('ok 9 are as they are to be');
    const verified = await checksOf({ REPRISE_DISPATCH_SECRET: 's'.repeat(32) });
    expect(verified['results']).to.contain('ok verified');

    project('other.yaml', 'shop', ', replicationFactor: 2');
    const other = await reprise('kafka', 'topics', 'check', '-c', 'other.yaml', '--json');
    expect(other.code).to.equal(1);
    expect(JSON.parse(other.stdout).topics[0].differences).to.deep.equal([
      { setting: 'replicas', wanted: '2', found: '1' },
    ]);
  });

  it('are not there where the project has no such transport, or no broker answers, which is said', async () => {
    writeFileSync(join(folder, 'without.yaml'), 'agents: [./agents.mjs]\nworkflows: [./local.yaml]\n');
    writeFileSync(join(folder, 'local.yaml'), 'name: local\ntasks:\n  write: { agent: writer }\n');
    const without = await reprise('kafka', 'topics', 'plan', '-c', 'without.yaml');
    expect(without.code).to.equal(4);
    expect(without.stderr).to.contain('has no transport plugin');
    project('away.yaml', 'shop', ', retryMs: 500');
    writeFileSync(
      join(folder, 'away.yaml'),
      readFileSync(join(folder, 'away.yaml'), 'utf8').replace('{ env: BROKER }', "'127.0.0.1:9'"),
    );
    const away = await reprise('kafka', 'topics', 'check', '-c', 'away.yaml');
    expect(away.code).to.equal(1);
    expect(away.stderr).to.contain('REPRISE_TRANSPORT_UNAVAILABLE').and.contain('127.0.0.1:9');
    const odd = await reprise('kafka', 'topics', 'plan', '--agent', 'no name');
    expect([odd.code, odd.stderr.includes('agent name')]).to.deep.equal([2, true]);
  });
});
