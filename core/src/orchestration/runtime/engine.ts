import type { Ownership, OwnershipChange } from '../../event-store/ownership.ts';
import type { Storage } from '../../event-store/storage.ts';
import type { Clock, Ids, Random } from '../../shared/clock.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { errorData, RepriseError } from '../../shared/errors.ts';
import type { ReceivedMessage } from '../../shared/received-message.ts';
import { nextTurn } from '../../shared/system.ts';
import { readAnnouncement } from '../messaging/announcements.ts';
import {
  COMMAND_CHANNEL,
  COMMAND_GROUP,
  HEARTBEAT_CHANNEL,
  RESULT_CHANNEL,
  WORKER_CHANNEL,
} from '../messaging/channels.ts';
import { type ClientCommand, isClientCommand } from '../messaging/client-commands.ts';
import type { DispatchTokens } from '../messaging/dispatch-tokens.ts';
import { flawOf } from '../messaging/flaw-of.ts';
import { type Heartbeat, toAllEnvelope } from '../messaging/messages.ts';
import type { Delivery, Transport, TransportSubscription } from '../messaging/transport.ts';
import type { EngineMeasures } from '../monitoring/monitor.ts';
import type { ListRuns } from '../reading/run-list.ts';
import { RunReader } from '../reading/run-reader.ts';
import { runIndex } from '../reading/views/built-in/run-index.ts';
import type { Views } from '../reading/views/views.ts';
import { type Command, isCall, type MailCall, type StartTask, type Timer } from '../workflow/commands.ts';
import { deliveredBefore } from '../workflow/effects.ts';
import type { MutexPlace, Takers, WaitingForRoom } from '../workflow/explain/explanation.ts';
import { messageId, publishedBy } from '../workflow/messaging/calls.ts';
import { heldIn } from '../workflow/messaging/received.ts';
import { isTerminal, type RunState } from '../workflow/state.ts';
import { Admission } from './admission/admission.ts';
import { type AdmissionOptions, admissionOptions } from './admission/options.ts';
import { AgentDirectory, type AgentPresence } from './agent-directory.ts';
import { ChildRuns } from './child-runs.ts';
import { CommandBorder } from './commands/command-border.ts';
import { CommandSender } from './commands/command-sender.ts';
import { RunLooks } from './commands/run-looks.ts';
import { Dispatcher } from './dispatcher.ts';
import { ForkRuns } from './fork-runs.ts';
import { HEART, type Heart } from './heart.ts';
import { type CommandOutcome, Inboxes, type InboxItem, RunMoved } from './inbox.ts';
import { startMailbox } from './mailbox-run.ts';
import type { MonitorHub } from './monitor-hub.ts';
import type { EngineOptions } from './options.ts';
import { Outboxes } from './outboxes.ts';
import { OwnedRuns } from './ownership/owned-runs.ts';
import { clusterLimits } from './permits/cluster-limits.ts';
import type { LimitLogs } from './permits/limit-logs.ts';
import { attemptLost, dueOf, recoverOpenRuns } from './recovery.ts';
import type { Registry } from './registry.ts';
import { Results } from './results.ts';
import type { RunHold } from './run-hold.ts';
import { RunRepository } from './run-repository.ts';
import { RunWaiters } from './run-waiters.ts';
import { SharedMutexes } from './shared-mutexes.ts';
import { SleepingRuns } from './sleeping-runs.ts';
import { timerCommand } from './timer-table.ts';
import { RunWriter } from './turn/run-writer.ts';

/** What the engine is made of; the container brings it. */
export interface EngineParts {
  /** Names this process in events: unique to it. */
  readonly id: string;
  readonly storage: Storage;
  /** Which runs this process drives. Default: that of the storage, or all of them. */
  readonly ownership?: Ownership;
  /** Other processes drive runs of the same store at the same time: limits hold over all of them. */
  readonly others?: boolean;
  readonly transport: Transport;
  readonly registry: Registry;
  readonly monitors: MonitorHub;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly options: EngineOptions;
  /** Default: no limits but the concurrency of agents. */
  readonly admission?: AdmissionOptions;
  /** By which results of other processes are told from forged ones. Default: they are not asked for. */
  readonly tokens?: DispatchTokens;
  readonly views?: Views;
  /** How runs are listed where the store has no catalog. */
  readonly listRuns?: ListRuns | undefined;
  /** For tests: the pure functions of a turn. */
  readonly heart?: Heart;
}

