import {
  createReprise,
  createWorker,
  defineAgent,
  definePlugin,
  type Monitor,
  type ObservedEvent,
} from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { kafkaTransport } from '@reprise/transport-kafka';
import type { Usage } from './figures.ts';
import { countRequests } from './requests.ts';
import { chain, fan, type Job, SESSION_MS } from './work.ts';

// A member of the cluster that is measured, in a process of its own: `member.ts orchestrator|worker SETTINGS`, driven over IPC.

export interface Settings {
  readonly driver: 'kafkajs' | 'platformatic';
  readonly brokers: string;
  readonly namespace: string;
  readonly connectionString: string;
}

export type ToMember =
  /** Carries out so many runs, `width` of them at once; answers `done`. */
  | {
      readonly kind: 'run';
      readonly workflow: 'chain' | 'fan';
      readonly runs: number;
      readonly width: number;
      readonly input: Job;
    }
  | { readonly kind: 'usage' }
  /** How long steps took since it was asked last. */
  | { readonly kind: 'steps' }
  /** Tells from now on which runs it drives, and which end. */
  | { readonly kind: 'watch' }
  /** Stops in order; answers `stopped`. */
  | { readonly kind: 'stop' };

export type FromMember =
  | { readonly kind: 'ready' }
  /** How long each run took; ms. */
  | { readonly kind: 'done'; readonly runs: readonly number[] }
  /** Of each step of a run that it drives, from when it was put on record to when its outcome was; ms. */
  | { readonly kind: 'steps'; readonly steps: readonly number[] }
  | { readonly kind: 'failed'; readonly why: string }
  | ({ readonly kind: 'usage' } & Usage)
  | { readonly kind: 'stopped' }
  /** It drives a run that it was not seen to drive before; or that run has ended. */
  | { readonly kind: 'drives' | 'ended'; readonly runId: string };

const say = (message: FromMember): void => void process.send?.(message);

const kafkaOf = ({ brokers, namespace, driver }: Settings) => ({ brokers, namespace, driver, sessionMs: SESSION_MS });

/** From TaskScheduled to TaskCompleted, each as it was durable. */
class StepTimes {
  readonly #scheduled = new Map<string, number>();
  #took: number[] = [];

  see({ runId, event }: ObservedEvent): void {
    const { taskId } = event.data as { readonly taskId?: string };
    const key = `${runId}/${taskId}`;
    if (event.type === 'TaskScheduled') this.#scheduled.set(key, performance.now());
    if (event.type !== 'TaskCompleted') return;
    const since = this.#scheduled.get(key);
    if (since !== undefined) this.#took.push(performance.now() - since);
    this.#scheduled.delete(key);
  }

  take(): readonly number[] {
    const took = this.#took;
    this.#took = [];
    return took;
  }
}

let appends = 0;

async function work(settings: Settings): Promise<() => Promise<void>> {
  const agent = defineAgent({
    name: 'step',
    concurrency: 100,
    handle: async ({ input }: { input: Job }) => {
      if (input.ms !== undefined) await new Promise((resolve) => setTimeout(resolve, input.ms));
      return { ...input, n: input.n + 1 };
    },
  });
  const worker = await createWorker({ agents: [agent], plugins: [kafkaTransport(kafkaOf(settings))] });
  await worker.start();
  return () => worker.stop();
}

async function orchestrate(settings: Settings): Promise<() => Promise<void>> {
  const seen = new Set<string>();
  let watched = false;
  const times = new StepTimes();
  const tells: Monitor = {
    name: 'tells',
    onEvent: (observed) => {
      times.see(observed);
      if (watched && observed.event.type === 'RunCompleted') say({ kind: 'ended', runId: observed.runId });
    },
    onNotice: (notice) => {
      if (!watched || notice.kind !== 'dispatched' || seen.has(notice.runId)) return;
      seen.add(notice.runId);
      say({ kind: 'drives', runId: notice.runId });
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const { connectionString, namespace } = settings;
  const store = eventstoredbEventStore({ connectionString, namespace });
  const reprise = await createReprise({
    workflows: [chain, fan],
    plugins: [
      kafkaTransport(kafkaOf(settings)),
      { ...store, create: async (context) => counted(await store.create(context)) },
      definePlugin({ name: 'tells', kind: 'monitor', create: () => tells }),
    ],
    limits: { monitorQueue: 200_000 },
  });
  await reprise.start();
  const carryOut = async ({ workflow, runs, width, input }: Extract<ToMember, { kind: 'run' }>): Promise<void> => {
    let left = runs;
    const took: number[] = [];
    const loop = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const since = performance.now();
        await (await reprise.startRun<unknown>(workflow, input)).result();
        took.push(performance.now() - since);
      }
    };
    await Promise.all(Array.from({ length: Math.min(width, runs) }, loop));
    say({ kind: 'done', runs: took });
  };
  process.on('message', (message: ToMember) => {
    if (message.kind === 'watch') watched = true;
    if (message.kind === 'steps') say({ kind: 'steps', steps: times.take() });
    if (message.kind !== 'run') return;
    carryOut(message).catch((error: unknown) => say({ kind: 'failed', why: String(error) }));
  });
  return () => reprise.stop();
}

/** The same storage, its appends counted. */
function counted<T extends { readonly events: { append(...args: never[]): unknown } }>(storage: T): T {
  const { append } = storage.events;
  storage.events.append = (...args) => {
    appends += 1;
    return append(...args);
  };
  return storage;
}

const [role, json = '{}'] = process.argv.slice(2);
const settings = JSON.parse(json) as Settings;
const requests = countRequests(Number(settings.brokers.split(':').at(-1)));
process.on('disconnect', () => process.exit());
const stop = await (role === 'worker' ? work : orchestrate)(settings);
process.on('message', (message: ToMember) => {
  const { user, system } = process.cpuUsage();
  if (message.kind === 'usage') say({ kind: 'usage', cpu: user + system, requests: requests(), appends });
  if (message.kind === 'stop') void stop().finally(() => say({ kind: 'stopped' }));
});
say({ kind: 'ready' });
