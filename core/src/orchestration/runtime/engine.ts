import type { Storage } from '../../event-store/storage.ts';
import type { Clock, Ids, Random } from '../../shared/clock.ts';
import { RepriseError } from '../../shared/errors.ts';
import { nextTurn } from '../../shared/system.ts';
import { COMMAND_CHANNEL, COMMAND_GROUP, HEARTBEAT_CHANNEL } from '../messaging/channels.ts';
import type { Heartbeat, WorkerCommand } from '../messaging/messages.ts';
import type { Delivery, Transport, TransportSubscription } from '../messaging/transport.ts';
import type { ListRuns } from '../reading/run-list.ts';
import { RunReader } from '../reading/run-reader.ts';
import { runIndex } from '../reading/views/built-in/run-index.ts';
import type { Views } from '../reading/views/views.ts';
import type { Command, Timer } from '../workflow/commands.ts';
import { isTerminal, type RunState } from '../workflow/state.ts';
import { AgentWorker } from './agent-worker.ts';
import { ChildRuns } from './child-runs.ts';
import { Dispatcher } from './dispatcher.ts';
import { ForkRuns } from './fork-runs.ts';
import { HEART, type Heart } from './heart.ts';
import { type CommandOutcome, Inboxes, type InboxItem } from './inbox.ts';
import type { MonitorHub } from './monitor-hub.ts';
import type { EngineOptions } from './options.ts';
import { attemptLost, recoverOpenRuns } from './recovery.ts';
import type { Registry } from './registry.ts';
import type { RunHold } from './run-hold.ts';
import { RunRepository } from './run-repository.ts';
import { RunWaiters } from './run-waiters.ts';
import { RunWriter } from './run-writer.ts';
import { timerCommand } from './timer-table.ts';

/** What the engine is made of; the container brings it. */
export interface EngineParts {
  readonly storage: Storage;
  readonly transport: Transport;
  readonly registry: Registry;
  readonly monitors: MonitorHub;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly options: EngineOptions;
  readonly views?: Views;
  /** How runs are listed where the store has no catalog. */
  readonly listRuns?: ListRuns | undefined;
  /** For tests: the pure functions of a turn. */
  readonly heart?: Heart;
}

/** Commands that may wait for their append at once: the back-pressure on workers. */
const COMMANDS_UNACKNOWLEDGED = 10_000;

/** How long a stop waits for appends under way at the least, in ms. */
const APPENDS_MS = 5000;

/**
 * The loop of architecture.md section 2, in one process.
 *
 * A new engine only adds the events of commands to histories (so that several processes can share a store). drive() makes it
 * the one that carries them out: it recovers open runs, schedules, dispatches, runs agents and timers, until stop().
 */
