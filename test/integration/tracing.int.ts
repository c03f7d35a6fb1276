import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createReprise, defineAgent, type Orchestrator, parseWorkflow, type RunHandle } from '@reprise/core';
import { RunTrace } from '@reprise/core/plugin';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { expect } from 'chai';
import { after, before, it } from 'mocha';
import { drawTrace, problemsOf, type StoredSpan, traceWhere } from './support/jaeger-traces.ts';
import { withJaeger } from './support/with-jaeger.ts';

// What a real Jaeger has of runs, asked by its query API.

/** A block of docs/telemetry.md, the first of its language. */
const blockOf = (language: string): string => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'telemetry.md'), 'utf8');
  return page.split(`\n\`\`\`${language}\n`)[1]?.split('\n```')[0] ?? '';
};

const ORDER = blockOf('yaml');
const BILL = `
name: bill
version: "1"
tasks:
  sum: { agent: worker }
`;
const SHAKY = `
name: shaky
version: "1"
tasks:
  first: { agent: worker }
  then: { agent: shaky, after: first, retry: 1 }
`;

withJaeger('traces in Jaeger', (jaeger) => {
  let reprise: Orchestrator;
  let own: TracerProvider;
  let isBroken = true;

  before(async () => {
    const { endpoint } = jaeger();
    const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
    own = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'agents' }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const tracer = own.getTracer('clerk');
    const clerk = defineAgent({
      name: 'clerk',
      handle: async ({ attempt }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        // What is working in it is found over awaits.
        tracer.startSpan('look up', {}, context.active()).end();
        if (attempt === 1) throw Object.assign(new Error('not yet'), { code: 'NOT_YET' });
        return attempt;
      },
    });
    const reader = defineAgent({
      name: 'reader',
      handle: async (_task, { messages }) => (await messages.receive({ mailbox: '#desk' }))?.data ?? null,
    });
    const worker = defineAgent({ name: 'worker', handle: () => 'done' });
    const shaky = defineAgent({
      name: 'shaky',
      handle: () => {
        if (isBroken) throw Object.assign(new Error('broken'), { code: 'BROKEN', retryable: false });
        return 'mended';
      },
    });
    reprise = await createReprise({
      workflows: [ORDER, BILL, SHAKY].map((text) => parseWorkflow(text)),
      agents: [clerk, reader, worker, shaky],
      plugins: [openTelemetryMonitor({ endpoint, delayMs: 20, serviceName: 'shop' })],
    });
    await reprise.start();
  });
  after(async () => {
    await reprise?.stop();
    await own?.shutdown();
  });

  /** The trace of a run that has ended, once all is there that begins with `root`. */
  async function traceOf(run: RunHandle, root: string): Promise<readonly StoredSpan[]> {
    await run.outcome();
    const traceId = new RunTrace(run.id, undefined).context('').slice(3, 35);
    return traceWhere(jaeger(), traceId, (spans) => spans.some(({ name }) => name === root));
  }

  it('have the shape of a run: attempts, a block, a list, a child run, messages, and what an agent did itself', async () => {
    const run = await reprise.startRun('order', null, { id: 'order-1' });
    const spans = await traceOf(run, 'run order');
    expect(drawTrace(spans), 'as docs/telemetry.md draws it').to.equal(blockOf('text'));
    const named = (name: string): readonly StoredSpan[] => spans.filter((span) => span.name === name);
    const [sent] = named('send #desk');
    const [taken] = named('process #desk');
    expect(taken?.links).to.deep.equal([{ traceId: sent?.traceId, spanId: sent?.spanId, kind: 'message' }]);
    const [first, second] = named('invoke_agent clerk').toSorted((one, other) => Number(one.start - other.start));
    expect(second?.links[0]).to.include({ spanId: first?.spanId, kind: 'attempt before' });
    expect(named('look up').map(({ service }) => service)).to.deep.equal(['agents', 'agents']);
    expect(named('run order')[0]).to.deep.include({ service: 'shop', failed: false });
    expect(named('run order')[0]?.attributes).to.include({
      'reprise.run.id': 'order-1',
      'reprise.workflow.name': 'order',
      'reprise.run.status': 'completed',
    });
    expect(problemsOf(spans)).to.deep.equal([]);
  });

  it('link a retry to what it is a retry of, and a fork', async () => {
    const failed = await reprise.startRun('shaky', null, { id: 'shaky-1' });
    const source = await traceOf(failed, 'run shaky');
    isBroken = false;
    const retried = await traceOf(await reprise.retryRun('shaky-1', { id: 'shaky-2' }), 'run shaky');
    const forked = await traceOf(await reprise.forkRun('shaky-1', { id: 'shaky-3', at: 3 }), 'run shaky');
    const rootOf = (spans: readonly StoredSpan[]) => spans.find(({ name }) => name === 'run shaky');
    const { traceId, spanId } = rootOf(source) ?? {};
    expect(rootOf(source)).to.include({ failed: true });
    expect(rootOf(retried)?.links).to.deep.equal([{ traceId, spanId, kind: 'retry of' }]);
    expect(rootOf(forked)?.links).to.deep.equal([{ traceId, spanId, kind: 'fork of' }]);
    expect(new Set([source, retried, forked].map((spans) => spans[0]?.traceId)).size).to.equal(3);
  });
});
