import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createReprise, definePlugin, type Monitor, type Plugin } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { batch } from './cpu.ts';
import { chain, inFolder } from './setup.ts';

// What the OpenTelemetry monitor costs the loop of durable steps. A receiver in a process of its own takes what is sent and throws it away.
// node --conditions=reprise-source test/bench/telemetry.ts [--way traced] [--blocks 40] [--runs 200]

/** What the monitor is asked to do where it is on; `idle` is a monitor that does nothing, by which it is seen how exact the measurement is. */
const WAYS = {
  idle: () => idle(),
  unsampled: (endpoint: string) => openTelemetryMonitor({ endpoint, sampling: 0 }),
  traced: (endpoint: string) => openTelemetryMonitor({ endpoint }),
} satisfies Readonly<Record<string, (endpoint: string) => Plugin<'monitor'>>>;

type Way = keyof typeof WAYS;

/** For one durable step, µs. */
export interface StepCost {
  /** Processor time of the engine's thread. */
  readonly engine: number;
  /** Of the whole process, with what is sent. */
  readonly process: number;
  /** Of the clock: one step after the other, of fifty runs. */
  readonly clock: number;
}

/** Each block of runs, with the monitor off and on. */
export interface Blocks {
  readonly off: readonly StepCost[];
  readonly on: readonly StepCost[];
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

/**
 * In one engine the monitor is off and on by turns, for `runs` ten-step runs each time (off, on, on, off …): what the machine does besides changes both alike.
 * One that does nothing is within 2 % that way.
 */
export async function measureTelemetry(way: Way, runs = 200, blocks = 40): Promise<Blocks> {
  const receiver = await startReceiver();
  const toggle = new Toggle(WAYS[way](`http://127.0.0.1:${receiver.port}`));
  const costs = { off: [] as StepCost[], on: [] as StepCost[] };
  try {
    await inFolder(async (path) => {
      const store = definePlugin({ name: 'sqlite', kind: 'event-store', create: () => createSqliteStorage({ path }) });
      const workflow = chain(10);
      const reprise = await createReprise({ workflows: [workflow], plugins: [store, toggle.plugin] });
      await reprise.start();
      try {
        for (let block = -WARM_UP; block < 2 * blocks; block += 1) {
          toggle.on = [1, 2].includes(((block % 4) + 4) % 4);
          const cost = await costOf(runs * 10, toggle, () => batch(reprise, workflow.definition.name, runs));
          if (block >= 0) costs[toggle.on ? 'on' : 'off'].push(cost);
        }
      } finally {
        await reprise.stop();
      }
    });
  } finally {
    receiver.stop();
  }
  return costs;
}

const WARM_UP = 12;

/** A monitor that can be turned off between runs. */
class Toggle {
  on = true;
  readonly plugin: Plugin<'monitor'>;
  #monitor: Monitor | undefined;

  constructor(inner: Plugin<'monitor'>) {
    this.plugin = definePlugin({
      name: inner.name,
      kind: 'monitor',
      create: async (context) => {
        const monitor = await inner.create(context);
        this.#monitor = monitor;
        return {
          name: monitor.name,
          watch: (engine) => monitor.watch?.(engine),
          onEvent: (event) => (this.on ? monitor.onEvent(event) : undefined),
          onNotice: (notice) => (this.on ? monitor.onNotice?.(notice) : undefined),
          within: (attempt, work) => (this.on && monitor.within !== undefined ? monitor.within(attempt, work) : work()),
          forceFlush: () => monitor.forceFlush(),
          shutdown: () => monitor.shutdown(),
        };
      },
    });
  }

  /** What of it is still to be done belongs to the block that made it. */
  async settle(): Promise<void> {
    if (this.on) await this.#monitor?.forceFlush();
  }
}

async function costOf(steps: number, toggle: Toggle, work: () => Promise<void>): Promise<StepCost> {
  const [thread, whole, began] = [process.threadCpuUsage(), process.cpuUsage(), performance.now()];
  await work();
  const clock = (performance.now() - began) * 1000;
  const engine = sum(process.threadCpuUsage(thread));
  await toggle.settle();
  return { engine: engine / steps, process: sum(process.cpuUsage(whole)) / steps, clock: clock / steps };
}

const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system;

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

const at = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

function say(way: Way, { off, on }: Blocks): void {
  const figures = (['engine', 'process', 'clock'] as const).map((of) => {
    const [without, with_] = [off, on].map((costs) => costs.map((cost) => cost[of]));
    const compared = [0.25, 0.5].map((share) => {
      const [before, after] = [at(without ?? [], share), at(with_ ?? [], share)];
      return `${before.toFixed(1)} → ${after.toFixed(1)} (${((after / before - 1) * 100).toFixed(1)} %)`;
    });
    return `${of}: ${compared.join(', ')}`;
  });
  console.log(way.padEnd(10), figures.join('   '));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      receive: { type: 'boolean' },
      way: { type: 'string', multiple: true, default: Object.keys(WAYS) },
      runs: { type: 'string', default: '200' },
      blocks: { type: 'string', default: '40' },
    },
  });
  const { way, runs, blocks } = values;
  if (values.receive === true) receive();
  else {
    console.log('µs a step, off → on; first quartile, median of the blocks');
    for (const one of way as Way[]) say(one, await measureTelemetry(one, Number(runs), Number(blocks)));
  }
}
