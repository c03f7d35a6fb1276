import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  createReprise,
  createWorker,
  defineAgent,
  definePlugin,
  type Monitor,
  remoteAgent,
  workflow,
} from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { kafkaTransport } from '@reprise/transport-kafka';
import { KafkaBroker, lacksKafka } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import { serveEventStoreDB } from './eventstoredb.ts';

// Several orchestrators and workers over a real Kafka and the protocol of EventStoreDB, all on this machine, each a process of its own: what they carry out in a
// second, what a step takes of the processor (without broker and server), and how long a run stands still whose orchestrator is killed.
// `npm run bench:cluster -- [--driver kafkajs|platformatic] [--members 1+1,2+2] [--runs 600] [--profile FOLDER]`: the last writes CPU profiles.

export interface ClusterFigures {
  readonly stepsPerSecond: number;
  /** Of all orchestrators and workers together, in µs. */
  readonly cpuPerStep: number;
  /** Of the orchestrators, and of the workers. */
  readonly cpuOf: { readonly orchestrators: number; readonly workers: number };
  /** In hundredths of all that the machine has: near 100 there is no more to be had, whatever a step costs. */
  readonly busy: number;
}

export interface ClusterOptions {
  readonly driver: 'kafkajs' | 'platformatic';
  /** A folder for a CPU profile of each process. */
  readonly profile?: string | undefined;
}

interface Settings {
  readonly driver: ClusterOptions['driver'];
  readonly brokers: string;
  readonly namespace: string;
  readonly connectionString: string;
}

type ToMember =
  /** Carries out that many runs, of so many steps, so many at once; answers `done`. */
  { readonly kind: 'run'; readonly runs: number; readonly width: number } | { readonly kind: 'usage' };

type FromMember =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done' }
  | { readonly kind: 'usage'; readonly usage: number }
  /** It drives a run that it was not seen to drive before. */
  | { readonly kind: 'drives'; readonly runId: string };

const STEPS = 10;
const SESSION_MS = 6000;

const step = remoteAgent<{ readonly n: number }, { readonly n: number }>({ name: 'step' });
const flow = chainOf(STEPS);

function chainOf(length: number) {
  let builder = workflow<{ readonly n: number }>('chain', { version: '1' }) as unknown as {
    task(id: string, agent: unknown, options: unknown): typeof builder;
    build(): ReturnType<ReturnType<typeof workflow>['build']>;
  };
  for (let index = 0; index < length; index += 1)
    builder = builder.task(`step${index}`, step, index === 0 ? {} : { after: `step${index - 1}` });
  return builder.build();
}

/** Ten-step chains, 50 at once in all; undefined, with why, where there is no Kafka. */
export async function measureCluster(
  orchestrators: number,
  workers: number,
  runs: number,
  options: ClusterOptions = { driver: 'kafkajs' },
): Promise<ClusterFigures> {
  return withCluster(orchestrators, workers, options, async (members) => {
    const driving = members.slice(0, orchestrators);
    const working = members.slice(orchestrators);
    const share = Math.ceil(runs / orchestrators);
    const round = (count: number): Promise<unknown> =>
      Promise.all(driving.map((one) => ask(one, { kind: 'run', runs: count, width: Math.ceil(50 / orchestrators) })));
    await round(Math.ceil(share / 2));
    const before = [await usageOf(driving), await usageOf(working)] as const;
    const idleBefore = idleOfMachine();
    const began = performance.now();
    await round(share);
    const seconds = (performance.now() - began) / 1000;
    const busy = 100 * (1 - (idleOfMachine() - idleBefore) / (seconds * 1000 * cpus().length));
    const steps = share * orchestrators * STEPS;
    const cpuOf = {
      orchestrators: ((await usageOf(driving)) - before[0]) / steps,
      workers: ((await usageOf(working)) - before[1]) / steps,
    };
    return { stepsPerSecond: steps / seconds, cpuPerStep: cpuOf.orchestrators + cpuOf.workers, cpuOf, busy };
  });
}

/** From the kill of one of two orchestrators until the other drives what that one had: ms, of which `sessionMs` is Kafka's patience. */
export function measureTakeOver(
  options: ClusterOptions = { driver: 'kafkajs' },
): Promise<{ readonly tookMs: number; readonly sessionMs: number }> {
  return withCluster(2, 1, options, async ([killed, heir]) => {
    if (killed === undefined || heir === undefined) throw new Error('two orchestrators are needed');
    const had = new Set<string>();
    const taken = Promise.withResolvers<number>();
    let killedAt = Number.POSITIVE_INFINITY;
    killed.on('message', (message: FromMember) => message.kind === 'drives' && had.add(message.runId));
    heir.on('message', (message: FromMember) => {
      if (message.kind === 'drives' && had.has(message.runId)) taken.resolve(performance.now() - killedAt);
    });
    for (const one of [killed, heir]) one.send({ kind: 'run', runs: 2000, width: 25 } satisfies ToMember);
    while (had.size < 10) await new Promise((resolve) => setTimeout(resolve, 50));
    killed.kill('SIGKILL');
    killedAt = performance.now();
    return { tookMs: await taken.promise, sessionMs: SESSION_MS };
  });
}

async function withCluster<T>(
  orchestrators: number,
  workers: number,
  { driver, profile }: ClusterOptions,
  work: (members: readonly ChildProcess[]) => Promise<T>,
): Promise<T> {
  const broker = await KafkaBroker.open();
  const server = await serveEventStoreDB();
  const settings = {
    driver,
    brokers: broker.address,
    namespace: `bench${randomUUID().slice(0, 8)}`,
    connectionString: server.connectionString,
  };
  const members: ChildProcess[] = [];
  try {
    for (let index = 0; index < orchestrators + workers; index += 1)
      members.push(await member(index < orchestrators ? 'orchestrator' : 'worker', settings, profile));
    const found = await work(members);
    // Profiles are written by processes that end by themselves.
    if (profile !== undefined) await Promise.all(members.map((one) => left(one)));
    return found;
  } finally {
    for (const one of members) one.kill('SIGKILL');
    server.stop();
    await broker.stop();
  }
}

