import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { createReprise, defineAgent, definePlugin, type Orchestrator, type Plugin, workflow } from '@reprise/core';
import type { ObservedEvent } from '@reprise/core/plugin';
import { recordingMonitor } from '@reprise/core/testing';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type OpenTelemetryOptions, openTelemetryMonitor, spansOf } from '../src/index.ts';
import { type ReceivedSpan, type Receiver, startReceiver } from './receiver.ts';

const SECRET = 'do-not-tell-4711';

interface Seen {
  /** Ids of the span in whose context the agent worked, before and after it waited. */
  readonly contexts: string[];
}

function scenario(seen: Seen) {
  const writer = defineAgent({
    name: 'writer',
    handle: async ({ input, attempt }: { input: unknown; attempt: number }, { logger }) => {
      seen.contexts.push(trace.getActiveSpan()?.spanContext().spanId ?? 'none');
      await delay(1);
      seen.contexts.push(trace.getActiveSpan()?.spanContext().spanId ?? 'none');
      logger.info('writing', { secret: SECRET });
      if (attempt === 1) throw new Error(`not yet: ${SECRET}`);
      return { text: SECRET, of: input };
    },
  });
  return workflow('story', { version: '1' })
    .task('write', writer, { retry: { maxAttempts: 3, initialDelay: '1ms' } })
    .set('done', { after: 'write', set: { text: SECRET } })
    .build();
}

const shown = ({ traceId, spanId, parentSpanId, name }: Omit<ReceivedSpan, 'attributes'>): string =>
  `${traceId} ${spanId} in ${parentSpanId === '' ? 'none' : parentSpanId}: ${name}`;

async function again(events: readonly ObservedEvent[]): Promise<readonly string[]> {
  async function* history(): AsyncGenerator<ObservedEvent> {
    yield* events;
  }
  const spans = await Array.fromAsync(spansOf(history()));
  return spans.map(({ parentSpanId = '', ...span }) => shown({ ...span, parentSpanId })).sort();
}

