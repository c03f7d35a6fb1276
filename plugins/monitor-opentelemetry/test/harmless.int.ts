import { setTimeout as delay } from 'node:timers/promises';
import { createReprise, defineAgent, type Orchestrator, workflow } from '@reprise/core';
import type { ObservedEvent } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type OpenTelemetryOptions, openTelemetryMonitor, resolveOptions } from '../src/index.ts';
import type { Losses } from '../src/sending/telemetry.ts';
import { TelemetryThread } from '../src/sending/thread.ts';
import { startReceiver } from './receiver.ts';

const echo = defineAgent({ name: 'echo', handle: ({ input }: { input: unknown }) => input ?? null });
const flow = workflow('echoes', { version: '1' }).task('one', echo).task('two', echo, { after: 'one' }).build();

async function runs(options: OpenTelemetryOptions, work: (reprise: Orchestrator) => Promise<void>): Promise<void> {
  const reprise = await createReprise({ workflows: [flow], plugins: [openTelemetryMonitor(options)] });
  await reprise.start();
  try {
    await work(reprise);
  } finally {
    await reprise.stop();
  }
}

const many = async (reprise: Orchestrator, count: number): Promise<void> => {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const run = await reprise.startRun<unknown>('echoes', { n: 1 });
      expect(await run.result()).to.deep.equal({ n: 1 });
    }),
  );
};

const failures = (reprise: Orchestrator): number => reprise.monitorHealth[0]?.failures ?? 0;

/** Nothing listens there. */
const NOBODY = 'http://127.0.0.1:9';

describe('a receiver that does not do its part', () => {
  it('and is not there costs no run anything, and is said once', async () => {
    const began = performance.now();
    await runs({ endpoint: NOBODY, delayMs: 10 }, async (reprise) => {
      for (let round = 0; round < 40 && failures(reprise) === 0; round += 1) {
        await many(reprise, 10);
        await delay(200);
      }
      expect(failures(reprise)).to.equal(1);
      await many(reprise, 50);
      // At most one in 10 s.
      expect(failures(reprise)).to.be.at.most(2);
    });
    // A stop waits no longer than it may.
    expect(performance.now() - began).to.be.below(40_000);
  });

  for (const [how, status] of [
    ['refuses all', 400],
    ['is overloaded', 503],
  ] as const) {
    it(`and ${how} costs no run anything`, async () => {
      const receiver = await startReceiver((_request, response) => response.writeHead(status).end('no'));
      try {
        await runs({ endpoint: receiver.endpoint, delayMs: 10 }, (reprise) => many(reprise, 100));
      } finally {
        await receiver.stop();
      }
    });
  }

  it('and never answers costs no run anything, and does not keep a stop waiting', async () => {
    const receiver = await startReceiver(() => undefined);
    let began = 0;
    try {
      await runs({ endpoint: receiver.endpoint, delayMs: 10 }, async (reprise) => {
        await many(reprise, 100);
        began = performance.now();
      });
      expect(performance.now() - began).to.be.below(8000);
    } finally {
      await receiver.stop();
    }
  });

  it('and answers rubbish costs no run anything', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(Buffer.alloc(100_000, 255));
    });
    try {
      await runs({ endpoint: receiver.endpoint, delayMs: 10 }, (reprise) => many(reprise, 100));
    } finally {
      await receiver.stop();
    }
  });
});

const event = (runId: string, revision: number, type: string, data: ObservedEvent['event']['data']): ObservedEvent => ({
  runId,
  revision,
  event: {
    id: `00000000-0000-5000-8000-${String(revision).padStart(12, '0')}`,
    type,
    time: 1_700_000_000_000 + revision,
    data,
    metadata: { causationId: 'c', correlationId: runId, schemaVersion: 1 },
  },
});

