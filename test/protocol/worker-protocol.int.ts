import { readFileSync } from 'node:fs';
import {
  createInProcessTransport,
  createReprise,
  createWorker,
  definePlugin,
  type Json,
  remoteAgent,
  type Transport,
  workflow,
} from '@reprise/core';
import type { OutgoingMessage } from '@reprise/core/plugin';
import { sequentialIds, VirtualTime } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  ABORT_CHANNEL,
  agentChannel,
  HEARTBEAT_CHANNEL,
  RESULT_CHANNEL,
  WORKER_CHANNEL,
  workerChannel,
} from '../../core/src/orchestration/messaging/channels.ts';
import { SCHEMA_VERSIONS } from '../../core/src/orchestration/messaging/message-types.ts';
import { partitionOf } from '../../plugins/transport-kafka/src/partition-of.ts';
import { toRecord } from '../../plugins/transport-kafka/src/records.ts';
import { Topics } from '../../plugins/transport-kafka/src/topics.ts';

// The records of docs/worker-protocol.md are what an engine and a worker send for one attempt, and for one that is cancelled, byte for byte.

const PAGE = readFileSync(new URL('../../docs/worker-protocol.md', import.meta.url), 'utf8');
const WIRE = readFileSync(new URL('../../docs/examples/python-worker/wire.py', import.meta.url), 'utf8');
const PARTITIONS = 12;
const topics = new Topics('', PARTITIONS);

/** A record of Kafka, as people read it. The value is as it goes over the wire. */
function shown(message: OutgoingMessage): string {
  const { topic, partition, key, headers, value } = toRecord(message, topics.route(message.channel), PARTITIONS);
  const of = topics.route(message.channel).topic.partitions;
  // Of a topic of one partition it is that one.
  const place = of === 1 ? '0 of 1' : `${partition} of ${of}`;
  const lines = Object.entries(headers).map(([name, text]) => `  ${name}: ${String(text)}`);
  return [`${topic}, partition ${place}, key ${key}`, ...lines, `  ${Buffer.from(value ?? []).toString()}`].join('\n');
}

/** Everything that is said over the transport, in order, in virtual time. */
async function conversation(): Promise<readonly OutgoingMessage[]> {
  const sent: OutgoingMessage[] = [];
  const time = new VirtualTime();
  const carrier = createInProcessTransport(time.clock);
  await carrier.start();
  const shared: Transport = {
    durable: false,
    spans: true,
    start: async () => undefined,
    publish: (messages) => {
      sent.push(...messages);
      return carrier.publish(messages);
    },
    subscribe: (channel, handler, options) => carrier.subscribe(channel, handler, options),
    stop: async () => undefined,
  };
  const plugin = definePlugin({ name: 'shared', kind: 'transport', create: () => time.watchTransport(shared) });
  const greet = remoteAgent<Json, Json>({ name: 'greet' });
  const definition = workflow<Json>('greeting').task('greet', greet).build();
  const common = { plugins: [plugin], clock: time.clock, limits: { leaseMs: 30_000 } };
  const reprise = await createReprise({ ...common, workflows: [definition], ids: sequentialIds('engine') });
  const agent = { name: 'greet', handle: answer };
  const worker = await createWorker({ ...common, agents: [agent], ids: sequentialIds('w') });
  async function answer({ input }: { readonly input: Json }, { signal }: { readonly signal: AbortSignal }) {
    await new Promise<void>((resolve) => {
      time.clock.schedule(12_000, resolve);
      signal.addEventListener('abort', () => resolve());
    });
    if (input === null) throw Object.assign(new Error('nobody to greet'), { code: 'NOBODY', retryable: false });
    return { text: `Hello ${String(input)}` };
  }
  await reprise.start();
  await worker.start();
  const run = await reprise.startRun(definition, 'Zoë', { id: 'run-1' });
  await time.until(() => typesOf(sent).includes('CompleteTask'), 20_000);
  await time.quiet();
  await run.result();
  const failed = await reprise.startRun(definition, null, { id: 'run-2' });
  await time.until(() => typesOf(sent).includes('FailTask'), 20_000);
  await failed.outcome();
  const cancelled = await reprise.startRun(definition, 'Ann', { id: 'run-3' });
  await time.until(() => sent.filter(({ channel }) => channel === agentChannel('greet')).length === 3, 100);
  await time.quiet();
  await cancelled.cancel('enough');
  await time.quiet();
  await worker.stop();
  await reprise.stop();
  return sent;
}

const typesOf = (sent: readonly OutgoingMessage[]): readonly string[] =>
  sent.map(({ envelope }) => (envelope.data as { readonly type?: string }).type ?? envelope.type);

/** In the order of the page. */
const SHOWN = [
  'reprise.roll-call',
  'reprise.announcement',
  'reprise.dispatch',
  'StartTask',
  'reprise.answer',
  'reprise.heartbeat',
  'CompleteTask',
  'FailTask',
  'reprise.abort',
];

describe('docs/worker-protocol.md', () => {
  it('shows records as they are sent', async () => {
    const sent = await conversation();
    const types = typesOf(sent);
    const records = SHOWN.map((type) => {
      const message = sent[type === 'reprise.abort' ? types.lastIndexOf(type) : types.indexOf(type)];
      if (message === undefined) throw new Error(`nobody sent ${type}, but ${types.join(', ')}`);
      return shown(message);
    });
    const blocks = [...PAGE.matchAll(/^```text\n(reprise\.[\s\S]*?)\n```$/gm)].map(([, block]) => block);
    expect(blocks, `the page is to show\n\n${records.join('\n\n')}\n`).to.deep.equal(records);
  });

  it('has partitions of keys that are those of the code', () => {
    const rows = [...PAGE.matchAll(/^\| `([^`]*)` \| (\d+) \| (\d+) \|$/gm)];
    expect(rows.length).to.be.above(3);
    for (const [, key = '', four, twelve] of rows)
      expect([key, partitionOf(key, 4), partitionOf(key, 12)]).to.deep.equal([key, Number(four), Number(twelve)]);
  });

  it('and the worker in Python know the names of the code, and its versions', () => {
    const channels = {
      RESULTS: RESULT_CHANNEL,
      HEARTBEATS: HEARTBEAT_CHANNEL,
      AGENT: agentChannel(''),
      WORKERS: WORKER_CHANNEL,
      ABORTS: ABORT_CHANNEL,
      OWN: workerChannel(''),
    };
    const shared = {
      CONTROL: topics.route(WORKER_CHANNEL).topic.name,
      ANSWERS: topics.route(workerChannel('x')).topic.name,
    };
    const said = [...WIRE.matchAll(/^([A-Z, ]+) = ("[^\n]*")$/gm)].flatMap(([, names = '', values = '']) =>
      names.split(', ').map((name, index) => [name, JSON.parse(values.split(', ')[index] ?? '""')]),
    );
    expect(Object.fromEntries(said)).to.deep.equal({ ...channels, ...shared });
    for (const name of [...Object.values(channels), ...Object.values(shared)]) expect(PAGE).to.include(`\`${name}`);
    // It writes, and reads, version 1 of each.
    for (const type of ['dispatch', 'command', 'heartbeat', 'announcement'] as const)
      expect(SCHEMA_VERSIONS[type], type).to.equal(1);
    expect(topics.route(ABORT_CHANNEL).topic.name).to.equal(shared.CONTROL);
  });
});
