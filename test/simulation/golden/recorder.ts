import { writeFileSync } from 'node:fs';
import {
  type AgentContext,
  type AgentTask,
  createInMemoryStorage,
  createInProcessTransport,
  createReprise,
  DEFAULT_ENGINE_OPTIONS,
  definePlugin,
  type EngineOptions,
  graphStrategy,
  type Orchestrator,
  readStream,
  replay,
  runStream,
  type Storage,
  type Transport,
  type Workflow,
} from '@reprise/core';
import type { AnyStrategy, OutgoingMessage } from '@reprise/core/plugin';
import { seededRandom, sequentialIds, VirtualTime } from '@reprise/core/testing';
import { Engine } from '../../../core/src/orchestration/runtime/engine.ts';
import { MonitorHub } from '../../../core/src/orchestration/runtime/monitor-hub.ts';
import { SoleOwnership } from '../../../core/src/orchestration/runtime/ownership/sole-ownership.ts';
import { Registry } from '../../../core/src/orchestration/runtime/registry.ts';
import type { Command } from '../../../core/src/orchestration/workflow/commands.ts';
import { decodeEvent } from '../../../core/src/orchestration/workflow/event-schema.ts';
import { type Golden, type GoldenEvent, goldenPath, summarise } from './golden-file.ts';

export type Work = (task: AgentTask<never>, context: AgentContext, sleep: (ms: number) => Promise<void>) => unknown;

/** What a scenario plays in: the real engine, on memory and virtual time, with ids and chance that are always the same. */
export class Stage {
  readonly time = new VirtualTime();
  readonly transport: Transport = createInProcessTransport(this.time.clock);
  /** All that was published. */
  readonly published: OutgoingMessage[] = [];
  readonly #storage: Storage = createInMemoryStorage();
  readonly #ids = sequentialIds();
  readonly #random = seededRandom(1);
  #reprise: Orchestrator | undefined;

  /** Starts an orchestrator over the store, after the one before has stopped: a restart. */
  async start(
    workflows: Workflow | readonly Workflow[],
    work: Readonly<Record<string, Work>>,
    limits: Partial<EngineOptions> = {},
    strategies: readonly AnyStrategy[] = [],
    capabilities: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<Orchestrator> {
    await this.#reprise?.stop({ drainMs: 0 });
    const { clock } = this.time;
    const watched = this.time.watchStorage(this.#storage);
    const lasting: Storage = { ...watched, events: { ...watched.events, close: async () => undefined } };
    // A stopped transport cannot be started again; scenarios that restart need none of their own.
    const carrier = this.#reprise === undefined ? this.transport : createInProcessTransport(clock);
    const transport: Transport = {
      durable: carrier.durable,
      start: () => carrier.start(),
      publish: (messages) => {
        this.published.push(...messages);
        return carrier.publish(messages);
      },
      subscribe: (...request) => carrier.subscribe(...request),
      stop: () => carrier.stop(),
    };
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.schedule(ms, resolve));
    this.#reprise = await createReprise({
      plugins: [
        definePlugin({ name: 'store', kind: 'event-store', create: () => lasting }),
        definePlugin({ name: 'transport', kind: 'transport', create: () => this.time.watchTransport(transport) }),
        ...strategies.map((one) => definePlugin({ name: one.name, kind: 'scheduler', create: () => one })),
      ],
      workflows: [workflows].flat(),
      agents: Object.entries(work).map(([name, handle]) => ({
        name,
        ...(capabilities[name] && { capabilities: capabilities[name] }),
        handle: async (task: AgentTask<never>, context: AgentContext) => handle(task, context, sleep),
      })),
      clock,
      ids: this.#ids,
      random: this.#random,
      limits,
    });
    await this.#reprise.start();
    return this.#reprise;
  }

  /** Adds the events of a command to a run that another process drives, as one that shares its store does; the driver hears nothing of it. */
  async submit(command: Command): Promise<void> {
    const { clock } = this.time;
    const client = new Engine({
      id: 'client',
      storage: this.#storage,
      ownership: new SoleOwnership(),
      transport: this.transport,
      registry: new Registry([], [], [graphStrategy]),
      monitors: new MonitorHub([], 100, clock),
      clock,
      ids: this.#ids,
      random: this.#random,
      options: DEFAULT_ENGINE_OPTIONS,
    });
    await client.submit(command);
    await client.stop(0);
  }

  /** Lets time pass until the run has ended. */
  async toEnd(runId: string): Promise<void> {
    await this.until(async () => 'stateDigest' in (await this.#last(runId)));
  }

  /** Lets time pass, timer by timer, until `holds`. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    for (let step = 0; step < 1000; step += 1) {
      await this.time.quiet();
      if (await holds()) return;
      if (this.time.clock.advanceToNext() === undefined) break;
    }
    throw new Error('The scenario stands still.');
  }

  async history(runId: string): Promise<readonly GoldenEvent[]> {
    const events: GoldenEvent[] = [];
    for await (const recorded of readStream(this.#storage.events, runStream(runId))) {
      const { revision, id, type, time, data, metadata } = recorded;
      events.push({ revision, id, type, time, data, metadata } as GoldenEvent);
    }
    // As a file has it: functions and undefined members are gone.
    return JSON.parse(JSON.stringify(events)) as GoldenEvent[];
  }

  async close(): Promise<void> {
    await this.#reprise?.stop({ drainMs: 0 });
  }

  async #last(runId: string): Promise<GoldenEvent['data']> {
    return (await this.history(runId)).at(-1)?.data ?? {};
  }
}

/** Writes the history of a run. Fails when there is such a file: a golden history is never written twice. */
export async function writeGolden(stage: Stage, name: string, about: string, runId: string): Promise<Golden> {
  const events = await stage.history(runId);
  const { state } = replay(events.map((event) => decodeEvent(event)));
  const header: Golden['header'] = {
    format: 'reprise-run',
    formatVersion: 1,
    runId,
    workflow: state.definition.name,
    version: state.definition.version,
    events: events.length,
    exportedAt: new Date(stage.time.clock.now()).toISOString(),
    about,
    expected: summarise(state),
  };
  // As an export has it: what only a store is told is left out.
  for (const { metadata } of events) delete (metadata as { sleepsUntil?: unknown }).sleepsUntil;
  const lines = [header, ...events].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(goldenPath(name), lines.join(''), { flag: 'wx' });
  return { name, header, events };
}
