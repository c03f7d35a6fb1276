import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunReader } from '@reprise/core';
import { readStream, runStream } from '@reprise/core/plugin';
import { createEventStoreDBStorage } from '@reprise/event-store-eventstoredb';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { until } from '../../plugins/transport-kafka/test/support/talk.ts';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import { Member } from './support/cluster-member.ts';
import type { ClusterRole } from './support/cluster-process.ts';

// Several orchestrators and several workers, each a process of its own, over a real Kafka and the protocol of EventStoreDB.

const RUNS = Array.from({ length: 24 }, (_, index) => `run-${index}`);

withBroker('orchestrators and workers in processes of their own', (broker) => {
  const server = new ProtocolServer();
  const members: Member[] = [];
  let folder = '';
  let namespace = '';
  before(() => server.start());
  after(() => server.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-cluster-'));
    namespace = `t${randomUUID().slice(0, 8)}`;
  });
  afterEach(async () => {
    await Promise.all(members.splice(0).map((member) => member.kill()));
    rmSync(folder, { recursive: true, force: true });
  });

  const store = () => ({ connectionString: server.connectionString, namespace });
  const calls = () => {
    const path = join(folder, 'calls');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  };
  async function member(role: ClusterRole): Promise<Member> {
    const made = new Member(role, {
      kafka: { brokers: broker().address, namespace, partitions: 8, sessionMs: 1500 },
      store: store(),
      views: join(folder, `views-${members.length}.db`),
      calls: join(folder, 'calls'),
    });
    members.push(made);
    await until(() => made.lines.length > 0);
    return made;
  }
  const start = (orchestrator: Member, runIds: readonly string[]): void => orchestrator.start(runIds);

  /** Waits for the end of each run; then its history is whole. */
  async function ended(runIds = RUNS): Promise<void> {
    const storage = await createEventStoreDBStorage({ ...store(), readOnly: true });
    try {
      const reader = new RunReader(storage);
      for (const runId of runIds) {
        await until(async () => (await reader.state(runId).catch(() => undefined))?.status === 'completed');
        const replayed = await reader.replay(runId);
        expect(replayed.matches, runId).to.equal(true);
        const begun: string[] = [];
        for await (const { event } of reader.history(runId))
          if (event.type === 'TaskStarted') begun.push(`${event.taskId} ${event.attempt}`);
        expect(begun, `${runId}: each attempt is one worker's`).to.deep.equal([...new Set(begun)]);
        const events = await Array.fromAsync(readStream(storage.events, runStream(runId)));
        const senders = events.flatMap(({ metadata: { sender } }) =>
          sender !== undefined && 'worker' in sender ? sender : [],
        );
        expect(senders.length, `${runId}: workers reported`).to.be.above(0);
        expect(senders.filter(({ verified }) => !verified)).to.deep.equal([]);
      }
      const refused = members.flatMap(({ lines }) => lines.filter((line) => line.startsWith('refused')));
      expect(refused, 'whoever takes over takes the tokens of the one before').to.deep.equal([]);
    } finally {
      await storage.events.close();
    }
  }

  /** An attempt that may be made once is made once, however often it came. */
  function checkOnce(): void {
    const paid = calls().flatMap((line) => (line.includes(' pay ') ? [line.split(' ').slice(0, 3).join(' ')] : []));
    expect(paid.length).to.equal(new Set(paid).size);
    const runs = paid.map((line) => line.split(' ')[0]);
    expect(runs.length, 'and of each run one').to.equal(new Set(runs).size);
  }

  it('carry out what a program starts that only watches, as soon as there is anybody who drives', async () => {
    const [first, second] = [await member('orchestrator'), await member('orchestrator')];
    await member('worker');
    const watcher = await member('watcher');
    expect(watcher.lines[0]).to.equal('client');
    start(watcher, RUNS.slice(0, 6));
    await until(() => watcher.lines.filter((line) => line.startsWith('ended ')).length === 6);
    expect([...watcher.runs]).to.deep.equal([]);
    expect(first.runs.size + second.runs.size).to.equal(6);
    expect(watcher.lines.filter((line) => line.startsWith('error '))).to.deep.equal([]);
  });

  it('share the runs: each drives some, whoever started them', async () => {
    const [first, second] = [await member('orchestrator'), await member('orchestrator')];
    await member('worker');
    await member('worker');
    start(first, RUNS);
    await ended();
    expect(
      [...first.runs].filter((run) => second.runs.has(run)),
      'driven by both',
    ).to.deep.equal([]);
    expect(first.runs.size).to.be.above(0);
    expect(second.runs.size).to.be.above(0);
    expect(first.runs.size + second.runs.size).to.equal(RUNS.length);
    expect(calls().length, 'each attempt was made once').to.equal(RUNS.length * 7);
    expect([first, second].flatMap(({ lines }) => lines.filter((line) => line.startsWith('error')))).to.deep.equal([]);
    checkOnce();
  });

  it('take over what a killed one had, and give it back to one that comes', async () => {
    const [first, second] = [await member('orchestrator'), await member('orchestrator')];
    await member('worker');
    const [, , , worker] = [0, 0, 0, await member('worker')];
    await member('worker');
    start(first, RUNS);
    await until(() => calls().length > RUNS.length);
    await second.kill();
    await until(() => calls().length > 2 * RUNS.length);
    const third = await member('orchestrator');
    await worker.kill();
    await ended();
    expect(
      third.lines.some((line) => line === 'driver' || line === 'client'),
      'it began',
    ).to.equal(true);
    checkOnce();
  });
});
