import {
  type Agent,
  createInProcessTransport,
  createReprise,
  definePlugin,
  type Json,
  type Orchestrator,
  type RunOutcome,
  runStream,
  type Storage,
  type Transport,
} from '@reprise/core';
import { nextTurn } from '@reprise/core/plugin';
import { ManualClock, seededRandom, sequentialIds, VirtualTime } from '@reprise/core/testing';
import { type KillPoint, PortTaps, tappedClock, tappedStorage, tappedTransport } from './port-taps.ts';
import { failuresOf, type Press, type SweepScenario } from './sweep-scenario.ts';
import { createTruthStore, type TruthStore } from './truth-store.ts';
import { IO_MS } from './world.ts';

export const SWEEP_RUN = 'swept';
const DAY_MS = 24 * 3_600_000;

/** One call of an agent, and how many events there were when it was made. */
export interface SweepCall {
  readonly agent: string;
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly round: number;
  readonly seen: number;
}

export interface Swept {
  readonly outcome: RunOutcome;
  readonly truth: TruthStore;
  readonly calls: readonly SweepCall[];
  /** Port calls of each process, by kind. */
  readonly ports: readonly (readonly string[])[];
  /** What was there at each kill. */
  readonly kills: readonly Kill[];
}

export interface Kill {
  /** Events in the store. */
  readonly seen: number;
  /** Attempts whose outcome the transport had taken over: "swept pay/1". */
  readonly reported: readonly string[];
}

interface Process {
  readonly taps: PortTaps;
  readonly reprise: Orchestrator;
}

/** What the processes have between them. */
export interface Ports {
  /** Messages outlive the process. */
  readonly durable: boolean;
  /** The store lists its runs; else each process builds a view of them. */
  readonly listed: boolean;
  /** Of the calls, every so many are swept. Default: each. */
  readonly every?: number;
  /** Opens what their store is kept in. Default: memory. */
  readonly storage?: () => Promise<Storage>;
  /** It is elsewhere: what comes when, and so the order of calls, is not the same each time. */
  readonly remote?: boolean;
}

/** Plays a scenario over one store: in one process, and after each kill in the next. */
export class SweepWorld {
  readonly #time: VirtualTime;
  readonly #truth: TruthStore;
  readonly #storage: Storage;
  readonly #calls: SweepCall[] = [];
  readonly #kills: Kill[] = [];
  readonly #reported: string[] = [];
  readonly #scenario: SweepScenario;
  readonly #shared: Transport | undefined;
  readonly #due: Press[] = [];
  readonly #processes: Process[] = [];
  #told: { readonly outcome: RunOutcome } | { readonly error: unknown } | undefined;

  /** `storage`: what the truth is kept in. Default: memory. */
  constructor(scenario: SweepScenario, { durable, listed }: Ports, storage?: Storage) {
    this.#scenario = scenario;
    this.#time = new VirtualTime(new ManualClock(), storage === undefined ? {} : { patienceMs: IO_MS });
    this.#truth = createTruthStore(storage, storage === undefined ? undefined : () => this.#time.begin());
    const { catalog: _catalog, ...unlisted } = this.#truth.storage;
    this.#storage = listed ? this.#truth.storage : unlisted;
    this.#shared = durable ? createInProcessTransport(this.#time.clock) : undefined;
  }

