import { appendFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type AdmissionConfig,
  createReprise,
  createWorker,
  defineAgent,
  definePlugin,
  type Monitor,
  parseWorkflow,
} from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { kafkaTransport } from '@reprise/transport-kafka';
import { sqliteViewStore } from '@reprise/view-store-sqlite';

// A process of cluster-limits.int.ts: `orchestrator` or `worker`, and its options as JSON. An orchestrator starts the runs whose ids come in, a line each, and says that, and what it
// dispatches; a worker writes down when its agents begin and end.

export interface LimitsOptions {
  readonly kafka: Parameters<typeof kafkaTransport>[0];
  readonly store: Parameters<typeof eventstoredbEventStore>[0];
  readonly views: string;
  /** The file to which is appended what agents do: `begin|end AGENT RUN TASK ATTEMPT`. */
  readonly calls: string;
  readonly flow: string;
  readonly admission: AdmissionConfig;
  readonly leaseMs: number;
}

const [role, json = '{}'] = process.argv.slice(2);
const { kafka, store, views, calls, flow, admission, leaseMs } = JSON.parse(json) as LimitsOptions;
const limits = { leaseMs, redispatchMs: leaseMs };
const say = (line: string): void => void writeSync(1, `${line}\n`);

const agent = (name: string) =>
  defineAgent({
    name,
    capabilities: [name],
    concurrency: 16,
    handle: async ({ runId, taskId, attempt }) => {
      const what = `${name} ${runId} ${taskId} ${attempt}\n`;
      appendFileSync(calls, `begin ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 40));
      appendFileSync(calls, `end ${what}`);
      return taskId;
    },
  });

if (role === 'worker') {
  const worker = await createWorker({
    agents: [agent('hard'), agent('pay')],
    plugins: [kafkaTransport(kafka)],
    limits,
  });
  await worker.start();
  say('ready');
} else {
  const tells: Monitor = {
    name: 'tells',
    onEvent: () => undefined,
    onNotice: (notice) => {
      if (notice.kind === 'dispatched') say(`dispatched ${notice.taskId} ${notice.runId}`);
      if (notice.kind === 'log' && notice.level === 'error') say(`error ${notice.message}`);
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const reprise = await createReprise({
    workflows: [parseWorkflow(flow)],
    admission,
    plugins: [
      kafkaTransport(kafka),
      eventstoredbEventStore(store),
      sqliteViewStore({ path: views }),
      definePlugin({ name: 'tells', kind: 'monitor', create: () => tells }),
    ],
    limits,
  });
  say(await reprise.start());
  for await (const id of createInterface({ input: process.stdin })) {
    await reprise.startRun('limited', null, { id });
    say(`started ${id}`);
  }
}