const SOURCE = 'reprise/orchestrator';

const UNVERIFIED =
  'results are not verified: there is no secret for tokens of dispatches (REPRISE_DISPATCH_SECRET), so whoever may write to reprise.results can end any attempt';

/** Commands that may wait for their append at once: the back-pressure on workers. */
const COMMANDS_UNACKNOWLEDGED = 10_000;

/** How long a stop waits until what it has of limits over all orchestrators is given back, in ms: it ends with its lease else. */
const GIVE_BACK_MS = 1000;

/** How long a stop waits for appends under way at the least, in ms. */
const APPENDS_MS = 5000;

/**
 * The loop of architecture.md section 2, in one process.
 *
 * A new engine only adds the events of commands to histories (so that several processes can share a store). drive() makes it
 * the one that carries them out: it recovers open runs, schedules, dispatches to workers and keeps timers, until stop(). Of workers it knows
 * what they say over the transport, and nothing else.
 *
 *   adding ──drive()──► driving ──drain()──► stopping ──stop()──► stopped
 */
export class Engine {
  readonly waiters = new RunWaiters();
  readonly #parts: EngineParts & { readonly ownership: Ownership };
  readonly #repository: RunRepository;
  readonly #reader: RunReader;
  readonly #inboxes: Inboxes;
  readonly #writer: RunWriter;
  readonly #admission: Admission;
  readonly #mutexes: SharedMutexes;
  /** Undefined where this process drives all runs. */
  readonly #limits: LimitLogs | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #agents: AgentDirectory;
  readonly #results: Results;
  readonly #commands: CommandBorder;
  /** Undefined where this process adds to histories what others are to carry out. */
  readonly #sender: CommandSender | undefined;
  readonly #runs: OwnedRuns;
  readonly #sleeping: SleepingRuns;
  readonly #subscriptions: TransportSubscription[] = [];
  #state: 'adding' | 'driving' | 'stopping' | 'stopped' = 'adding';