describe('the thread that sends', () => {
  const CRASHING = new URL('./crashing-worker.ts', import.meta.url);
  const sighting = (n: number) => ({
    traced: true,
    isFirst: true,
    emitFrom: 0,
    observed: event(`r${n}`, 0, 'TaskCompleted', { taskId: 't' }),
  });

  function thread(workerUrl?: URL): {
    readonly telemetry: TelemetryThread;
    readonly losses: Losses[];
    forgotten(): number;
  } {
    const losses: Losses[] = [];
    let forgotten = 0;
    const telemetry = new TelemetryThread(resolveOptions({ endpoint: NOBODY }), {
      onLost: (one) => losses.push(one),
      onForgotten: () => {
        forgotten += 1;
      },
      ...(workerUrl === undefined ? {} : { worker: workerUrl }),
    });
    return { telemetry, losses, forgotten: () => forgotten };
  }

  const lost = (losses: readonly Losses[]): number => losses.reduce((sum, { count }) => sum + count, 0);

  it('that dies loses what it had, counted, and another takes its place', async function () {
    this.timeout(30_000);
    const { telemetry, losses, forgotten } = thread(CRASHING);
    for (let n = 0; n < 1000; n += 1) telemetry.saw(sighting(n));
    for (let left = 100; lost(losses) < 1000 && left > 0; left -= 1) await delay(50);
    expect(lost(losses)).to.equal(1000);
    expect(losses[0]?.why).to.contain('crashed on purpose');
    // While it is down each is lost, and nothing throws.
    telemetry.saw(sighting(1));
    expect(lost(losses)).to.equal(1001);
    await telemetry.flush();
    for (let left = 200; forgotten() === 0 && left > 0; left -= 1) await delay(50);
    expect(forgotten()).to.equal(1);
    await telemetry.close(500);
  });

  it('that is far behind loses what comes beyond, counted', async () => {
    const { telemetry, losses } = thread();
    for (let n = 0; n < 60_000; n += 1) telemetry.saw(sighting(n));
    expect(lost(losses)).to.equal(10_000);
    expect(losses[0]?.why).to.contain('50000 observations behind');
    await telemetry.close(500);
  });

  it('is closed as often as one likes, and takes what comes then without a word', async () => {
    const { telemetry } = thread();
    await Promise.all([telemetry.close(500), telemetry.close(500)]);
    telemetry.saw(sighting(1));
    telemetry.log({ time: 1, level: 'info', message: 'late', facts: {} });
    await telemetry.flush();
  });
});

describe('what is huge', () => {
  it('is cut, whatever the event', async () => {
    const receiver = await startReceiver();
    const { OpenTelemetryMonitor } = await import('../src/index.ts');
    const monitor = new OpenTelemetryMonitor(resolveOptions({ endpoint: receiver.endpoint }));
    const huge = 'x'.repeat(5_000_000);
    monitor.onEvent(event('r', 0, 'RunStarted', { definition: { name: huge, version: huge }, input: huge }));
    for (let n = 1; n < 20; n += 1) monitor.onEvent(event('r', n, 'SignalReceived', { signal: huge }));
    monitor.onEvent(event('r', 20, 'DecisionMade', { scope: '', n: 1, kind: 'add', tasks: Array(100_000).fill(huge) }));
    monitor.onEvent(event('r', 21, 'RunCompleted', { output: huge }));
    await monitor.forceFlush();
    await monitor.shutdown();
    expect(receiver.spans.map(({ name }) => name.slice(0, 20))).to.include.members(['decision add']);
    expect(receiver.bytes().length).to.be.below(100_000);
    await receiver.stop();
  });
});

describe('an event that cannot be read', () => {
  it('is lost, counted, and ends no process: what is looked at later throws at nobody', async () => {
    const receiver = await startReceiver();
    const { OpenTelemetryMonitor } = await import('../src/index.ts');
    const monitor = new OpenTelemetryMonitor(resolveOptions({ endpoint: receiver.endpoint }));
    const bad = event('r', 0, 'RunStarted', {});
    Object.defineProperty(bad.event, 'metadata', {
      get: () => {
        throw new Error('cannot be read');
      },
    });
    monitor.onEvent(bad);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(() => monitor.onEvent(event('q', 0, 'RunStarted', {}))).to.throw('cannot be read. In all 1 were lost');
    monitor.onEvent(event('q', 1, 'RunCompleted', {}));
    await monitor.forceFlush();
    await monitor.shutdown();
    expect(receiver.spans).to.have.length(1);
    await receiver.stop();
  });
});