  /** The first process is killed at the first point, the second at the second; the one after them lives. */
  async play(points: readonly KillPoint[] = []): Promise<Swept> {
    for (const press of this.#scenario.presses ?? []) {
      this.#time.clock.schedule(press.at, () => {
        this.#due.push(press);
        this.#press();
      });
    }
    try {
      const outcome = await this.#playToEnd(points);
      await this.#time.quiet();
      const ports = this.#processes.map(({ taps }) => [...taps.calls]);
      return { outcome, truth: this.#truth, calls: this.#calls, ports, kills: this.#kills };
    } finally {
      await this.#stop();
    }
  }

  async #playToEnd(points: readonly KillPoint[]): Promise<RunOutcome> {
    for (const point of [...points, undefined]) {
      const taps = new PortTaps(point, () => this.#time.touch());
      void taps.died.then(() => this.#kills.push({ seen: this.#truth.log.length, reported: [...this.#reported] }));
      await this.#launch(taps);
      await this.#time.until(() => this.#told !== undefined || !taps.alive, DAY_MS);
      if (!taps.alive) continue;
      if (this.#told === undefined) throw new Error('the run does not end');
      if ('error' in this.#told) throw this.#told.error;
      return this.#told.outcome;
    }
    throw new Error('the last process was killed');
  }

  /** Notes the outcomes that it takes over. */
  #noting(transport: Transport): Transport {
    return {
      durable: transport.durable,
      start: () => transport.start(),
      publish: async (messages) => {
        await transport.publish(messages);
        for (const { envelope } of messages) {
          const { type, taskId, attempt } = envelope.data as { type?: string; taskId?: string; attempt?: number };
          if (type === 'CompleteTask' || type === 'FailTask')
            this.#reported.push(`${envelope.runid} ${taskId}/${attempt}`);
        }
      },
      subscribe: (...request) => transport.subscribe(...request),
      stop: () => transport.stop(),
    };
  }

  async #launch(taps: PortTaps): Promise<void> {
    const index = this.#processes.length;
    const clock = tappedClock(this.#time.clock, taps);
    const transport = this.#shared ?? createInProcessTransport(clock);
    const reprise = await createReprise({
      plugins: [
        definePlugin({ name: 'tapped', kind: 'event-store', create: () => tappedStorage(this.#storage, taps) }),
        definePlugin({
          name: 'tapped-transport',
          kind: 'transport',
          create: () => tappedTransport(this.#noting(transport), taps, this.#shared !== undefined),
        }),
        ...(this.#scenario.plugins ?? []),
      ],
      workflows: [this.#scenario.workflow, ...(this.#scenario.others ?? [])],
      agents: this.#agents(taps),
      clock,
      ids: sequentialIds(`p${index}`),
      random: seededRandom(index + 1),
      limits: { snapshotEvery: 3 },
    });
    this.#processes.push({ taps, reprise });
    // What is left of it is only let go of, so that the test can end.
    void taps.died.then(nextTurn).then(() => reprise.stop({ drainMs: 0 }).catch(() => undefined));
    this.#live(reprise, taps).catch((error: unknown) => {
      if (taps.alive) this.#told = { error };
    });
  }

  /** The same start, whichever process makes it; then the user waits to be told how it ended. */
  async #live(reprise: Orchestrator, taps: PortTaps): Promise<void> {
    await reprise.start();
    const { workflow, input = {} } = this.#scenario;
    const { name } = workflow.definition;
    const run = await reprise.startRun<unknown>(name, input, { id: SWEEP_RUN, requestId: 'the-start' });
    this.#press();
    const outcome = await run.outcome();
    if (taps.alive) this.#told = { outcome };
  }

  /** Does what is due and not on record, one after the other. */
  #press(): void {
    const process = this.#processes.at(-1);
    if (process?.taps.alive !== true) return;
    const work = async (): Promise<void> => {
      for (const press of [...this.#due]) {
        const { done, commandId } = press;
        if (
          this.#truth.log.some(
            ({ type, data }) => type === done && (commandId === undefined || data['commandId'] === commandId),
          )
        )
          continue;
        await press.press(process.reprise.run(SWEEP_RUN));
      }
    };
    // Its process died, or the run ended before: the next process is asked again.
    work().catch(() => undefined);
  }

  #agents(taps: PortTaps): readonly Agent<Json, unknown>[] {
    const { clock } = this.#time;
    const { capability } = this.#scenario;
    return Object.entries(this.#scenario.agents).map(([name, script]) => ({
      ...(capability !== undefined && { capabilities: [capability] }),
      name,
      handle: (task, context) =>
        taps.ask('agent', async () => {
          const { runId, taskId, attempt, round } = task;
          this.#calls.push({ agent: name, runId, taskId, attempt, round, seen: this.#truth.log.length });
          const deed = script(task, failuresOf(this.#truth.log, runStream(runId), taskId));
          if (deed.hang === true) await new Promise(() => undefined);
          if (deed.wait !== undefined) await new Promise<void>((resolve) => clock.schedule(deed.wait ?? 0, resolve));
          if (deed.fail !== undefined) throw Object.assign(new Error(deed.fail), { code: deed.fail, retryable: true });
          deed.direct?.(context);
          return deed.talk === undefined ? (deed.output ?? null) : await deed.talk(context);
        }),
    }));
  }

  async #stop(): Promise<void> {
    const stopped = Promise.all(
      this.#processes.map(({ reprise }) => reprise.stop({ drainMs: 0 }).catch(() => undefined)),
    );
    let over = false;
    void stopped.then(() => {
      over = true;
    });
    await this.#time.until(() => over, DAY_MS);
    await stopped;
    await this.#shared?.stop();
  }
}
