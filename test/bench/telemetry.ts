import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReprise, definePlugin, type Monitor, type Plugin } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { cpuPerStep } from './cpu.ts';
import { chain, inFolder } from './setup.ts';

// What the OpenTelemetry monitor costs the loop of durable steps. A receiver in a process of its own takes what is sent and throws it away.

export interface TelemetryCost {
  /** Processor time of the engine's thread, µs a step: without a monitor, with one that does nothing, with traces, with none of the runs sampled. */
  readonly without: number;
  readonly idle: number;
  readonly traced: number;
  readonly unsampled: number;
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

/** The least of `rounds` measurements of each, made in turn. */
export async function measureTelemetry(runs = 2000, rounds = 5): Promise<TelemetryCost> {
  const receiver = await startReceiver();
  const endpoint = `http://127.0.0.1:${receiver.port}`;
  const ways = {
    without: () => [],
    idle: () => [idle()],
    traced: () => [openTelemetryMonitor({ endpoint })],
    unsampled: () => [openTelemetryMonitor({ endpoint, sampling: 0 })],
  } satisfies Readonly<Record<keyof TelemetryCost, () => readonly Plugin<'monitor'>[]>>;
  const least: Record<string, number> = {};
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const [name, monitors] of Object.entries(ways))
        least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, await measure(monitors(), runs));
  } finally {
    receiver.stop();
  }
  return least as unknown as TelemetryCost;
}

function measure(monitors: readonly Plugin<'monitor'>[], runs: number): Promise<number> {
  const workflow = chain(10);
  return inFolder(async (path) => {
    const store = definePlugin({ name: 'sqlite', kind: 'event-store', create: () => createSqliteStorage({ path }) });
    const reprise = await createReprise({ workflows: [workflow], plugins: [store, ...monitors] });
    await reprise.start();
    try {
      return await cpuPerStep(reprise, workflow.definition.name, runs, () => process.threadCpuUsage());
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

if (import.meta.main) {
  if (process.argv.includes('--receive')) receive();
  else {
    const cost = await measureTelemetry();
    for (const [name, value] of Object.entries(cost))
      console.log(name.padEnd(10), value.toFixed(1), 'µs/step', `${((100 * value) / cost.without - 100).toFixed(1)} %`);
  }
}
