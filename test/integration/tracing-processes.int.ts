import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readStream, runStream, type Storage } from '@reprise/core';
import { type ObservedEvent, RunTrace } from '@reprise/core/plugin';
import { createEventStoreDBStorage } from '@reprise/event-store-eventstoredb';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { exportSpans, resolveOptions, type Span, spansOf } from '@reprise/monitor-opentelemetry';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { pause, until } from '../../plugins/transport-kafka/test/support/talk.ts';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import type { Jaeger } from './support/jaeger.ts';
import { problemsOf, type StoredSpan, storedNames, storedTrace, traceWhere } from './support/jaeger-traces.ts';
import type { TracedOptions } from './support/traced-process.ts';
import { withJaeger } from './support/with-jaeger.ts';

// One trace of a run that several processes drive, one after the other: each is a process of its own, and the first is killed.

const PROGRAM = fileURLToPath(new URL('./support/traced-process.ts', import.meta.url));

class Member {
  readonly child: ChildProcess;
  readonly lines: string[] = [];

  constructor(role: 'alone' | 'orchestrator' | 'worker', options: TracedOptions) {
    const { NODE_OPTIONS: _inherited, ...env } = process.env;
    const argv = ['--conditions=reprise-source', PROGRAM, role, JSON.stringify(options)];
    this.child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'], env });
    if (this.child.stdout !== null)
      createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
  }

  async end(how: 'SIGKILL' | 'stop'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    if (how === 'stop') this.child.stdin?.end();
    else this.child.kill(how);
    await ended;
  }
}

const traceIdOf = (runId: string): string => new RunTrace(runId, undefined).context('').slice(3, 35);

async function* historyOf({ events }: Storage, runId: string): AsyncGenerator<ObservedEvent> {
  for await (const event of readStream(events, runStream(runId))) yield { runId, revision: event.revision, event };
}

/** The spans of an ended run as its history has them; undefined while it goes on. */
async function spansIn(open: () => Promise<Storage>, runId: string): Promise<readonly Span[] | undefined> {
  const storage = await open();
  try {
    const spans = await Array.fromAsync(spansOf(historyOf(storage, runId)));
    return spans.some(({ name }) => name === 'run traced') ? spans : undefined;
  } finally {
    await storage.events.close();
  }
}

const shapes = (spans: readonly (Span | StoredSpan)[]): readonly string[] =>
  spans.map(({ traceId, spanId, parentSpanId, name }) => [traceId, spanId, parentSpanId ?? '-', name].join(' ')).sort();

/** Waits for the end of a run, and gives its spans as its history has them. */
async function ended(open: () => Promise<Storage>, runId: string): Promise<readonly Span[]> {
  let made: readonly Span[] | undefined;
  await until(async () => {
    made = await spansIn(open, runId);
    return made !== undefined;
  });
  return made ?? [];
}

/** Jaeger has each of the spans once, and no others. */
async function checkTrace(jaeger: Jaeger, runId: string, made: readonly Span[]): Promise<readonly StoredSpan[]> {
  const stored = await storedTrace(jaeger, traceIdOf(runId));
  expect(shapes(stored), runId).to.deep.equal(shapes(made));
  expect(problemsOf(stored), runId).to.deep.equal([]);
  return stored;
}

function suite(jaeger: () => Jaeger) {
  const members: Member[] = [];
  const place = { folder: '' };
  beforeEach(() => {
    place.folder = mkdtempSync(join(tmpdir(), 'reprise-tracing-'));
  });
  afterEach(async () => {
    await Promise.all(members.splice(0).map((member) => member.end('SIGKILL')));
    rmSync(place.folder, { recursive: true, force: true });
  });
  const member = async (
    role: 'alone' | 'orchestrator' | 'worker',
    options: Omit<TracedOptions, 'endpoint' | 'calls'>,
  ): Promise<Member> => {
    const calls = join(place.folder, 'calls');
    const made = new Member(role, { ...options, endpoint: jaeger().endpoint, calls });
    members.push(made);
    await until(() => made.lines.length > 0);
    return made;
  };
  const calls = (): readonly string[] => {
    const path = join(place.folder, 'calls');
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  };
  return { place, member, calls };
}

