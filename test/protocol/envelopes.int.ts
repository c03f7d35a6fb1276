import {
  createClient,
  createInProcessTransport,
  createReprise,
  createWorker,
  definePlugin,
  type EventMetadata,
  parseWorkflow,
  type RunEvent,
  remoteAgent,
  systemClock,
  type Transport,
  type Workflow,
  workflow,
} from '@reprise/core';
import { COMMAND_CHANNEL, type Envelope } from '@reprise/core/plugin';
import { expect } from 'chai';
import { CloudEvent, Kafka } from 'cloudevents';
import { describe, it } from 'mocha';
import { toBinary } from '../../core/src/orchestration/messaging/binary-mode.ts';
import { COMMAND_SHAPES } from '../../core/src/orchestration/messaging/data-shapes.ts';
import { fromMessageEnvelope, toMessageEnvelope } from '../../core/src/orchestration/messaging/message-envelope.ts';
import { KINDS } from '../../core/src/orchestration/messaging/message-types.ts';
import { fromBinary } from '../../core/src/orchestration/messaging/read-binary.ts';
import { readMessage } from '../../core/src/orchestration/messaging/read-message.ts';
import { clusterWorld } from '../../core/test/runtime/cluster-world.ts';
import { orchestrators } from '../../core/test/runtime/support.ts';
import type { GoldenEvent } from '../simulation/golden/golden-file.ts';
import { Stage } from '../simulation/golden/recorder.ts';
import { SCENARIOS } from '../simulation/golden/scenarios.ts';
import { closedValidator, cloudEventsValidator, problemOf, publishedValidator } from './support/official.ts';

// Everything that the engine and its workers really send, in all scenarios of the golden histories, is what docs/protocol says, and a CloudEvent.

/** Their agents go by the names that items had in runs of rules 1 and 2 (`each.1`): with today's they come to something else, or stand still. */
const OF_OLD_RULES: readonly string[] = ['failed', 'retried', 'late', 'contained', 'restarted'];

