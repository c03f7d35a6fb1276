import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createReprise,
  createWorker,
  defineAgent,
  type Json,
  type Orchestrator,
  type RepriseConfig,
  type RunEvent,
  remoteAgent,
  workflow,
} from '@reprise/core';
import { recordingMonitor } from '@reprise/core/testing';
import { kafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { Kafka, logLevel } from 'kafkajs';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { partitionOf } from '../../plugins/transport-kafka/src/partition-of.ts';
import { pause, until } from '../../plugins/transport-kafka/test/support/talk.ts';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import { type Python, pythonWithClient, WORKER_FOLDER } from './support/python.ts';

// docs/examples/python-worker over a real broker.

interface Order {
  readonly do: string;
  readonly text?: string;
  readonly s?: number;
}

const AGENT = fileURLToPath(new URL('./support/python_agent.py', import.meta.url));
const LEASE_MS = 2000;

withBroker('a worker in Python', (broker) => {
  let python: Python | undefined;
  let folder = '';
  let namespace = '';
  let reprise: Orchestrator | undefined;
  const workers: ChildProcess[] = [];

  before(async function () {
    const found = await pythonWithClient();
    if (typeof found !== 'string') {
      python = found;
      return;
    }
    process.stdout.write(`    a worker in Python: not checked, because ${found}\n`);
    this.skip();
  });
  after(() => python?.remove());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-python-worker-'));
    namespace = `p${randomUUID().slice(0, 8)}`;
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => end(worker, 'SIGKILL')));
    await reprise?.stop({ drainMs: 0 });
    reprise = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const options = () => ({ brokers: broker().address, namespace, partitions: 4, sessionMs: 1500 });
  const notes = (): readonly string[] => {
    const file = join(folder, 'notes');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  };

  function startWorker(): ChildProcess {
    const args = [AGENT, broker().address, namespace, join(folder, 'notes'), WORKER_FOLDER];
    const worker = spawn(python?.program ?? '', args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    workers.push(worker);
    return worker;
  }

  async function end(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const ended = once(worker, 'exit');
    worker.kill(signal);
    await ended;
  }

  async function start(task: object = {}, config: RepriseConfig = {}) {
    const monitor = recordingMonitor();
    const agent = remoteAgent<Order, Json>({ name: 'python' });
    const definition = workflow<Order>('only-python')
      .task('do', agent, { retry: { maxAttempts: 3, initialDelay: 0 }, ...task })
      .build();
    reprise = await createReprise({
      workflows: [definition],
      plugins: [kafkaTransport(options()), monitor.plugin],
      limits: { leaseMs: LEASE_MS },
      ...config,
    });
    await reprise.start();
    const opened = reprise;
    const eventsOf = async (runId: string): Promise<readonly RunEvent[]> => {
      const events: RunEvent[] = [];
      for await (const { event } of opened.runs.history(runId)) events.push(event);
      return events;
    };
    return { startRun: (order: Order) => opened.startRun(definition, order), eventsOf, monitor };
  }

  it('completes runs, whose agent is nowhere else, and says what failed', async () => {
    const { startRun, eventsOf, monitor } = await start();
    startWorker();
    const run = await startRun({ do: 'shout', text: 'tea é' });
    expect(await run.result()).to.deep.equal({ text: 'TEA É', key: `${run.id}/do` });
    await until(() => monitor.notices.some(({ kind }) => kind === 'progress'));
    const declined = await (await startRun({ do: 'decline' })).outcome();
    const error = declined.status === 'failed' ? declined.error.cause : undefined;
    expect(error).to.deep.equal({ code: 'CARD_DECLINED', message: 'no, é', retryable: false });
    const nan = await (await startRun({ do: 'give-nan' })).outcome();
    expect(nan.status === 'failed' && nan.error.cause).to.include({ code: 'REPRISE_OUTPUT_INVALID', retryable: false });
    // Longer than the lease, which heartbeats renew.
    const long = await startRun({ do: 'sleep', s: 5 });
    expect(await long.result()).to.equal(1);
    const begun = (await eventsOf(long.id)).filter(({ type }) => type === 'TaskStarted');
    expect(begun).to.have.length(1);
    expect(begun[0])
      .to.have.property('worker')
      .that.matches(/^python-/);
    const cancelled = await startRun({ do: 'sleep', s: 60 });
    await until(() => notes().filter((line) => line.startsWith('sleep')).length === 2);
    await cancelled.cancel('enough');
    await until(() => notes().includes('aborted'));
  });

  it('is killed, and another makes its attempt again; an attempt that may be made once is not', async () => {
    const { startRun, eventsOf } = await start();
    const first = startWorker();
    const run = await startRun({ do: 'sleep', s: 6 });
    await until(() => notes().length === 1);
    await until(async () => (await eventsOf(run.id)).some(({ type }) => type === 'TaskStarted'));
    // What it has been granted is committed soon.
    await pause(1000);
    await end(first, 'SIGKILL');
    startWorker();
    expect(await run.result()).to.equal(2);
    const [lost] = (await eventsOf(run.id)).filter(({ type }) => type === 'TaskAttemptFailed');
    expect(lost).to.include({ lost: true, attempt: 1 });
    expect(notes().map((line) => line.split(' ').slice(0, 2).join(' '))).to.deep.equal(['sleep 1', 'sleep 2']);
    expect(new Set(notes().map((line) => line.split(' ')[2])).size).to.equal(2);
  });

  it('begins what may be made once when it is granted, and only then', async () => {
    const { startRun, eventsOf } = await start({ delivery: 'at-most-once' });
    const first = startWorker();
    const run = await startRun({ do: 'shout', text: 'a' });
    expect(await run.result()).to.include({ text: 'A' });
    const types = (await eventsOf(run.id)).map(({ type }) => type);
    expect(types.indexOf('TaskStarted')).to.be.within(0, types.indexOf('TaskCompleted'));
    const lost = await startRun({ do: 'sleep', s: 60 });
    await until(() => notes().some((line) => line.startsWith('sleep')));
    await end(first, 'SIGKILL');
    const outcome = await lost.outcome();
    expect(outcome.status === 'failed' && outcome.error.cause?.code).to.equal('REPRISE_OUTCOME_UNKNOWN');
  });

  it('works beside one that is not in Python, and gives back what it has not begun when it stops', async () => {
    const { startRun } = await start();
    const stopping = startWorker();
    const other = await createWorker({
      agents: [defineAgent({ name: 'python', concurrency: 2, handle: () => 'not in Python' })],
      plugins: [kafkaTransport(options())],
      limits: { leaseMs: LEASE_MS },
    });
    try {
      await until(() => (reprise?.agents.length ?? 0) === 1);
      await other.start();
      await until(() => reprise?.agents[0]?.workers.length === 2);
      // Until both have their share of the partitions.
      await pause(2000);
      const runs = await Promise.all(Array.from({ length: 40 }, () => startRun({ do: 'shout', text: 'a' })));
      const results = await Promise.all(runs.map((run) => run.result()));
      const inPython = results.filter((result) => result !== 'not in Python').length;
      expect(inPython).to.be.within(1, 39);
      const slow = await Promise.all([1, 2].map(() => startRun({ do: 'sleep', s: 1 })));
      await end(stopping, 'SIGTERM');
      for (const run of slow) expect((await run.outcome()).status).to.equal('completed');
      expect((await (await startRun({ do: 'shout', text: 'a' })).outcome()).status).to.equal('completed');
    } finally {
      await other.stop({ drainMs: 0 });
    }
  });

  it('gives back the token of its dispatch: what it says is taken where nothing else is', async () => {
    const secret = join(mkdtempSync(join(tmpdir(), 'reprise-secret-')), 'secret');
    writeFileSync(secret, 'a secret of thirty-two characters and more\n');
    const { startRun, eventsOf } = await start({}, { dispatchSecret: { file: secret } });
    startWorker();
    const run = await startRun({ do: 'shout', text: 'a' });
    await run.result();
    expect(reprise?.border).to.deep.include({ verifiesResults: true, refused: 0 });
    expect((await eventsOf(run.id)).map(({ type }) => type)).to.include('TaskCompleted');
  });

  it('sends what is of one run to the partition that all others send it to', async () => {
    const { startRun } = await start();
    startWorker();
    const runs = await Promise.all(Array.from({ length: 8 }, () => startRun({ do: 'shout', text: 'a' })));
    await Promise.all(runs.map((run) => run.result()));
    const kafka = new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `look-${namespace}` });
    const seen = new Map<string, number>();
    await consumer.connect();
    await consumer.subscribe({ topic: `${namespace}.reprise.results`, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message: { key, headers } }) => {
        if (String(headers?.['ce_source']).startsWith('python-')) seen.set(String(key), partition);
      },
    });
    await until(() => seen.size === runs.length);
    await consumer.disconnect();
    for (const [key, partition] of seen) expect(partition, key).to.equal(partitionOf(key, 4));
    expect(new Set(seen.values()).size).to.be.above(1);
  });
});