withJaeger('one trace of a run in several processes', (jaeger) => {
  const { place, member, calls } = suite(jaeger);

  it('is whole over a kill -9 and another process that goes on, each span once; and so is what is made of it again', async () => {
    const sqlite = join(place.folder, 'runs.db');
    const open = (): Promise<Storage> => createSqliteStorage({ path: sqlite, readOnly: true });
    const first = await member('alone', { sqlite });
    first.child.stdin?.write('killed-1\n');
    await until(() => calls().length >= 4);
    // Some of it has been sent, and some of it not yet.
    await until(async () => (await storedNames(jaeger(), 'reprise')).includes('task one'));
    await until(() => calls().length >= 6);
    await first.end('SIGKILL');
    const second = await member('alone', { sqlite });
    const made = await ended(open, 'killed-1');
    await second.end('stop');
    await until(async () => (await storedNames(jaeger(), 'reprise')).includes('run traced'));
    const before = await checkTrace(jaeger(), 'killed-1', made);
    const pids = new Set(calls().map((line) => line.split(' ')[2]));
    expect(pids.size, 'both have worked on it').to.equal(2);

    await jaeger().kill();
    await jaeger().start();
    expect(await storedTrace(jaeger(), traceIdOf('killed-1'))).to.deep.equal([]);
    const storage = await open();
    const { endpoint } = jaeger();
    const spans = spansOf(historyOf(storage, 'killed-1'));
    expect(await exportSpans(spans, resolveOptions({ endpoint }))).to.equal(before.length);
    await storage.events.close();
    const again = await traceWhere(jaeger(), traceIdOf('killed-1'), ({ length }) => length >= before.length);
    const byId = (list: readonly StoredSpan[]) => list.toSorted((a, b) => a.spanId.localeCompare(b.spanId));
    expect(byId(again), 'all of each span is the same').to.deep.equal(byId(before));
  });
});

withBroker('traces over Kafka', (broker) =>
  withJaeger('one trace of a run that orchestrators hand over', (jaeger) => {
    const server = new ProtocolServer();
    const { place, member, calls } = suite(jaeger);
    before(() => server.start());
    after(() => server.stop());

    it('is whole when the one that had it dies, each span once', async () => {
      const namespace = `t${randomUUID().slice(0, 8)}`;
      const store = { connectionString: server.connectionString, namespace };
      const kafka = { brokers: broker().address, namespace, partitions: 8, sessionMs: 1500 };
      const orchestrator = (name: string): Promise<Member> =>
        member('orchestrator', { kafka, store, views: join(place.folder, `${name}.db`) });
      const [first, second] = [await orchestrator('first'), await orchestrator('second')];
      await member('worker', { kafka });
      const runs = Array.from({ length: 12 }, (_, index) => `handed-${index}`);
      for (const run of runs) second.child.stdin?.write(`${run}\n`);
      await until(() => calls().length >= 3 * runs.length);
      await pause(200);
      await first.end('SIGKILL');
      const open = (): Promise<Storage> => createEventStoreDBStorage({ ...store, readOnly: true });
      const taken = runs.filter((run) => first.lines.includes(`dispatched ${run}`));
      expect(taken, 'runs that the one had that died').to.have.length.within(1, runs.length - 1);
      const made = await Promise.all(runs.map((run) => ended(open, run)));
      await second.end('stop');
      await pause(500);
      for (const [index, run] of runs.entries()) await checkTrace(jaeger(), run, made[index] ?? []);
      for (const run of taken) expect(second.lines, 'it was handed over').to.include(`dispatched ${run}`);
    });
  }),
);