describe('What is really sent', () => {
  const { start } = orchestrators();
  const published = publishedValidator();
  const closed = closedValidator();
  const official = cloudEventsValidator();
  const seen = new Set<string>();
  const histories: { readonly runId: string; readonly events: readonly GoldenEvent[] }[] = [];

  /** What is wrong with it, by whoever has a say in it. */
  const flawsOf = (envelope: Envelope): readonly string[] => {
    const read = readMessage(envelope);
    return [
      ...[published, closed, official].flatMap((validate) => problemOf(validate, envelope) ?? []),
      ...('code' in read ? [read.message] : []),
    ];
  };

  for (const [name, { play }] of Object.entries(SCENARIOS)) {
    if (OF_OLD_RULES.includes(name)) continue;
    it(`fits the schemas: ${name}`, async () => {
      const stage = new Stage();
      const runId = await play(stage);
      histories.push({ runId, events: await stage.history(runId) });
      await stage.close();
      expect(stage.published).to.not.deep.equal([]);
      for (const { channel, envelope } of stage.published) {
        expect(flawsOf(envelope), `${channel} ${JSON.stringify(envelope)}`).to.deep.equal([]);
        expect(readMessage(envelope)).to.deep.equal(envelope);
        expect(fromBinary(toBinary(envelope))).to.deep.equal(envelope);
        seen.add(envelope.type);
        const { type } = (envelope.data ?? {}) as { readonly type?: string };
        if (envelope.type === KINDS.command.type) seen.add(String(type));
      }
    });
  }

  it('fits the schemas: an engine, and a worker elsewhere', async () => {
    const sent: Envelope[] = [];
    const carrier = createInProcessTransport(systemClock);
    await carrier.start();
    // Both say farewell over it: it outlives them.
    const shared: Transport = {
      durable: false,
      spans: true,
      start: async () => undefined,
      publish: (messages) => {
        sent.push(...messages.map(({ envelope }) => envelope));
        return carrier.publish(messages);
      },
      subscribe: (...request) => carrier.subscribe(...request),
      stop: async () => undefined,
    };
    const plugins = [definePlugin({ name: 'shared', kind: 'transport', create: () => shared })];
    const far = remoteAgent<null, string>({ name: 'far' });
    const flow = workflow<null>('w').task('a', far).build();
    const reprise = await createReprise({ plugins, workflows: [flow] });
    await reprise.start();
    const worker = await createWorker({
      plugins,
      agents: [{ name: 'far', version: '2', handle: async () => 'done' }],
    });
    await worker.start();
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.equal('done');
    await worker.stop();
    await reprise.stop();
    await carrier.stop();
    const announced = sent.filter(({ type }) => type === KINDS.announcement.type).map(({ data }) => data);
    expect(announced.filter((data) => JSON.stringify(data).includes('leaseMs'))).to.not.deep.equal([]);
    for (const envelope of sent) expect(flawsOf(envelope), JSON.stringify(envelope)).to.deep.equal([]);
  });

  it('fits the schemas: a client, and an orchestrator elsewhere', async () => {
    const flow = parseWorkflow('name: waits\ntasks: { a: { wait: { signal: go } } }') as Workflow;
    const cluster = await clusterWorld(start, { workflows: [flow] });
    const sent: Envelope[] = [];
    await cluster.shared.subscribe(
      COMMAND_CHANNEL,
      (delivery) => {
        sent.push(delivery.envelope);
        delivery.ack();
      },
      { broadcast: true },
    );
    await cluster.open('first', []);
    const client = await createClient({ workflows: [flow], plugins: cluster.pluginsOf('client') });
    const run = await client.startRun(flow, null, { by: 'kim', reason: 'a test' });
    await run.pause('for now');
    await run.resume();
    await run.signal('go', { a: 1 });
    expect(await run.result()).to.deep.equal({ a: 1 });
    await client.close();
    expect(sent).to.have.length(4);
    for (const envelope of sent) {
      expect(flawsOf(envelope), JSON.stringify(envelope)).to.deep.equal([]);
      expect(fromBinary(toBinary(envelope))).to.deep.equal(envelope);
      seen.add(envelope.type);
    }
  });

  it('was of every type', () => {
    const { message: _, ...kinds } = KINDS;
    const all = [...Object.values(kinds).map(({ type }) => type), ...Object.keys(COMMAND_SHAPES)];
    expect([...seen].sort()).to.deep.equal(all.sort());
  });

  it('and what agents say goes over a border and comes back', async () => {
    let count = 0;
    for (const { runId, events } of histories)
      for (const { type, time, data, metadata } of events) {
        if (type !== 'MessageSent') continue;
        count += 1;
        const event = { type, at: time, ...(data as object) } as Extract<RunEvent, { type: 'MessageSent' }>;
        const { causationId, correlationId, traceparent } = metadata as EventMetadata;
        const recorded = {
          runId,
          event,
          metadata: { causationId, correlationId, ...(traceparent !== undefined && { traceparent }) },
          delivery: 2,
        };
        const envelope = toMessageEnvelope(recorded);
        expect(flawsOf(envelope), JSON.stringify(envelope)).to.deep.equal([]);
        expect(fromMessageEnvelope(envelope)).to.deep.equal(recorded);
        // The SDK of CloudEvents reads both modes, and finds the same attributes.
        const { data: _, ...attributes } = envelope;
        expect(new CloudEvent(envelope as never, true).toJSON()).to.include(attributes);
        const { key, headers, value } = toBinary(envelope);
        const theirs = Kafka.toEvent({
          key,
          headers,
          value,
          body: value,
          timestamp: '',
        } as never) as CloudEvent<unknown>;
        expect(theirs.id).to.equal(envelope.id);
        expect(theirs['conversationid']).to.equal(envelope.conversationid);
        expect(fromBinary({ headers, value })).to.deep.equal(envelope);
      }
    expect(count).to.be.above(10);
  });
});
