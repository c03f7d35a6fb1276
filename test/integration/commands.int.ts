import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, isRepriseError, parseWorkflow, type Workflow } from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { kafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { until } from '../../plugins/transport-kafka/test/support/talk.ts';
import { withEachDriver } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import { Member } from './support/cluster-member.ts';

// What a program commands goes over a real Kafka to the process that drives the run, whoever that is by then; processes are killed in between.

/** The orchestrators do not have it: it has no functions. */
const WAITS = parseWorkflow('name: waits\ntasks: { a: { wait: { signal: go } } }') as Workflow;

withEachDriver('commands, over Kafka, to whoever drives the run', (broker, driver) => {
  const server = new ProtocolServer();
  const members: Member[] = [];
  const clients: Client[] = [];
  let folder = '';
  let namespace = '';
  before(() => server.start());
  after(() => server.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-commands-'));
    namespace = `t${randomUUID().slice(0, 8)}`;
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all(members.splice(0).map((member) => member.kill()));
    rmSync(folder, { recursive: true, force: true });
  });

  const kafka = () => ({ brokers: broker().address, driver, namespace, partitions: 4, sessionMs: 1500 });
  const store = () => ({ connectionString: server.connectionString, namespace });
  async function orchestrator(): Promise<Member> {
    const views = join(folder, `views-${members.length}.db`);
    const made = new Member('orchestrator', { kafka: kafka(), store: store(), views, calls: join(folder, 'calls') });
    members.push(made);
    await until(() => made.lines.length > 0);
    return made;
  }
  async function client(commandMs = 30_000): Promise<Client> {
    const plugins = [kafkaTransport(kafka()), eventstoredbEventStore(store())];
    const made = await createClient({ workflows: [WAITS], plugins, limits: { commandMs } });
    clients.push(made);
    return made;
  }
  const typesOf = async (it: Client, runId: string): Promise<readonly string[]> =>
    (await Array.fromAsync(it.runs.history(runId))).map(({ event }) => event.type);

  it('start, steer and end a run that another process drives, which says who commanded', async () => {
    await orchestrator();
    await orchestrator();
    const it = await client();
    const took: number[] = [];
    const timed = async <T>(work: () => Promise<T>): Promise<T> => {
      const from = performance.now();
      const result = await work();
      took.push(performance.now() - from);
      return result;
    };
    for (let n = 0; n < 20; n += 1) {
      const run = await timed(() => it.startRun(WAITS, n, { id: `r-${n}`, by: 'kim' }));
      await timed(() => run.pause());
      await timed(() => run.resume());
      await timed(() => run.signal('go', n));
      expect(await run.result()).to.equal(n);
    }
    took.sort((a, b) => a - b);
    // A round trip over the broker and the store, with no wait of ours in it: a look once a second would show.
    expect(took[took.length >> 1], `ms: ${took.map(Math.round).join(' ')}`).to.be.below(500);
    if (process.env['REPRISE_TEST_SAY'] !== undefined)
      process.stdout.write(`p50 ${took[took.length >> 1]} p99 ${took.at(-1)}\n`);
    const [begun] = await Array.fromAsync(it.runs.history('r-0'));
    expect(begun?.recorded.metadata).to.include({ by: 'kim' });
    expect(begun?.recorded.metadata.sender).to.have.keys('client', 'verified');
  });

  it('wait for whoever comes when the one who drove is killed, and count once', async () => {
    const first = await orchestrator();
    const it = await client(60_000);
    const run = await it.startRun(WAITS, null, { id: 'r' });
    await first.kill();
    const signals = Array.from({ length: 5 }, (_, n) => run.signal(`s-${n}`, n, { requestId: `${n}` }));
    const other = it.startRun(WAITS, 1, { id: 'other', requestId: 'other' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await orchestrator();
    await Promise.all(signals);
    expect((await other).id).to.equal('other');
    await run.signal('s-0', 0, { requestId: '0' });
    expect((await typesOf(it, 'r')).filter((type) => type === 'SignalReceived')).to.have.length(5);
    expect((await typesOf(it, 'other')).filter((type) => type !== 'TaskEntered')).to.deep.equal(['RunStarted']);
  });

  it('of which nobody knows what became take effect once, when somebody drives', async () => {
    const it = await client(3000);
    const start = () => it.startRun(WAITS, 7, { id: 'r', requestId: 'once' });
    const failure = await start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isRepriseError(failure, 'REPRISE_OUTCOME_UNKNOWN'), String(failure)).to.equal(true);
    expect(String(failure)).to.contain('no orchestrator drives runs now');
    await orchestrator();
    await until(async () => (await it.runs.last('r').catch(() => undefined)) !== undefined);
    await start();
    await it.run('r').cancel();
    expect((await it.run('r').outcome()).status).to.equal('cancelled');
    expect((await typesOf(it, 'r')).filter((type) => type === 'RunStarted')).to.have.length(1);
  });

  it('of a run that changes hands again and again each count once', async () => {
    const [first, it] = [await orchestrator(), await client(60_000)];
    const run = await it.startRun(WAITS, null, { id: 'r' });
    let stop = false;
    const sent: Promise<void>[] = [];
    const sending = (async () => {
      for (let n = 0; !stop; n += 1) {
        sent.push(run.signal(`s-${n}`, n, { requestId: `${n}` }));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const second = await orchestrator();
    await first.stop();
    const third = await orchestrator();
    await second.kill();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    stop = true;
    await sending;
    await Promise.all(sent);
    const signals = (await Array.fromAsync(it.runs.history('r'))).flatMap(({ event }) =>
      event.type === 'SignalReceived' ? [event.signal] : [],
    );
    expect(signals.length).to.equal(sent.length);
    expect(new Set(signals).size).to.equal(sent.length);
    expect(signals, 'and in their order').to.deep.equal(sent.map((_, n) => `s-${n}`));
    expect(third.running).to.equal(true);
  });
});
