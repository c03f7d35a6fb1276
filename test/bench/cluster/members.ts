import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { KafkaBroker } from '../../../plugins/transport-kafka/test/support/kafka-broker.ts';
import { serveEventStoreDB } from '../eventstoredb.ts';
import type { Usage } from './figures.ts';
import type { FromMember, Settings, ToMember } from './member.ts';
import { NAMES, NO_REQUESTS } from './requests.ts';
import type { Job } from './work.ts';

/** How many of each there are. */
export interface Size {
  readonly orchestrators: number;
  readonly workers: number;
}

export interface ClusterOptions extends Size {
  readonly driver: Settings['driver'];
  /** A folder for a CPU profile of each process. */
  readonly profile?: string | undefined;
}

/** How long runs took, and their steps, in ms. */
export interface Times {
  readonly runs: readonly number[];
  readonly steps: readonly number[];
}

/** The processes of a cluster over a broker and a server of their own, all on 127.0.0.1. */
export class Members {
  readonly orchestrators: readonly ChildProcess[];
  readonly workers: readonly ChildProcess[];

  constructor(orchestrators: readonly ChildProcess[], workers: readonly ChildProcess[]) {
    this.orchestrators = orchestrators;
    this.workers = workers;
  }

  /** Runs, shared out to all orchestrators, `width` of them at once in all. */
  async run(workflow: 'chain' | 'fan', runs: number, width: number, input: Job = { n: 0 }): Promise<Times> {
    const among = Math.min(this.orchestrators.length, runs);
    const share = (all: number): number => Math.ceil(all / among);
    const job = { kind: 'run', workflow, runs: share(runs), width: share(width), input } as const;
    const done = await Promise.all(this.orchestrators.slice(0, among).map((one) => ask(one, job, 'done')));
    // Whoever starts a run does not always drive it.
    const steps = await Promise.all(this.orchestrators.map((one) => ask(one, { kind: 'steps' }, 'steps')));
    return { runs: done.flatMap((one) => one.runs), steps: steps.flatMap((one) => one.steps) };
  }

  async usage(of: readonly ChildProcess[]): Promise<Usage> {
    const answers = await Promise.all(of.map((one) => ask(one, { kind: 'usage' }, 'usage')));
    const sum = (pick: (one: Usage) => number): number => answers.reduce((total, one) => total + pick(one), 0);
    const requests = {
      ...NO_REQUESTS,
      ...Object.fromEntries(NAMES.map((name) => [name, sum((one) => one.requests[name])])),
    };
    return { cpu: sum((one) => one.cpu), appends: sum((one) => one.appends), requests };
  }
}

/** What was had between two looks. */
export function since(before: Usage, now: Usage): Usage {
  const requests = Object.fromEntries(NAMES.map((name) => [name, now.requests[name] - before.requests[name]]));
  return {
    cpu: now.cpu - before.cpu,
    appends: now.appends - before.appends,
    requests: { ...NO_REQUESTS, ...requests },
  };
}

/** Starts all of it, and ends all of it, whatever `work` does; after `limitMs` it is not waited for any longer. */
export async function withCluster<T>(
  { orchestrators, workers, driver, profile }: ClusterOptions,
  limitMs: number,
  work: (members: Members) => Promise<T>,
): Promise<T> {
  const children: ChildProcess[] = [];
  const ends: (() => unknown)[] = [];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it took more than ${limitMs / 1000} s`)), limitMs);
  const all = async (): Promise<T> => {
    const broker = await KafkaBroker.open();
    ends.push(() => broker.stop());
    const server = await serveEventStoreDB();
    ends.push(() => server.stop());
    const namespace = `bench${randomUUID().slice(0, 8)}`;
    const settings = { driver, brokers: broker.address, namespace, connectionString: server.connectionString };
    const start = async (role: 'orchestrator' | 'worker'): Promise<ChildProcess> => {
      const child = member(role, settings, profile);
      children.push(child);
      await heard(child, 'ready');
      return child;
    };
    const driving: ChildProcess[] = [];
    const working: ChildProcess[] = [];
    for (let index = 0; index < orchestrators; index += 1) driving.push(await start('orchestrator'));
    for (let index = 0; index < workers; index += 1) working.push(await start('worker'));
    const found = await work(new Members(driving, working));
    // Profiles are written by processes that end by themselves.
    if (profile !== undefined) await Promise.all(children.map((one) => left(one)));
    return found;
  };
  const running = all();
  running.catch(() => undefined);
  try {
    return await Promise.race([running, late.promise]);
  } finally {
    clearTimeout(timer);
    for (const one of children) one.kill('SIGKILL');
    for (const end of ends) await end();
  }
}

async function left(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

function member(role: 'orchestrator' | 'worker', settings: Settings, profile: string | undefined): ChildProcess {
  const profiled =
    profile === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${role}-${randomUUID()}.cpuprofile`];
  return fork(fileURLToPath(new URL('./member.ts', import.meta.url)), [role, JSON.stringify(settings)], {
    execArgv: ['--conditions=reprise-source', ...profiled],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Rejects when the member fails, or ends, before it has said it. */
export function heard<K extends FromMember['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<FromMember, { readonly kind: K }>> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', hear);
      child.off('exit', ended);
    };
    const hear = (message: FromMember): void => {
      if (message.kind !== kind && message.kind !== 'failed') return;
      settle();
      if (message.kind === 'failed') reject(new Error(message.why));
      else resolve(message as Extract<FromMember, { readonly kind: K }>);
    };
    const ended = (): void => {
      settle();
      reject(new Error(`a member ended before it said '${kind}'`));
    };
    child.on('message', hear);
    child.on('exit', ended);
  });
}

export function ask<K extends FromMember['kind']>(child: ChildProcess, question: ToMember, expects: K) {
  const answer = heard(child, expects);
  child.send(question);
  return answer;
}
