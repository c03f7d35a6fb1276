import {
  type Agent,
  createInProcessTransport,
  createReprise,
  createWorker,
  decodeEvent,
  definePlugin,
  type Json,
  type RunEvent,
  type RunOutcome,
  remoteAgent,
  type Workflow,
} from '@reprise/core';
import {
  type FaultCounts,
  type FaultyTransport,
  faultyTransport,
  type ScriptFunction,
  seededRandom,
  sequentialIds,
  type TransportFaults,
  VirtualTime,
} from '@reprise/core/testing';
import { type KillPoint, PortTaps, tappedClock, tappedStorage, tappedTransport } from './port-taps.ts';
import { createTruthStore } from './truth-store.ts';

export type Role = 'engine' | 'worker';

export interface TwoProcessesOptions {
  readonly workflow: Workflow<Json>;
  readonly agents: Readonly<Record<string, ScriptFunction>>;
  readonly faults: TransportFaults;
  readonly seed: number;
}

export interface Played {
  readonly outcome: RunOutcome;
  readonly history: readonly RunEvent[];
  readonly faults: FaultCounts;
  /** Port calls of each engine, and of each worker. */
  readonly calls: Readonly<Record<Role, readonly number[]>>;
}

interface Process {
  readonly role: Role;
  readonly taps: PortTaps;
  stop(): Promise<void>;
}

const RUN = 'talked';
const DAY_MS = 24 * 3_600_000;

/**
 * An engine and a worker, each a process of its own, with a faulty transport between them that outlives both. One of them is killed at one of its port
 * calls, and another takes its place.
 */
export class TwoProcesses {
  readonly #options: TwoProcessesOptions;
  readonly #time = new VirtualTime();
  readonly #truth = createTruthStore();
  readonly #transport: FaultyTransport;
  readonly #processes: Process[] = [];
  #told: { readonly outcome: RunOutcome } | { readonly error: unknown } | undefined;

  constructor(options: TwoProcessesOptions) {
    this.#options = options;
    const { faults, seed } = options;
    const { clock } = this.#time;
    const lasting = { ...createInProcessTransport(clock), durable: true, spans: true };
    this.#transport = faultyTransport(lasting, { faults, seed, clock });
  }

  async play(role: Role = 'engine', point?: KillPoint): Promise<Played> {
    try {
      await this.#engine(role === 'engine' ? point : undefined);
      await this.#worker(role === 'worker' ? point : undefined);
      const first = this.#processes.find((one) => one.role === role);
      await this.#time.until(() => this.#told !== undefined || first?.taps.alive === false, DAY_MS);
      if (first?.taps.alive === false) await (role === 'engine' ? this.#engine(undefined) : this.#worker(undefined));
      await this.#time.until(() => this.#told !== undefined, DAY_MS);
      if (this.#told === undefined) throw new Error('the run does not end');
      if ('error' in this.#told) throw this.#told.error;
      const callsOf = (role: Role): readonly number[] =>
        this.#processes.flatMap((one) => (one.role === role ? [one.taps.calls.length] : []));
      return {
        outcome: this.#told.outcome,
        history: this.#truth.log.map((recorded) => decodeEvent(recorded)),
        faults: { ...this.#transport.counts },
        calls: { engine: callsOf('engine'), worker: callsOf('worker') },
      };
    } finally {
      await this.#stop();
    }
  }

  #parts(point: KillPoint | undefined) {
    const taps = new PortTaps(point, () => this.#time.touch());
    const transport = { ...tappedTransport(this.#transport, taps, true), spans: true };
    const index = this.#processes.length;
    return {
      taps,
      config: {
        clock: tappedClock(this.#time.clock, taps),
        ids: sequentialIds(`p${index}`),
        random: seededRandom(index + 1),
        limits: { leaseMs: 30_000, redispatchMs: 10_000, snapshotEvery: 3 },
      },
      transport: definePlugin({ name: 'between', kind: 'transport', create: () => transport }),
    };
  }

  #begun(role: Role, taps: PortTaps, stop: () => Promise<void>): void {
    this.#processes.push({ role, taps, stop });
    // What is left of it is only let go of, so that the test can end.
    void taps.died.then(() => stop().catch(() => undefined));
  }

  async #engine(point: KillPoint | undefined): Promise<void> {
    const { taps, config, transport } = this.#parts(point);
    const create = () => tappedStorage(this.#truth.storage, taps);
    const reprise = await createReprise({
      ...config,
      plugins: [definePlugin({ name: 'kept', kind: 'event-store', create }), transport],
      workflows: [this.#options.workflow],
      agents: Object.keys(this.#options.agents).map((name) => remoteAgent({ name })),
    });
    this.#begun('engine', taps, () => reprise.stop({ drainMs: 0 }));
    const work = async (): Promise<void> => {
      await reprise.start();
      const { name } = this.#options.workflow.definition;
      const run = await reprise.startRun<unknown>(name, null, { id: RUN, requestId: 'the-start' });
      const outcome = await run.outcome();
      if (taps.alive) this.#told = { outcome };
    };
    work().catch((error: unknown) => {
      if (taps.alive) this.#told = { error };
    });
  }

  async #worker(point: KillPoint | undefined): Promise<void> {
    const { taps, config, transport } = this.#parts(point);
    const worker = await createWorker({ ...config, plugins: [transport], agents: this.#agents(taps) });
    this.#begun('worker', taps, () => worker.stop({ drainMs: 0 }));
    worker.start().catch((error: unknown) => {
      if (taps.alive) this.#told = { error };
    });
  }

  #agents(taps: PortTaps): readonly Agent<Json, unknown>[] {
    const sleep = (ms: unknown): Promise<void> =>
      new Promise((resolve) => this.#time.clock.schedule(Number(ms), () => resolve()));
    return Object.entries(this.#options.agents).map(([name, script]) => ({
      name,
      handle: (task, context) => taps.ask('agent', async () => script(task as never, { ...context, sleep })),
    }));
  }

  async #stop(): Promise<void> {
    this.#transport.heal();
    const stopped = Promise.all(this.#processes.map(({ stop }) => stop().catch(() => undefined)));
    let over = false;
    void stopped.then(() => {
      over = true;
    });
    await this.#time.until(() => over, DAY_MS);
    await this.#transport.stop();
  }
}
