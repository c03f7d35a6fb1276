import { appendFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createReprise, createWorker, defineAgent, definePlugin, type Monitor, parseWorkflow } from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { kafkaTransport } from '@reprise/transport-kafka';
import { sqliteViewStore } from '@reprise/view-store-sqlite';

// A process of tracing-processes.int.ts: `alone` (SQLite, its own agents), `orchestrator` or `worker` (Kafka, EventStoreDB), and its options as JSON. Who drives starts the
// runs whose ids come in, a line each, says what it dispatches, and stops when there will be no more; each call of the agent is written down.

export interface TracedOptions {
  readonly endpoint: string;
  /** The file to which calls of agents are appended: `TASK ATTEMPT PID`. */
  readonly calls: string;
  readonly sqlite?: string;
  readonly kafka?: Parameters<typeof kafkaTransport>[0];
  readonly store?: Parameters<typeof eventstoredbEventStore>[0];
  readonly views?: string;
}

const FLOW = `
name: traced
tasks:
  one: { agent: worker }
  each: { agent: worker, forEach: '[1, 2, 3, 4, 5, 6]', concurrency: 2, after: one, retry: 5 }
  last: { agent: worker, after: each, retry: 5 }
`;

const [role, json = '{}'] = process.argv.slice(2);
const { endpoint, calls, sqlite = '', kafka, store, views = '' } = JSON.parse(json) as TracedOptions;
const limits = { leaseMs: 1500, redispatchMs: 1500 };
const say = (line: string): void => void writeSync(1, `${line}\n`);

const agent = defineAgent({
  name: 'worker',
  concurrency: 8,
  handle: async ({ taskId, attempt }) => {
    appendFileSync(calls, `${taskId} ${attempt} ${process.pid}\n`);
    await new Promise((resolve) => setTimeout(resolve, 400));
    return taskId;
  },
});
const monitor = openTelemetryMonitor({ endpoint, delayMs: 100 });
const tells: Monitor = {
  name: 'tells',
  onEvent: () => undefined,
  onNotice: (notice) => {
    if (notice.kind === 'dispatched') say(`dispatched ${notice.runId}`);
  },
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};

if (role === 'worker' && kafka !== undefined) {
  const worker = await createWorker({ agents: [agent], plugins: [kafkaTransport(kafka)], limits });
  await worker.start();
  say('ready');
} else {
  const past =
    kafka === undefined || store === undefined
      ? [definePlugin({ name: 'sqlite', kind: 'event-store', create: () => createSqliteStorage({ path: sqlite }) })]
      : [kafkaTransport(kafka), eventstoredbEventStore(store), sqliteViewStore({ path: views })];
  const reprise = await createReprise({
    workflows: [parseWorkflow(FLOW)],
    agents: kafka === undefined ? [agent] : [],
    plugins: [...past, monitor, definePlugin({ name: 'tells', kind: 'monitor', create: () => tells })],
    limits,
  });
  say(await reprise.start());
  for await (const id of createInterface({ input: process.stdin })) await reprise.startRun('traced', null, { id });
  await reprise.stop();
}