  constructor(parts: EngineParts & { readonly ownership: Ownership }) {
    this.#parts = parts;
    const { storage, registry, options, transport, monitors, clock, heart = HEART } = parts;
    const agents = new AgentDirectory({
      clock,
      sweepMs: options.leaseMs / 4,
      appeared: () => {
        if (this.#state === 'driving') this.#writer.agentsAppeared();
      },
      changed: (agent) => this.#admission.changed(agent),
      healthOf: (agent) => this.#admission.health(agent),
      call: (names) => this.#call(names),
      gone: (worker) => this.#dispatcher.rooms.forget(worker),
    });
    this.#agents = agents;
    const repository = new RunRepository(storage, registry, options, heart);
    this.#repository = repository;
    const { limits, permits, shareOf } = clusterLimits(parts, repository);
    this.#limits = limits;
    const admission = new Admission({
      clock,
      shareOf,
      options: parts.admission ?? admissionOptions(),
      capacityOf: (agent) => agents.capacityOf(agent),
      loaded: (agent, delta) => agents.addLoad(agent, delta),
      wake: (runId) => this.#inboxes.post(runId, {}),
    });
    this.#admission = admission;
    const mutexes = new SharedMutexes({ clock, permits, post: (runId, item) => this.#inboxes.post(runId, item) });
    this.#mutexes = mutexes;
    const writer = new RunWriter({
      ...parts,
      store: storage.events,
      agents,
      repository,
      heart,
      admission,
      mutexes,
      post: (runId, item) => this.#inboxes.post(runId, item),
      stood: (runId) => this.waiters.ended(runId),
      drives: (runId) => this.drives(runId),
      unsettled: () => parts.ownership.unsettled?.(),
      stopping: () => this.#state === 'stopping' || this.#state === 'stopped',
      busy: (runId) => this.#inboxes.busy(runId),
      carryOut: (run, effects) => {
        this.#sleeping.delete(run.runId);
        if (this.drives(run.runId)) this.#runs.add(run.runId);
        return this.#dispatcher.carryOut(run, effects);
      },
      endedElsewhere: (state) => this.#dispatcher.ended(state),
      ended: (state) => this.waiters.ended(state.runId, state),
    });
    this.#writer = writer;
    const spans = transport.spans === true;
    const tokens = spans ? parts.tokens : undefined;
    const { maxPayloadChars } = options;
    this.#results = new Results({ spans, tokens, monitors, clock, maxPayloadChars });
    this.#inboxes = new Inboxes((runId, items) => writer.turn(runId, items));
    this.#commands = new CommandBorder({
      results: this.#results,
      repository,
      clock,
      random: parts.random,
      maxPayloadChars,
      durable: transport.durable,
      post: (runId, item) => this.#inboxes.post(runId, item),
      takes: () => this.#state === 'driving',
    });
    if (parts.others === true) {
      const looks = new RunLooks(repository);
      const stateOf = (runId: string): Promise<RunState> => looks.look(runId);
      const drivers = () => parts.ownership.drivers?.();
      this.#sender = new CommandSender({ ...parts, store: storage.events, heart, stateOf, drivers });
    }
    const post = (runId: string, item: InboxItem): void => this.#inboxes.post(runId, item);
    const reader = new RunReader(storage, { list: parts.listRuns });
    this.#reader = reader;
    const children = new ChildRuns({ registry, reader, clock, options, post });
    this.#dispatcher = new Dispatcher({
      children,
      outboxes: new Outboxes({ clock, againMs: options.redispatchMs, post, mailbox: startMailbox }),
      forks: new ForkRuns({ reader, clock, options, monitors, post }),
      transport,
      admission,
      monitors,
      clock,
      options,
      source: SOURCE,
      tokens,
      fireTimer: (runId, timer, at) => this.#fireTimer(runId, timer, at),
      leaseExpired: (runId, taskId, attempt) => this.#leaseExpired(runId, taskId, attempt),
      redispatch: (runId) => this.#inboxes.post(runId, { refresh: true }),
      stateOf: (runId) => this.#repository.cached(runId)?.state,
      runClosed: (state) => {
        this.#runs.delete(state.runId);
        this.waiters.ended(state.runId, state);
      },
    });
    this.#sleeping = new SleepingRuns(clock, (runId) => {
      if (!this.drives(runId)) return;
      post(runId, { refresh: true, derive: (state, now) => dueOf(state, heart.openEffects, now) });
    });
    this.#runs = new OwnedRuns({
      clock,
      ownership: parts.ownership,
      recover: (takes) => this.#recover(takes),
      letGo: (runId) => this.#letGo(runId),
      failed: (error) => {
        const message = `cannot take up runs that fell to this process: ${String(error)}`;
        monitors.notice({ kind: 'log', level: 'error', message });
      },
    });
  }

  /**
   * Takes the driving over, over a transport that has started. Resolves to the number of open runs that were set moving. When it rejects,
   * it may be tried again.
   */
  async drive(): Promise<number> {
    if (this.#state !== 'adding')
      throw new RepriseError('REPRISE_STOPPED', 'The engine was started already, or has stopped.');
    this.#state = 'driving';
    try {
      return await this.#drive();
    } catch (error) {
      await this.#unsubscribe();
      this.#agents.clear();
      this.#dispatcher.stop();
      this.#admission.clear();
      this.#mutexes.clear();
      this.#limits?.clear();
      this.#sleeping.clear();
      this.#runs.clear();
      // Unless it was stopped meanwhile.
      if (this.#state === 'driving') this.#state = 'adding';
      throw error;
    }
  }

  async #drive(): Promise<number> {
    const { transport } = this.#parts;
    const options = { group: COMMAND_GROUP, concurrency: COMMANDS_UNACKNOWLEDGED };
    this.#subscriptions.push(
      await transport.subscribe(RESULT_CHANNEL, (delivery) => this.#onResult(delivery), options),
      await transport.subscribe(HEARTBEAT_CHANNEL, (delivery) => this.#onHeartbeat(delivery), options),
      await transport.subscribe(WORKER_CHANNEL, (delivery) => this.#onWorker(delivery), { broadcast: true }),
    );
    if (transport.spans === true) await this.#openBorder();
    await this.#callTheRoll();
    return this.#runs.takeUp();
  }

  /** Where others can reach the transport. */
  async #openBorder(): Promise<void> {
    const { transport, tokens, monitors } = this.#parts;
    const options = { group: COMMAND_GROUP, concurrency: COMMANDS_UNACKNOWLEDGED };
    this.#subscriptions.push(
      await transport.subscribe(COMMAND_CHANNEL, (delivery) => this.#commands.take(delivery), options),
    );
    if (tokens?.enabled !== true) monitors.notice({ kind: 'log', level: 'warn', message: UNVERIFIED });
  }

  /** Workers announce themselves when they start, which may have been before. Those of this process have answered when this resolves. */
  async #callTheRoll(): Promise<void> {
    const { transport, id, clock } = this.#parts;
    const at = clock.now();
    const envelope = toAllEnvelope('roll-call', { id: `${id}/roll-call/${at}`, source: id, at }, {});
    await transport.publish([{ channel: WORKER_CHANNEL, envelope }]);
    await nextTurn();
    for (const agent of this.#parts.registry.expected) this.#agents.wants(agent);
  }

  /** Does not reject: it is asked again when a worker announces itself. */
  #call(agents: readonly string[]): void {
    if (this.#state !== 'driving') return;
    const { transport, id, clock, monitors } = this.#parts;
    const at = clock.now();
    const envelope = toAllEnvelope('roll-call', { id: `${id}/roll-call/${at}`, source: id, at }, { agents });
    transport.publish([{ channel: WORKER_CHANNEL, envelope }]).catch((error: unknown) => {
      const message = `workers were not asked for ${agents.slice(0, 10).join(', ')}: ${String(error)}`;
      monitors.notice({ kind: 'log', level: 'warn', message });
    });
  }

  async #unsubscribe(): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) await subscription.close();
  }

  /** Hands a command to its run. Resolves once its events are durable; rejects when they cannot be added. */
  submit(command: Command): Promise<CommandOutcome> {
    if (this.#state === 'stopping' || this.#state === 'stopped') {
      return Promise.reject(
        new RepriseError('REPRISE_STOPPED', 'The orchestrator is stopping and takes no more commands.'),
      );
    }
    const sender = isClientCommand(command) ? this.#sender : undefined;
    if (sender !== undefined && !this.drives(command.runId)) return sender.send(command as ClientCommand);
    const { promise, resolve, reject } = Promise.withResolvers<CommandOutcome>();
    this.#inboxes.post(command.runId, {
      command,
      ...(sender === undefined ? {} : { fromOutside: true }),
      done: resolve,
      failed: (error) => {
        if (error instanceof RunMoved && sender !== undefined) resolve(sender.send(command as ClientCommand));
        else reject(error);
      },
    });
    return promise;
  }

  /** Whether a command goes over the transport, to whoever drives its run. */
  sends(command: Command): boolean {
    return this.#sender !== undefined && isClientCommand(command) && !this.drives(command.runId);
  }

  /** Whether this process decides what becomes of the run. */
  drives(runId: string): boolean {
    return (this.#state === 'driving' || this.#state === 'stopping') && this.#parts.ownership.owns(runId);
  }

  /** Another process changed the run: look at it again. */
  refresh(runId: string): void {
    if (this.#state === 'driving' && this.drives(runId)) this.#inboxes.post(runId, { refresh: true });
  }

  /** Another process changed a stream that is none of a run. */
  heard(stream: string): void {
    this.#limits?.heard(stream);
  }

  /** Runs have fallen to this process, or to others. */
  ownershipChanged(change: OwnershipChange): void {
    if (this.#state === 'driving') this.#runs.changed(change);
  }

  /**
   * The state of a run as the driver has it now, not to be changed; undefined when it has to be read. An end that may not be durable
   * yet is not told.
   */
  cachedState(runId: string): RunState | undefined {
    if (this.#state !== 'driving' || !this.drives(runId)) return undefined;
    const state = this.#repository.cached(runId)?.state;
    return state !== undefined && isTerminal(state.status) && this.#inboxes.busy(runId) ? undefined : state;
  }

  /** Those of these messages of a run that are open, as whoever has them sees them. */
  async openMessages(runId: string, ids: readonly string[]): Promise<readonly ReceivedMessage[]> {
    const { state } = this.#repository.cached(runId) ?? (await this.#repository.load(runId));
    return state.mail === undefined ? [] : heldIn(state.mail, ids);
  }

  /** Why an open run does not move in this process; undefined when nothing is known that holds it. */
  holdOf(runId: string): RunHold | undefined {
    return this.#writer.holdOf(runId);
  }

  /** Where a run waits for room at an agent, or for a capability, in this process. */
  waitingAt(runId: string, agent: string | undefined, capability: string | undefined): WaitingForRoom | undefined {
    return this.#admission.waitingAt(runId, agent, capability);
  }

  /** Where the tasks of a run stand that wait for a mutex of several runs, by the name of that. */
  mutexPlaces(state: RunState): Promise<ReadonlyMap<string, MutexPlace>> {
    return this.#mutexes.places(state);
  }

  /** Who could take a task, as far as this process knows: by what it hears while it drives, else by what it is made of. */
  get takers(): Takers {
    return this.#state === 'driving' ? this.#agents : this.#parts.registry;
  }

  /** Messages of other processes that were refused. */
  get refused(): number {
    return this.#results.refused;
  }

  /** The agents that this process hears of while it drives. */
  get agents(): readonly AgentPresence[] {
    return this.#agents.presences();
  }

  /** What it has measured of itself. */
  get measures(): Pick<EngineMeasures, 'running' | 'waiting' | 'appends'> {
    const busy = this.#agents.presences().filter(({ load }) => load > 0);
    const running = Object.fromEntries(busy.map(({ name, load }) => [name, load]));
    return { running, waiting: this.#admission.waitingFor, appends: this.#admission.appends };
  }

  /** Takes no more commands from here, and schedules nothing more. What workers report is still put on record. */
  drain(): void {
    if (this.#state === 'stopping' || this.#state === 'stopped') return;
    this.#state = this.#state === 'driving' ? 'stopping' : 'stopped';
  }

  /** Waits for every append, `limitMs` at the most, then lets go of everything. */
  async stop(limitMs: number): Promise<void> {
    this.drain();
    // The last results are on their way to their inboxes.
    await nextTurn();
    await this.#idle(Math.max(limitMs, APPENDS_MS));
    this.#state = 'stopped';
    this.#dispatcher.stop();
    this.#admission.clear();
    this.#mutexes.clear();
    this.#sleeping.clear();
    this.#agents.clear();
    // What it has of limits is given back to others.
    await this.#limits?.close(GIVE_BACK_MS);
    await this.#unsubscribe();
    this.waiters.close();
  }

  /** Waits for every append, but not for ever for a store that does not answer: what it has not taken by then, it may take yet. */
  async #idle(limitMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#parts.clock.schedule(limitMs, late.resolve);
    await Promise.race([this.#inboxes.idle(), late.promise]);
    timer.cancel();
  }

  async #recover(takes: (runId: string) => boolean): Promise<number> {
    const known = this.#mutexes.takeUp();
    try {
      return await this.#takeUp(takes);
    } finally {
      known();
    }
  }

  async #takeUp(takes: (runId: string) => boolean): Promise<number> {
    const { storage, transport, views, clock } = this.#parts;
    const { open } = this.#dispatcher;
    // What was read as a client, or before the run went elsewhere and ended there, is no longer so.
    this.#repository.keepOnly((runId) => this.#runs.has(runId));
    // A view of the runs is trusted once it has had everything that was there when they fell to this process.
    if (storage.catalog === undefined) await views?.reachEnd(runIndex.name);
    return await recoverOpenRuns({
      reader: this.#reader,
      inboxes: this.#inboxes,
      transportIsDurable: transport.durable,
      takes,
      clock,
      sleeps: (runId, until) => this.#sleeping.add(runId, until),
      dispatched: (runId, taskId, attempt) => open.has(runId, taskId, attempt),
    });
  }

  #letGo(runId: string): void {
    this.#sleeping.delete(runId);
    this.#dispatcher.letGo(runId);
    this.#writer.letGo(runId);
    // Whoever waits for it hears of its end from elsewhere.
    this.waiters.ended(runId);
  }

  #onResult(delivery: Delivery): void {
    const command = this.#results.take(delivery);
    if (command === undefined) return;
    if (command.type === 'StartTask') this.#heard(command.runId, command.taskId, command.attempt);
    else if (!isCall(command)) this.#admission.finished(command.runId, command.taskId, command.attempt);
    const item: InboxItem = {
      command,
      done: (outcome, sent) => {
        if (isCall(command)) this.#answer(command, outcome);
        else if (command.type === 'StartTask' && command.claims === true) this.#answerClaim(command, outcome);
        // A transport that outlives this process brings it again until what it led to is sent: should this process end before, the next sends it at once.
        if (sent === undefined || !this.#parts.transport.durable) delivery.ack();
        else void sent.then(() => delivery.ack());
      },
      failed: (error) => delivery.nack({ reason: String(error), delayMs: 1000 }),
    };
    this.#inboxes.post(command.runId, item);
  }

  /** Tells a worker what became of a call. What it waited for, and may have come before, is sent again with a call that comes again. */
  #answer(command: MailCall, { events, rejection }: CommandOutcome): void {
    const { runId, taskId, attempt, worker, call } = command;
    const state = this.#repository.cached(runId)?.state;
    if (command.type === 'AwaitMessages' && rejection === undefined && events.length === 0 && state !== undefined) {
      const again = deliveredBefore(state, command);
      if (again !== undefined) this.#dispatcher.deliverAgain(runId, again);
    }
    const error = rejection === undefined ? {} : { error: errorData(rejection.code as ErrorCode, rejection.message) };
    const sent = command.type === 'SendMessages' && rejection === undefined && state !== undefined;
    const ids = sent ? { ids: command.messages.map((_, index) => messageId(state, command, index)) } : {};
    const published = sent ? publishedBy(state, command) : undefined;
    const recipients = published === undefined ? {} : { recipients: published };
    this.#dispatcher.answer(runId, worker, { taskId, attempt, call, ...ids, ...recipients, ...error });
  }

  /** Whoever has it on record as the one who began the attempt may begin it. */
  #answerClaim({ runId, taskId, attempt, worker }: StartTask, { events }: CommandOutcome): void {
    const state = this.#repository.cached(runId)?.state;
    // It is not at hand any more: whoever asked will ask again.
    if (state === undefined) return;
    const task = state.tasks.get(taskId);
    // Of a short one the outcome may have come along.
    const isGranted =
      events.length > 0 || (task?.status === 'running' && task.attempt === attempt && task.worker === worker);
    const message = `Attempt ${attempt} of '${taskId}' is another worker's, or over.`;
    const refused = isGranted ? {} : { error: errorData('REPRISE_ATTEMPT_REFUSED', message) };
    this.#dispatcher.answer(runId, worker, { taskId, attempt, call: 0, ...refused });
  }

  #onHeartbeat(delivery: Delivery): void {
    const { envelope } = delivery;
    // It may come from another process.
    const flaw = this.#parts.transport.spans === true ? flawOf(envelope, 'heartbeat') : undefined;
    if (flaw !== undefined) return this.#drop(delivery, 'a heartbeat', flaw);
    const { runid: runId = '' } = envelope;
    const { taskId, attempt, progress, returned } = envelope.data as unknown as Heartbeat;
    if (returned === true) {
      this.#dispatcher.returned(runId, taskId, attempt, envelope.source);
      return delivery.ack();
    }
    this.#heard(runId, taskId, attempt);
    if (progress !== undefined) this.#parts.monitors.notice({ kind: 'progress', runId, taskId, attempt, progress });
    delivery.ack();
  }

  #onWorker(delivery: Delivery): void {
    const { type, data } = delivery.envelope;
    if (type === 'reprise.announcement') {
      const announcement = readAnnouncement(data);
      if (announcement === undefined) return this.#drop(delivery, 'an announcement', 'it is none');
      this.#agents.heard(announcement);
      this.#dispatcher.rooms.heard(announcement);
    }
    delivery.ack();
  }

  /** Sent by who knows whom: it is said, and not brought again. */
  #drop(delivery: Delivery, what: string, why: string): void {
    this.#results.refuse(delivery, what, { code: 'REPRISE_MESSAGE_INVALID', why });
  }

  #heard(runId: string, taskId: string, attempt: number): void {
    this.#dispatcher.open.heard(runId, taskId, attempt);
    this.#admission.began(runId, taskId, attempt);
  }

  #fireTimer(runId: string, timer: Timer, at: number): void {
    // Should it fail, the timer is derived again when the run is next read.
    this.#inboxes.post(runId, { command: timerCommand(runId, timer, at) });
  }

  #leaseExpired(runId: string, taskId: string, attempt: number): void {
    this.#inboxes.post(runId, {
      derive: (state) => [attemptLost(state, taskId, attempt, 'its worker was silent for too long')],
    });
  }
}
