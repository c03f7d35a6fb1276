import {
  type AdmissionConfig,
  createInProcessTransport,
  createReprise,
  definePlugin,
  type Json,
  type Orchestrator,
  type RunOutcome,
  type Storage,
  type Workflow,
  workflow,
} from '@reprise/core';
import {
  type FaultyTransport,
  faultyTransport,
  ManualClock,
  seededRandom,
  sequentialIds,
  type TransportFaults,
  VirtualTime,
} from '@reprise/core/testing';
import { mortalTransport } from '../../../core/src/testing/mortal-transport.ts';
import { faultyStorage, type StoreFaults } from './faulty-store.ts';
import { type Call, randomAgents } from './random-agents.ts';
import { randomStrategy } from './random-team.ts';
import { CHILD } from './random-workflow.ts';
import { createTruthStore, type TruthStore } from './truth-store.ts';

export interface WorldOptions {
  /** What the truth is kept in, one that does real I/O. Default: in memory. */
  readonly storage?: Storage | undefined;
  /** Reads what the truth is kept in without trouble. Default: `storage`. */
  readonly calm?: Storage | undefined;
  readonly seed: number;
  readonly workflow: Workflow<Json, Json>;
  readonly store: StoreFaults;
  readonly transport: TransportFaults;
  /** Crashes that may happen in all. */
  readonly crashes: number;
  /** Default: no limits. */
  readonly admission?: AdmissionConfig | undefined;
}

/** One operating system process, so to speak: an engine, its transport, its agents. */
export interface Process {
  readonly index: number;
  readonly reprise: Orchestrator;
  alive: boolean;
  /** What its user was told about the run. */
  outcome?: RunOutcome | { readonly error: unknown };
}

/** Time stands still while a storage does its I/O, for so long at the most, in ms. */
export const IO_MS = 10_000;

/** What the random workflows run as a child. */
const child = workflow<Json>(CHILD).task('only', 'worker', { retry: 2 }).build() as Workflow<Json, Json>;

/** Processes that come and go over one store, in virtual time. */
export class World {
  readonly time: VirtualTime;
  readonly truth: TruthStore;
  readonly calls: Call[] = [];
  /** The most calls of one agent of one process at once. */
  mostAtOnce = 0;
  readonly processes: Process[] = [];
  readonly #options: WorldOptions;
  readonly #dice: () => number;
  #crashes = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { storage, calm } = options;
    this.time = new VirtualTime(new ManualClock(), storage === undefined ? {} : { patienceMs: IO_MS });
    this.truth = createTruthStore(storage, storage === undefined ? undefined : () => this.time.begin(), calm?.events);
    this.#dice = seededRandom(options.seed);
  }

  get living(): readonly Process[] {
    return this.processes.filter(({ alive }) => alive);
  }

  /** A new process, not started. */
  async spawn(): Promise<Process> {
    const { workflow: random, seed } = this.#options;
    const index = this.processes.length;
    const { clock } = this.time;
    const alive = (): boolean => this.processes[index]?.alive ?? true;
    const touch = (): void => this.time.touch();
    const reprise = await createReprise({
      plugins: [
        definePlugin({ name: 'faulty', kind: 'event-store', create: () => this.#storageFor(index, alive) }),
        definePlugin({
          name: 'faulty-transport',
          kind: 'transport',
          create: () => this.#transportFor(index, alive),
        }),
        definePlugin({ name: 'random-team', kind: 'scheduler', create: () => randomStrategy }),
      ],
      workflows: [random, child],
      agents: randomAgents({
        seed,
        process: index,
        definition: random.definition,
        clock,
        calls: this.calls,
        atOnce: (calls) => {
          this.mostAtOnce = Math.max(this.mostAtOnce, calls);
        },
        seen: () => this.truth.log.length,
        touch,
      }),
      clock,
      ids: sequentialIds(`p${index}`),
      random: this.#dice,
      ...(this.#options.admission === undefined ? {} : { admission: this.#options.admission }),
      limits: { snapshotEvery: 3, maxCachedTasks: this.#dice() < 0.3 ? 1 : 1000, maxPayloadChars: 20_000 },
    });
    const process: Process = { index, reprise, alive: true };
    this.processes.push(process);
    return process;
  }

  /** Ends a process as `kill -9` would: it hears and does nothing more. */
  kill(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    // What is left of it is only let go of, so that the test can end.
    process.reprise.stop({ drainMs: 0 }).catch(() => undefined);
  }

  #transportFor(index: number, alive: () => boolean): FaultyTransport {
    const { transport: faults, seed } = this.#options;
    const { clock } = this.time;
    const inner = mortalTransport(this.time.watchTransport(createInProcessTransport(clock)), alive);
    return faultyTransport(inner, { faults, seed: seed + index, clock });
  }

  #storageFor(index: number, alive: () => boolean) {
    const { store, crashes } = this.#options;
    return faultyStorage(this.truth.storage, {
      faults: store,
      dice: this.#dice,
      alive,
      pass: async () => {
        this.time.touch();
        if (this.#dice() < 0.1)
          await new Promise<void>((resolve) => this.time.clock.schedule(Math.floor(this.#dice() * 20), resolve));
      },
      crash: () => {
        const process = this.processes[index];
        if (process === undefined || this.#crashes >= crashes) return;
        this.#crashes += 1;
        this.kill(process);
      },
    });
  }
}