async function left(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

async function member(
  role: 'orchestrator' | 'worker',
  settings: Settings,
  profile: string | undefined,
): Promise<ChildProcess> {
  const profiled =
    profile === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${role}-${randomUUID()}.cpuprofile`];
  const child = fork(import.meta.filename, [role, JSON.stringify(settings)], {
    execArgv: ['--conditions=reprise-source', ...profiled],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

function ask(child: ChildProcess, question: ToMember): Promise<FromMember> {
  const expects = question.kind === 'run' ? 'done' : question.kind;
  return new Promise((resolve) => {
    const hear = (message: FromMember): void => {
      if (message.kind !== expects) return;
      child.off('message', hear);
      resolve(message);
    };
    child.on('message', hear);
    child.send(question);
  });
}

/** ms that the processors did nothing, since the machine began. */
const idleOfMachine = (): number => cpus().reduce((sum, { times }) => sum + times.idle, 0);

/** µs of processor that they have had since they began. */
async function usageOf(members: readonly ChildProcess[]): Promise<number> {
  const answers = await Promise.all(members.map((one) => ask(one, { kind: 'usage' })));
  return answers.reduce((sum, answer) => sum + (answer.kind === 'usage' ? answer.usage : 0), 0);
}

const say = (message: FromMember): void => void process.send?.(message);

function answerUsage(): void {
  process.on('message', (message: ToMember) => {
    const { user, system } = process.cpuUsage();
    if (message.kind === 'usage') say({ kind: 'usage', usage: user + system });
  });
  process.on('disconnect', () => process.exit());
}

async function work(settings: Settings): Promise<void> {
  const agent = defineAgent({
    name: 'step',
    concurrency: 100,
    handle: ({ input }: { input: { readonly n: number } }) => ({ n: input.n + 1 }),
  });
  const worker = await createWorker({ agents: [agent], plugins: [kafkaTransport(kafkaOf(settings))] });
  await worker.start();
}

const kafkaOf = ({ brokers, namespace, driver }: Settings) => ({ brokers, namespace, driver, sessionMs: SESSION_MS });

async function orchestrate(settings: Settings): Promise<void> {
  const seen = new Set<string>();
  const tells: Monitor = {
    name: 'tells',
    onEvent: () => undefined,
    onNotice: (notice) => {
      if (notice.kind !== 'dispatched' || seen.has(notice.runId)) return;
      seen.add(notice.runId);
      say({ kind: 'drives', runId: notice.runId });
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const { connectionString, namespace } = settings;
  const reprise = await createReprise({
    workflows: [flow],
    plugins: [
      kafkaTransport(kafkaOf(settings)),
      eventstoredbEventStore({ connectionString, namespace }),
      definePlugin({ name: 'tells', kind: 'monitor', create: () => tells }),
    ],
  });
  await reprise.start();
  const carryOut = async (runs: number, width: number): Promise<void> => {
    let left = runs;
    const loop = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await (await reprise.startRun<unknown>('chain', { n: 0 })).result();
      }
    };
    await Promise.all(Array.from({ length: width }, loop));
    say({ kind: 'done' });
  };
  process.on('message', (message: ToMember) => {
    if (message.kind === 'run') void carryOut(message.runs, message.width);
  });
}

const [role, json = '{}'] = process.argv.slice(2);
if (import.meta.main && (role === 'orchestrator' || role === 'worker')) {
  answerUsage();
  await (role === 'worker' ? work : orchestrate)(JSON.parse(json) as Settings);
  say({ kind: 'ready' });
} else if (import.meta.main) {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { driver: text, members: text, runs: text, profile: text } });
  const { members = '1+1,2+2,2+3,4+2', runs = '600', profile } = values;
  const drivers = (['kafkajs', 'platformatic'] as const).filter((one) => one === (values.driver ?? one));
  const isWrong =
    !['kafkajs', 'platformatic', undefined].includes(values.driver) ||
    !members.split(',').every((pair) => /^[1-9]\d?\+[1-9]\d?$/.test(pair)) ||
    !(Number(runs) >= 1);
  if (isWrong) {
    console.error(
      'Usage: [--driver kafkajs|platformatic] [--members ORCHESTRATORS+WORKERS,…] [--runs N] [--profile FOLDER]',
    );
    process.exit(2);
  }
  const lacking = await lacksKafka();
  if (lacking !== undefined) console.log(`not measured: ${lacking}`);
  else
    for (const driver of drivers) {
      for (const pair of members.split(',')) {
        const [orchestrators = 1, workers = 1] = pair.split('+').map(Number);
        const { stepsPerSecond, cpuPerStep, cpuOf, busy } = await measureCluster(orchestrators, workers, Number(runs), {
          driver,
          profile,
        });
        console.log(
          `${driver}, ${pair}: ${stepsPerSecond.toFixed(0)} steps/s, ${cpuPerStep.toFixed(0)} µs of processor a step ` +
            `(${cpuOf.orchestrators.toFixed(0)} of orchestrators, ${cpuOf.workers.toFixed(0)} of workers), ${busy.toFixed(0)} % of the machine`,
        );
      }
      if (profile === undefined) console.log(driver, await measureTakeOver({ driver }));
    }
}