describe('runs with the OpenTelemetry monitor', () => {
  let receiver: Receiver;
  let folder: string;
  const seen: Seen = { contexts: [] };

  beforeEach(async () => {
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), 'reprise-otel-'));
    seen.contexts.length = 0;
  });

  afterEach(async () => {
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const sqlite = (): Plugin<'event-store'> =>
    definePlugin({
      name: 'sqlite',
      kind: 'event-store',
      create: () => createSqliteStorage({ path: join(folder, 'events.db') }),
    });

  async function withMonitor<T>(
    options: OpenTelemetryOptions,
    work: (reprise: Orchestrator) => Promise<T>,
    ...plugins: readonly Plugin[]
  ): Promise<T> {
    const monitor = openTelemetryMonitor({ endpoint: receiver.endpoint, ...options });
    const reprise = await createReprise({ workflows: [scenario(seen)], plugins: [monitor, ...(plugins as never[])] });
    await reprise.start();
    try {
      return await work(reprise);
    } finally {
      await reprise.stop();
    }
  }

  const run = (reprise: Orchestrator): Promise<unknown> =>
    reprise.startRun<unknown>('story', { topic: SECRET }, { id: 'r1' }).then((started) => started.result());

  it('send the spans that their history gives, wherever it is read', async () => {
    const recording = recordingMonitor();
    await withMonitor({}, run, recording.plugin);
    expect(receiver.spans.map(shown).sort()).to.deep.equal(await again(recording.events));
    expect(receiver.spans.map(({ name }) => name).sort()).to.deep.equal([
      'invoke_agent writer',
      'invoke_agent writer',
      'run story',
      'task done',
      'task write',
    ]);
  });

  it('have their agents work in the context of the attempt', async () => {
    await withMonitor({}, run);
    const attempts = receiver.spans.filter(({ name }) => name === 'invoke_agent writer').map(({ spanId }) => spanId);
    expect(new Set(seen.contexts)).to.deep.equal(new Set(attempts));
    expect(seen.contexts).to.have.length(4);
  });

  it('let nothing out of what people and models wrote, unless it is asked for', async () => {
    await withMonitor({ logs: true, metrics: true }, run);
    expect(receiver.logs.map(({ body }) => body)).to.include.members(['writing', 'the agent failed']);
    expect(receiver.spans.filter(({ attributes }) => attributes['error.type'] !== undefined)).to.have.length(1);
    expect(receiver.bytes()).not.to.contain(SECRET);
    await withMonitor({ logs: true, texts: true }, run);
    expect(receiver.bytes()).to.contain(SECRET);
  });

  it('let nothing out about the machine', async () => {
    await withMonitor({ logs: true, metrics: true }, run);
    for (const word of ['host.', 'process.', process.execPath, import.meta.dirname])
      expect(receiver.bytes()).not.to.contain(word);
  });

  it('log no error of anybody as their own, and what an agent calls `code` not as an error', async () => {
    const monitor = openTelemetryMonitor({ endpoint: receiver.endpoint, logs: true });
    const teller = defineAgent({
      name: 'teller',
      handle: (_task: unknown, { logger }) => {
        logger.info('login', { code: SECRET });
        return null;
      },
    });
    const bad = definePlugin({
      name: 'bad',
      kind: 'monitor',
      create: () => ({
        name: 'bad',
        onEvent: () => {
          throw new Error(SECRET);
        },
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      }),
    });
    const flow = workflow('telling', { version: '1' }).task('only', teller).build();
    const reprise = await createReprise({ workflows: [flow], plugins: [monitor, bad] });
    await reprise.start();
    await (await reprise.startRun<unknown>('telling', null)).result();
    await reprise.stop();
    expect(receiver.logs.map(({ body }) => body)).to.include.members(['login', "the monitor 'bad' failed in onEvent"]);
    expect(receiver.bytes()).not.to.contain(SECRET);
  });

  it('log with run, task, attempt, trace and span', async () => {
    await withMonitor({ logs: true, traces: false }, run);
    const [record] = receiver.logs.filter(({ body }) => body === 'writing');
    expect(record?.attributes).to.include({ 'reprise.run.id': 'r1', 'reprise.task.id': 'write' });
    expect(record?.spanId).to.match(/^[0-9a-f]{16}$/);
    await withMonitor({}, run);
    const attempts = receiver.spans.filter(({ name }) => name === 'invoke_agent writer').map(({ spanId }) => spanId);
    expect(attempts).to.include(record?.spanId);
  });

  it('are measured', async () => {
    await withMonitor({ metrics: true }, run);
    expect([...receiver.metrics]).to.include.members([
      'reprise.runs.started',
      'reprise.runs.ended',
      'reprise.run.duration',
      'reprise.attempts.ended',
      'reprise.attempts.retried',
      'nodejs.eventloop.delay.p99',
    ]);
  });

  it('serve Prometheus, on the loopback alone', async () => {
    const port = await freePort();
    const text = await withMonitor({ prometheus: { port }, traces: false }, async (reprise) => {
      await run(reprise);
      return eventually(async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
    });
    expect(text).to.match(/reprise_runs_ended_total\{.*reprise_run_status="completed".*\} 1/);
    expect(text).to.match(/reprise_attempts_ended_total\{.*reprise_attempt_outcome="failed".*\} 1/);
    expect(text).to.contain('reprise_run_duration_bucket');
  });

  it('go on when the port for Prometheus is taken, which is said', async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const recording = recordingMonitor();
    try {
      const said = (): string => recording.notices.map((one) => ('message' in one ? one.message : '')).join();
      await withMonitor(
        { prometheus: { port } },
        (reprise) =>
          eventually(async () => {
            await reprise.startRun<unknown>('story', null).then((started) => started.result());
            expect(said()).to.contain(`http://127.0.0.1:${port}/metrics`);
          }),
        recording.plugin,
      );
    } finally {
      other.close();
    }
  });

  it('show appends, dispatches and calls, when they are asked for', async () => {
    await withMonitor({ details: true }, run);
    const named = (name: string) => receiver.spans.filter((span) => span.name === name);
    const attempts = named('invoke_agent writer').map(({ spanId }) => spanId);
    for (const name of ['publish writer', 'process writer'])
      expect(
        named(name)
          .map(({ parentSpanId }) => parentSpanId)
          .sort(),
      ).to.deep.equal([...attempts].sort());
    expect(named('append').length).to.be.above(3);
    expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).to.equal(receiver.spans.length);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).to.equal(1);
  });

  it('are looked at by redact, and a span that it cannot bear is not sent', async () => {
    const options: OpenTelemetryOptions = {
      redact: (attributes, { name }) => {
        if (name === 'task done') throw new Error('cannot');
        return { ...attributes, 'reprise.run.id': 'hidden' };
      },
    };
    await withMonitor(options, run);
    expect(receiver.spans.map(({ name }) => name))
      .to.include('run story')
      .and.not.include('task done');
    for (const { attributes } of receiver.spans) expect(attributes['reprise.run.id']).to.equal('hidden');
  });

  it('lose what redact makes a promise, or no attributes, of, and go on', async () => {
    let calls = 0;
    const odd = [async () => Promise.reject(new Error(SECRET)), () => 7, () => ({ cyclic: {} }), () => null];
    const options: OpenTelemetryOptions = { redact: () => odd[calls++ % odd.length]?.() as never };
    await withMonitor(options, run);
    expect(receiver.spans).to.deep.equal([]);
  });

  it('call an agent that gives something lazy once', async () => {
    let calls = 0;
    const counted = (): number => {
      calls += 1;
      return calls;
    };
    const lazy = defineAgent({
      name: 'lazy',
      handle: () => ({ then: (done: (value: number) => void) => done(counted()) }) as unknown as Promise<number>,
    });
    const flow = workflow('lazily', { version: '1' }).task('only', lazy).build();
    const monitor = openTelemetryMonitor({ endpoint: receiver.endpoint, details: true });
    const reprise = await createReprise({ workflows: [flow], plugins: [monitor] });
    await reprise.start();
    await (await reprise.startRun<unknown>('lazily', null)).result();
    await reprise.stop();
    expect(calls).to.equal(1);
  });

  it('are not sent when they are not sampled, and their agents know', async () => {
    await withMonitor({ sampling: 0 }, async (reprise) => {
      await run(reprise);
      expect(seen.contexts).to.have.length(4);
    });
    expect(receiver.spans).to.deep.equal([]);
  });

  it('are one trace when one process begins them and another ends them', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = (blocks: boolean) =>
      defineAgent({
        name: 'slow',
        handle: async () => {
          if (blocks) {
            gate.resolve();
            await new Promise(() => undefined);
          }
          return 1;
        },
      });
    const flow = (blocks: boolean) =>
      workflow('two', { version: '1' })
        .set('first', { set: { n: 1 } })
        .task('second', slow(blocks), { after: 'first' })
        .build();
    const monitor = (): Plugin<'monitor'> => openTelemetryMonitor({ endpoint: receiver.endpoint });
    const one = await createReprise({ workflows: [flow(true)], plugins: [monitor(), sqlite()] });
    await one.start();
    await one.startRun<unknown>('two', null, { id: 'two-1' });
    await gate.promise;
    await one.stop({ drainMs: 0 });
    const recording = recordingMonitor();
    const two = await createReprise({ workflows: [flow(false)], plugins: [monitor(), sqlite(), recording.plugin] });
    await two.start();
    await two.run('two-1').result();
    const events: ObservedEvent[] = [];
    for await (const { revision, recorded } of two.runs.history('two-1'))
      events.push({ runId: 'two-1', revision, event: recorded });
    await two.stop();
    expect(recording.events[0]?.revision).to.be.above(0);
    // What ended shortly before the second process took over may come twice, the same.
    expect([...new Set(receiver.spans.map(shown))].sort()).to.deep.equal(await again(events));
  });
});

/** What it gives once it does not throw; for ten seconds. */
async function eventually<T>(look: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left -= 1) {
    try {
      return await look();
    } catch (error) {
      if (left === 0) throw error;
      await delay(100);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
