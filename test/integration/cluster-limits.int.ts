import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RunReader } from '@reprise/core';
import { createEventStoreDBStorage } from '@reprise/event-store-eventstoredb';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { pause, until } from '../../plugins/transport-kafka/test/support/talk.ts';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import type { LimitsOptions } from './support/limits-process.ts';

// Limits over several orchestrators, each a process of its own, over a real Kafka and the protocol of EventStoreDB.

const PROGRAM = fileURLToPath(new URL('./support/limits-process.ts', import.meta.url));
const RUNS = Array.from({ length: 18 }, (_, index) => `run-${index}`);
const MOST = 3;
const LEASE_MS = 3000;
const FLOW = `
name: limited
tasks:
  each: { capability: hard, forEach: '[1, 2, 3, 4]', retry: 9 }
  book:
    after: each
    mutex: { key: one, across: workflow }
    scope:
      pay: { agent: pay, retry: 9 }
      check: { agent: pay, after: pay, retry: 9 }
`;

interface Member {
  readonly child: ChildProcess;
  readonly lines: string[];
}

withBroker('limits over orchestrators in processes of their own', (broker) => {
  const server = new ProtocolServer();
  const members: Member[] = [];
  let folder = '';
  let namespace = '';
  before(() => server.start());
  after(() => server.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-limits-'));
    namespace = `t${randomUUID().slice(0, 8)}`;
  });
  afterEach(async () => {
    await Promise.all(members.splice(0).map((member) => kill(member)));
    rmSync(folder, { recursive: true, force: true });
  });

  const store = () => ({ connectionString: server.connectionString, namespace });

  async function member(role: 'orchestrator' | 'worker'): Promise<Member> {
    const options: LimitsOptions = {
      kafka: { brokers: broker().address, namespace, partitions: 8, sessionMs: 1500 },
      store: store(),
      views: join(folder, `views-${members.length}.db`),
      calls: join(folder, 'calls'),
      flow: FLOW,
      admission: { capabilities: { hard: { concurrency: MOST } }, breaker: false },
      leaseMs: LEASE_MS,
    };
    const argv = ['--conditions=reprise-source', PROGRAM, role, JSON.stringify(options)];
    const { NODE_OPTIONS: _inherited, ...env } = process.env;
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'], env });
    const made: Member = { child, lines: [] };
    createInterface({ input: child.stdout }).on('line', (line) => made.lines.push(line));
    members.push(made);
    await until(() => made.lines.length > 0);
    return made;
  }

  async function kill({ child }: Member): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  const calls = (): readonly string[] => {
    const path = join(folder, 'calls');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  };

  /** Of what workers did, in the order in which they did it: the most attempts at once, and the most runs. */
  function mostOf(agent: string): { readonly attempts: number; readonly runs: number } {
    const now = new Map<string, string>();
    let most = { attempts: 0, runs: 0 };
    for (const line of calls()) {
      const [what, name, runId = '', ...attempt] = line.split(' ');
      if (name !== agent) continue;
      const key = [runId, ...attempt].join(' ');
      if (what === 'begin') now.set(key, runId);
      else now.delete(key);
      const runs = new Set(now.values()).size;
      most = { attempts: Math.max(most.attempts, now.size), runs: Math.max(most.runs, runs) };
    }
    return most;
  }

  /** Waits for the end of each run. By the histories, no two had the mutex at a time. */
  async function ended(): Promise<void> {
    const storage = await createEventStoreDBStorage({ ...store(), readOnly: true });
    try {
      const reader = new RunReader(storage);
      const had: { runId: string; from: number; to: number }[] = [];
      for (const runId of RUNS) {
        await until(async () => (await reader.state(runId).catch(() => undefined))?.status === 'completed');
        expect((await reader.replay(runId)).matches, runId).to.equal(true);
        let [from, to] = [Number.NaN, Number.NaN];
        for await (const { event } of reader.history(runId)) {
          if (event.type === 'MutexGranted') from = event.at;
          if (event.type === 'TaskCompleted' && event.taskId === 'book') to = event.at;
        }
        had.push({ runId, from, to });
      }
      had.sort((one, other) => one.from - other.from);
      for (const [index, { runId, from }] of had.entries())
        expect(from, `${runId} after ${had[index - 1]?.runId}`).to.be.at.least(had[index - 1]?.to ?? 0);
    } finally {
      await storage.events.close();
    }
  }

  const start = ({ child }: Member, runIds: readonly string[]): void => {
    for (const id of runIds) child.stdin?.write(`${id}\n`);
  };
  /** Who drives the run that has the mutex now. */
  const holder = (): Member | undefined => {
    const runId = calls()
      .findLast((line) => line.startsWith('begin pay '))
      ?.split(' ')[2];
    return members.find(
      ({ lines, child }) => child.signalCode === null && lines.some((line) => line === `dispatched book/pay ${runId}`),
    );
  };

  it('are kept by all of them together, and every run has its turn', async () => {
    const all = [await member('orchestrator'), await member('orchestrator'), await member('orchestrator')];
    await member('worker');
    await member('worker');
    start(all[0] as Member, RUNS);
    await ended();
    expect(mostOf('hard').attempts).to.be.within(2, MOST);
    expect(mostOf('pay').runs).to.equal(1);
    for (const { lines } of all) {
      expect(lines.some((line) => line.startsWith('dispatched'))).to.equal(true);
      expect(lines.filter((line) => line.startsWith('error'))).to.deep.equal([]);
    }
  });

  it('hold when who has them is killed, or stands still for longer than a session and a lease', async function () {
    this.timeout(180_000);
    const first = await member('orchestrator');
    await member('orchestrator');
    await member('orchestrator');
    await member('worker');
    await member('worker');
    start(first, RUNS);
    await until(() => first.lines.filter((line) => line.startsWith('started ')).length === RUNS.length);
    await until(() => calls().some((line) => line.startsWith('begin pay ')) && holder() !== undefined);
    const killed = holder();
    if (killed !== undefined) await kill(killed);
    const before = calls().length;
    await until(() => calls().length > before + 20 && holder() !== undefined);
    const stopped = holder();
    stopped?.child.kill('SIGSTOP');
    await pause(LEASE_MS + 3000);
    stopped?.child.kill('SIGCONT');
    await member('orchestrator');
    await ended();
    expect(mostOf('hard').attempts).to.be.within(2, MOST);
    expect(mostOf('pay').runs).to.equal(1);
  });
});