export class Engine {
  readonly waiters = new RunWaiters();
  readonly #parts: EngineParts;
  readonly #repository: RunRepository;
  readonly #reader: RunReader;
  readonly #inboxes: Inboxes;
  readonly #writer: RunWriter;
  readonly #dispatcher: Dispatcher;
  readonly #worker: AgentWorker;
  readonly #subscriptions: TransportSubscription[] = [];
  #state: 'adding' | 'driving' | 'stopping' | 'stopped' = 'adding';

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { storage, registry, options, transport, monitors, clock } = parts;
    const workerId = `worker-${parts.ids.next()}`;
    const { heart = HEART } = parts;
    const repository = new RunRepository(storage, registry, options, heart);
    this.#repository = repository;
    const writer = new RunWriter({
      ...parts,
      store: storage.events,
      id: workerId,
      repository,
      heart,
      post: (runId, item) => this.#inboxes.post(runId, item),
      stood: (runId) => this.waiters.ended(runId),
      drives: () => this.#state === 'driving' || this.#state === 'stopping',
      stopping: () => this.#state === 'stopping' || this.#state === 'stopped',
      busy: (runId) => this.#inboxes.busy(runId),
      carryOut: (run, effects) => this.#dispatcher.carryOut(run, effects),
      ended: (state) => this.waiters.ended(state.runId, state),
    });
    this.#writer = writer;
    this.#inboxes = new Inboxes((runId, items) => writer.turn(runId, items));
    const post = (runId: string, item: InboxItem): void => this.#inboxes.post(runId, item);
    const reader = new RunReader(storage, { list: parts.listRuns });
    this.#reader = reader;
    const children = new ChildRuns({ registry, reader, clock, options, post });
    this.#dispatcher = new Dispatcher({
      children,
      forks: new ForkRuns({ reader, clock, options, monitors, post }),
      transport,
      registry,
      monitors,
      clock,
      options,
      source: 'reprise/orchestrator',
      fireTimer: (runId, timer, at) => this.#fireTimer(runId, timer, at),
      leaseExpired: (runId, taskId, attempt) => this.#leaseExpired(runId, taskId, attempt),
      redispatch: (runId) => this.#inboxes.post(runId, { refresh: true }),
      runClosed: (state) => this.waiters.ended(state.runId, state),
    });
    this.#worker = new AgentWorker({ id: workerId, agents: registry.agents, transport, monitors, clock, options });
  }

  /** Takes the driving over. Resolves to the number of open runs that were set moving. When it rejects, it may be tried again. */
  async drive(): Promise<number> {
    if (this.#state !== 'adding')
      throw new RepriseError('REPRISE_STOPPED', 'The engine was started already, or has stopped.');
    this.#state = 'driving';
    try {
      return await this.#drive();
    } catch (error) {
      for (const subscription of this.#subscriptions.splice(0)) await subscription.close();
      await this.#worker.withdraw();
      this.#dispatcher.stop();
      // Unless it was stopped meanwhile.
      if (this.#state === 'driving') this.#state = 'adding';
      throw error;
    }
  }

  async #drive(): Promise<number> {
    const { storage, transport, views } = this.#parts;
    await transport.start();
    const options = { concurrency: COMMANDS_UNACKNOWLEDGED };
    this.#subscriptions.push(
      await transport.subscribe(COMMAND_CHANNEL, COMMAND_GROUP, (delivery) => this.#onCommand(delivery), options),
      await transport.subscribe(HEARTBEAT_CHANNEL, COMMAND_GROUP, (delivery) => this.#onHeartbeat(delivery), options),
    );
    // A view of the runs is trusted once it has had everything that was there when the driving began.
    if (storage.catalog === undefined) await views?.reachEnd(runIndex.name);
    const recovered = await recoverOpenRuns(this.#reader, this.#inboxes, transport.durable);
    await this.#worker.start();
    return recovered;
  }

  /** Hands a command to its run. Resolves once its events are durable; rejects when they cannot be added. */
  submit(command: Command): Promise<CommandOutcome> {
    if (this.#state === 'stopping' || this.#state === 'stopped') {
      return Promise.reject(
        new RepriseError('REPRISE_STOPPED', 'The orchestrator is stopping and takes no more commands.'),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<CommandOutcome>();
    this.#inboxes.post(command.runId, { command, done: resolve, failed: reject });
    return promise;
  }

  /** Another process changed the run: look at it again. */
  refresh(runId: string): void {
    if (this.#state === 'driving') this.#inboxes.post(runId, { refresh: true });
  }

  /**
   * The state of a run as the driver has it now, not to be changed; undefined when it has to be read. An end that may not be durable
   * yet is not told.
   */
  cachedState(runId: string): RunState | undefined {
    if (this.#state !== 'driving') return undefined;
    const state = this.#repository.cached(runId)?.state;
    return state !== undefined && isTerminal(state.status) && this.#inboxes.busy(runId) ? undefined : state;
  }

  /** Why an open run does not move in this process; undefined when nothing is known that holds it. */
  holdOf(runId: string): RunHold | undefined {
    return this.#writer.holdOf(runId);
  }

  /** Attempts that agents work on now. */
  get running(): number {
    return this.#worker.running;
  }

  /** Drains: waits up to `drainMs` for attempts under way, then for every append, then lets go of everything. */
  async stop(drainMs: number): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return;
    const drove = this.#state === 'driving';
    this.#state = 'stopping';
    if (drove) await this.#worker.stop(drainMs);
    // The last results are on their way to their inboxes.
    await nextTurn();
    await this.#idle(Math.max(drainMs, APPENDS_MS));
    this.#state = 'stopped';
    this.#dispatcher.stop();
    if (drove) await this.#parts.transport.stop();
    this.waiters.close();
  }

  /** Waits for every append, but not for ever for a store that does not answer: what it has not taken by then, it may take yet. */
  async #idle(limitMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#parts.clock.schedule(limitMs, late.resolve);
    await Promise.race([this.#inboxes.idle(), late.promise]);
    timer.cancel();
  }

  /** Ends a drain that is under way: what still runs is aborted. */
  abandon(): void {
    this.#worker.abandon();
  }

  #onCommand(delivery: Delivery): void {
    const command = delivery.envelope.data as unknown as WorkerCommand;
    if (command.type === 'StartTask') this.#dispatcher.open.heard(command.runId, command.taskId, command.attempt);
    const item: InboxItem = {
      command,
      done: () => delivery.ack(),
      failed: (error) => delivery.nack({ reason: String(error), delayMs: 1000 }),
    };
    this.#inboxes.post(command.runId, item);
  }

  #onHeartbeat(delivery: Delivery): void {
    const { envelope } = delivery;
    const heartbeat = envelope.data as unknown as Heartbeat;
    const { taskId, attempt, progress } = heartbeat;
    this.#dispatcher.open.heard(envelope.runid, taskId, attempt);
    if (progress !== undefined)
      this.#parts.monitors.notice({ kind: 'progress', runId: envelope.runid, taskId, attempt, progress });
    delivery.ack();
  }

  #fireTimer(runId: string, timer: Timer, at: number): void {
    // Should it fail, the timer is derived again when the run is next read.
    this.#inboxes.post(runId, { command: timerCommand(runId, timer, at) });
  }

  #leaseExpired(runId: string, taskId: string, attempt: number): void {
    // Its worker is this process, which was only asleep (a laptop that was closed) or busy.
    if (this.#worker.holds(runId, taskId, attempt)) return;
    this.#inboxes.post(runId, {
      derive: (state) => [attemptLost(state, taskId, attempt, 'its worker was silent for too long')],
    });
  }
}
