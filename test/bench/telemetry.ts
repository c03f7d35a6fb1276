import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createReprise, definePlugin, type Monitor, type Plugin } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { cpuPerStep } from './cpu.ts';
import { chain, inFolder } from './setup.ts';

// What the OpenTelemetry monitor costs the loop of durable steps. A receiver in a process of its own takes what is sent and throws it away.

/** What an engine is watched by in a measurement. */
const WAYS = {
  without: () => [],
  idle: () => [idle()],
  unsampled: (endpoint: string) => [openTelemetryMonitor({ endpoint, sampling: 0 })],
  traced: (endpoint: string) => [openTelemetryMonitor({ endpoint })],
} satisfies Readonly<Record<string, (endpoint: string) => readonly Plugin<'monitor'>[]>>;

type Way = keyof typeof WAYS;

/** For one durable step. */
export interface StepCost {
  /** Processor time of the engine's thread, µs. */
  readonly engine: number;
  /** Of the whole process, µs. */
  readonly process: number;
  /** Of the clock, µs: one step after the other, of fifty runs. */
  readonly clock: number;
}

const idle = (): Plugin<'monitor'> =>
  definePlugin({
    name: 'idle',
    kind: 'monitor',
    create: (): Monitor => ({
      name: 'idle',
      onEvent: () => undefined,
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    }),
  });

/** Each way once a round, in turn, in a process of its own: what ran before in a process changes what is measured after it by more than a monitor costs. */
export async function measureTelemetry(runs = 4000, rounds = 7): Promise<Readonly<Record<Way, readonly StepCost[]>>> {
  const receiver = await startReceiver();
  const costs: Record<Way, StepCost[]> = { without: [], idle: [], unsampled: [], traced: [] };
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const way of Object.keys(WAYS) as Way[])
        costs[way].push(await inProcess(way, runs, `http://127.0.0.1:${receiver.port}`));
  } finally {
    receiver.stop();
  }
  return costs;
}

async function inProcess(way: Way, runs: number, endpoint: string): Promise<StepCost> {
  const args = ['--way', way, '--runs', String(runs), '--endpoint', endpoint];
  const child = fork(import.meta.filename, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [cost] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the measurement of '${way}' gave nothing`))),
  ]);
  await once(child, 'exit');
  return cost as StepCost;
}

function measure(way: Way, runs: number, endpoint: string): Promise<StepCost> {
  const workflow = chain(10);
  return inFolder(async (path) => {
    const store = definePlugin({ name: 'sqlite', kind: 'event-store', create: () => createSqliteStorage({ path }) });
    const reprise = await createReprise({ workflows: [workflow], plugins: [store, ...WAYS[way](endpoint)] });
    await reprise.start();
    try {
      let whole: NodeJS.CpuUsage | undefined;
      let [before, clock] = [0, 0];
      const engine = await cpuPerStep(reprise, workflow.definition.name, runs, () => {
        whole = process.cpuUsage(whole);
        const now = performance.now();
        [before, clock] = [now, now - before];
        return process.threadCpuUsage();
      });
      const { user, system } = whole ?? { user: 0, system: 0 };
      return { engine, process: (user + system) / (runs * 10), clock: (clock * 1000) / (runs * 10) };
    } finally {
      await reprise.stop();
    }
  });
}

async function startReceiver(): Promise<{ readonly port: number; stop(): void }> {
  const child = fork(import.meta.filename, ['--receive'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  return { port, stop: () => child.kill() };
}

function receive(): void {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}

type Pick = (values: readonly number[]) => number;

const least: Pick = (values) => Math.min(...values);
const median: Pick = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function say(costs: Readonly<Record<Way, readonly StepCost[]>>): void {
  const figure = (of: keyof StepCost, way: Way, pick: Pick): string => {
    const [cost, without] = [costs[way], costs.without].map((all) => pick(all.map((one) => one[of])));
    return `${cost?.toFixed(1)} (${(((cost ?? 0) / (without ?? 1) - 1) * 100).toFixed(1)} %)`.padEnd(16);
  };
  console.log('µs a step  engine: least, median            process: least, median           clock: least, median');
  for (const way of Object.keys(costs) as Way[]) {
    const figures = (['engine', 'process', 'clock'] as const).flatMap((of) => [
      figure(of, way, least),
      figure(of, way, median),
    ]);
    console.log(way.padEnd(10), ...figures);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      receive: { type: 'boolean' },
      way: { type: 'string' },
      runs: { type: 'string', default: '4000' },
      rounds: { type: 'string', default: '7' },
      endpoint: { type: 'string', default: '' },
    },
  });
  const { way, runs, rounds, endpoint } = values;
  if (values.receive === true) receive();
  else if (way === undefined) say(await measureTelemetry(Number(runs), Number(rounds)));
  else {
    process.send?.(await measure(way as Way, Number(runs), endpoint));
    process.disconnect?.();
  }
}
