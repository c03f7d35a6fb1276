import { appendFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createReprise, createWorker, defineAgent, definePlugin, type Monitor, parseWorkflow } from '@reprise/core';
import { isRepriseError } from '@reprise/core/plugin';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { kafkaTransport } from '@reprise/transport-kafka';
import { sqliteViewStore } from '@reprise/view-store-sqlite';

// A process of cluster.int.ts and of chaos: `orchestrator`, `watcher`, `starter` or `worker`, and its options as JSON. All but workers start the runs whose ids come in, a line
// each; an orchestrator says what it dispatches; a starter drives none, and starts each until it is there; a worker writes down each call of its agent. SIGTERM stops it in order.

export type ClusterRole = 'orchestrator' | 'watcher' | 'starter' | 'worker';

export interface ClusterOptions {
  readonly kafka: Parameters<typeof kafkaTransport>[0];
  readonly store: Parameters<typeof eventstoredbEventStore>[0];
  readonly views: string;
  /** The file to which calls of agents are appended: `RUN TASK ATTEMPT PID`. */
  readonly calls: string;
}

const FLOW = `
name: cluster
tasks:
  one: { agent: worker }
  each: { agent: worker, forEach: '[1, 2, 3, 4]', after: one, retry: 5 }
  pay: { agent: worker, delivery: at-most-once, after: each, fallback: { value: unknown } }
  wait: { sleep: 300ms, after: each }
  last: { agent: worker, after: [pay, wait], retry: 5 }
`;

const [role, json = '{}'] = process.argv.slice(2);
const { kafka, store, views, calls } = JSON.parse(json) as ClusterOptions;
const limits = { leaseMs: 3000, redispatchMs: 3000 };
const say = (line: string): void => void writeSync(1, `${line}\n`);

if (role === 'worker') {
  const agent = defineAgent({
    name: 'worker',
    concurrency: 8,
    handle: async ({ runId, taskId, attempt }) => {
      appendFileSync(calls, `${runId} ${taskId} ${attempt} ${process.pid}\n`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return taskId;
    },
  });
  const worker = await createWorker({ agents: [agent], plugins: [kafkaTransport(kafka)], limits });
  await worker.start();
  stopOnSignal(() => worker.stop());
  say('ready');
} else {
  const tells: Monitor = {
    name: 'tells',
    onEvent: () => undefined,
    onNotice: (notice) => {
      if (notice.kind === 'dispatched') say(`dispatched ${notice.runId}`);
      if (notice.kind === 'log' && notice.fields?.['refused'] !== undefined) say(`refused ${notice.message}`);
      if (notice.kind === 'log' && notice.level === 'error') say(`error ${notice.message}`);
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const flow = parseWorkflow(FLOW);
  const reprise = await createReprise({
    workflows: [flow],
    plugins: [
      kafkaTransport(kafka),
      eventstoredbEventStore(store),
      sqliteViewStore({ path: views }),
      definePlugin({ name: 'tells', kind: 'monitor', create: () => tells }),
    ],
    limits,
  });
  // A watcher waits for the runs that it starts, and drives none where others do.
  const watches = role === 'watcher';
  say(await reprise.start({ drive: watches ? 'if-nobody-does' : role !== 'starter' }));
  stopOnSignal(() => reprise.stop());
  for await (const id of createInterface({ input: process.stdin })) {
    if (role === 'starter') {
      await startedAtLast(() => reprise.startRun('cluster', null, { id, onConflict: 'existing' }));
      continue;
    }
    const run = await reprise.startRun('cluster', null, { id });
    if (watches) run.result().then((result) => say(`ended ${id} ${JSON.stringify(result)}`));
  }
}

function stopOnSignal(stop: () => Promise<unknown>): void {
  process.once('SIGTERM', () => {
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        say(`error ${String(error)}`);
        process.exit(1);
      },
    );
  });
}

/** The store may be away, and whoever drives the run: it is started once, whatever becomes of that command. */
async function startedAtLast(start: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await start();
      return;
    } catch (error) {
      if (!isRepriseError(error) || !(error.retryable || error.code === 'REPRISE_OUTCOME_UNKNOWN')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
