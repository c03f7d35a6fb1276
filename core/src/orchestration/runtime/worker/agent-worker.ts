import { askedAgent, fitsAsked } from '../../../shared/agent-version.ts';
import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import { ERROR_CODES, type ErrorCode } from '../../../shared/error-codes.ts';
import { RepriseError, toErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { AnnouncedAgent } from '../../messaging/announcements.ts';
import {
  ABORT_CHANNEL,
  agentChannel,
  HEARTBEAT_CHANNEL,
  RESULT_CHANNEL,
  WORKER_CHANNEL,
  workerChannel,
} from '../../messaging/channels.ts';
import { DATA_SHAPES } from '../../messaging/data-shapes.ts';
import { flawOf } from '../../messaging/flaw-of.ts';
import type { MessageType } from '../../messaging/message-types.ts';
import {
  type Abort,
  type CallAnswer,
  type CallDelivery,
  type Dispatch,
  type Heartbeat,
  type RollCall,
  toEnvelope,
  type WorkerCommand,
} from '../../messaging/messages.ts';
import type { Delivery, Transport, TransportSubscription } from '../../messaging/transport.ts';
import { attemptKey } from '../../workflow/attempt-key.ts';
import type { StartTask } from '../../workflow/commands.ts';
import { isolatesOf } from '../isolation/isolated-agent.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import type { EngineOptions } from '../options.ts';
import type { AnyAgent } from '../registry.ts';
import { Announcer } from './announcer.ts';
import { type AttemptOutcome, AttemptRun } from './attempt-run.ts';
import { RecentKeys } from './recent-keys.ts';
import { Place, Slots } from './slots.ts';

/** Attempts that one agent of one worker has in hand at once, unless the agent says otherwise. */
const DEFAULT_AGENT_CONCURRENCY = 16;

/** After how long it is asked again whether an attempt may be begun, in ms. */
const CLAIM_AGAIN_MS = 1000;

/** How long an attempt that is begun at once is at work before it is claimed, in ms: one that is over by then is not: its start goes on record with its outcome, and nobody has to answer. */
const CLAIM_AFTER_MS = 10;

/** How long a dispatch waits for a slot at a worker with rivals before it is offered to the others, in ms. */
const MOST_WAIT_MS = 500;

/** Versions of its agents that a worker takes by name at the most. */
const MOST_VERSIONS = 1000;

/** Dispatches of one agent that wait at a worker without rivals at the most, beside those that it works on. */
const MOST_WAITING = 256;

export interface AgentWorkerParts {
  /** Names the worker in events: unique to this process. */
  readonly id: string;
  readonly agents: ReadonlyMap<string, AnyAgent>;
  readonly transport: Transport;
  readonly monitors: MonitorHub;
  readonly clock: Clock;
  readonly options: Pick<EngineOptions, 'leaseMs' | 'maxPayloadChars'>;
  /** Engines may outlive this worker, so that what it announces counts for a lease only. */
  readonly mortal: boolean;
}

/**
 * Runs agents for the dispatches of their channels. A dispatch is taken once (repeats are dropped by its key), its start and
 * its outcome go back as commands, and only then is it acknowledged; so a worker that dies gives it back. That of an at-most-once
 * task is acknowledged before the agent is called; so it may wait here, unacknowledged, until the agent has room. Of engines it knows what
 * comes over the transport, and nothing else.
 *
 * Where others may have been handed the same (`mortal`), the start is a claim, which the owner of the run grants to one: the dispatch is
 * acknowledged then, and the attempt's lease protects it. One that may have been handed out before, and that of an at-most-once task, is begun
 * when it is granted; others are begun at once, claimed when they are not over soon, and given up when they are another's.
 *
 *   idle ──start()──► taking ──stop()──► idle: waits for what runs, then aborts it
 *    ▲                  │ withdraw()
 *    └──────────────────┘ aborts what runs at once: nobody hears of its outcome
 */
export class AgentWorker {
  readonly #parts: AgentWorkerParts;
  readonly #running = new Map<string, AttemptRun>();
  readonly #recent = new RecentKeys(50_000);
  /** Runs and attempts that are over: their dispatches that are still on their way are not carried out. */
  readonly #closed = new RecentKeys(10_000);
  /** To the channels of the agents. */
  readonly #tasks: TransportSubscription[] = [];
  /** The same, by the name that they are of. */
  readonly #byName = new Map<string, TransportSubscription>();
  readonly #subscriptions: TransportSubscription[] = [];
  /** Dispatches that wait for a slot, by the key of the attempt. */
  readonly #waiting = new Map<string, Delivery>();
  /** Dispatches that were taken and whose outcome is not reported yet. */
  #inHand = 0;
  /** Who asks whether an attempt may be begun, by its key. */
  readonly #claims = new Map<string, (granted: boolean | undefined) => void>();
  /** What sends a claim that was not sent yet at once, by the same. */
  readonly #unclaimed = new Map<string, () => void>();
  /** Settles when nothing is in hand; stop() waits for it. */
  #drained = Promise.withResolvers<void>();
  #draining = false;
  readonly #slots: ReadonlyMap<string, Slots>;
  readonly #announcer: Announcer;
  /** Versions that were asked for, by name (`writer@2`), and which agent each is; undefined until it is taken. */
  readonly #versions = new Map<string, AnyAgent | undefined>();
  #beat: ScheduledCall | undefined;
  #taking = false;

  constructor(parts: AgentWorkerParts) {
    this.#parts = parts;
    const { agents, id, transport, clock, options, mortal } = parts;
    // Deliveries are bounded already, but one that was acknowledged first is none any more.
    this.#slots = new Map(
      Array.from(agents.values(), ({ name, concurrency }) => [
        name,
        new Slots(concurrency ?? DEFAULT_AGENT_CONCURRENCY),
      ]),
    );
    this.#announcer = new Announcer({
      worker: id,
      transport,
      clock,
      leaseMs: mortal ? options.leaseMs : undefined,
      agents: () => [
        ...Array.from(agents.values(), (agent) => this.#announced(agent)),
        ...Array.from(this.#versions).flatMap(([name, agent]) =>
          agent === undefined ? [] : this.#announcedBy(name, agent),
        ),
      ],
      failed: (error) => this.#warn(undefined, `nobody was told what this worker takes: ${String(error)}`),
    });
  }

  /** Loads the agents that have threads or processes of their own. Rejects with REPRISE_AGENT_NOT_LOADED. */
  async load(): Promise<void> {
    const { agents, options, monitors } = this.#parts;
    await Promise.all(
      Array.from(agents.values(), (agent) =>
        isolatesOf(agent)?.open(this, {
          maxPayloadChars: options.maxPayloadChars,
          log: (level, message, fields) => monitors.notice({ kind: 'log', level, message, agent: agent.name, fields }),
        }),
      ),
    );
  }

  async #unload(): Promise<void> {
    await Promise.all(Array.from(this.#parts.agents.values(), (agent) => isolatesOf(agent)?.close(this)));
  }

  /** Undoes what it had done when it rejects. */
  async start(): Promise<void> {
    try {
      await this.load();
      await this.#start();
    } catch (error) {
      await this.withdraw();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { transport, agents } = this.#parts;
    this.#taking = true;
    const waiting = this.#mayWait;
    for (const agent of agents.values()) await this.#takeBy(agent.name, agent, waiting);
    const onAbort = (delivery: Delivery): void => {
      if (this.#isFlawed(delivery, 'abort')) return;
      const { envelope } = delivery;
      this.#abort(envelope.runid ?? '', envelope.data as unknown as Abort);
      delivery.ack();
    };
    const onCall = (delivery: Delivery): void => {
      const { type, data } = delivery.envelope;
      delivery.ack();
      if (type !== 'reprise.roll-call' || DATA_SHAPES['roll-call'](data, '') !== undefined) return;
      const { agents: asked } = data as RollCall;
      if (asked === undefined) this.#announcer.answer();
      else this.#called(asked);
    };
    this.#subscriptions.push(
      await transport.subscribe(ABORT_CHANNEL, onAbort, { broadcast: true }),
      await transport.subscribe(WORKER_CHANNEL, onCall, { broadcast: true }),
      await transport.subscribe(workerChannel(this.#parts.id), (delivery) => this.#hear(delivery), { broadcast: true }),
    );
    await this.#announcer.begin();
  }

  /** `name`: its own, or with a version that it is. */
  async #takeBy(name: string, agent: AnyAgent, waiting: number): Promise<void> {
    const slots = this.#slotsOf(agent.name);
    const handler = (delivery: Delivery) => this.#take(agent, slots, delivery);
    const onPlaces = (): void => this.#announcer.changed();
    const options = { group: `agent.${name}`, concurrency: slots.limit + waiting, onPlaces };
    const subscription = await this.#parts.transport.subscribe(agentChannel(name), handler, options);
    this.#tasks.push(subscription);
    this.#byName.set(name, subscription);
  }

  /**
   * How many dispatches of an agent may wait here. Where it is the only worker, more may be here than there are slots for, so that the most urgent of it is begun
   * first. Where owners send to places, what finds no slot is given back to them. Else it goes to whoever has a slot.
   */
  get #mayWait(): number {
    return this.#parts.mortal && this.#parts.transport.places !== true ? 0 : MOST_WAITING;
  }

  /** Of the versions that somebody asks for, those that agents here are have channels of their own from now on. */
  #called(asked: readonly string[]): void {
    const { agents } = this.#parts;
    for (const name of asked) {
      const { name: base, version } = askedAgent(name);
      const agent = version === undefined || this.#versions.has(name) ? undefined : agents.get(base);
      if (agent === undefined || !fitsAsked(agent, name) || this.#versions.size >= MOST_VERSIONS || !this.#taking)
        continue;
      this.#versions.set(name, undefined);
      const taking = this.#takeBy(name, agent, this.#mayWait).then(
        () => {
          this.#versions.set(name, agent);
          if (this.#taking) return this.#announcer.answer();
          return this.#close(this.#tasks);
        },
        (error: unknown) => {
          this.#versions.delete(name);
          this.#warn(undefined, `'${name}' is not taken here: ${String(error)}`);
        },
      );
      void taking;
    }
  }

  /** Takes the start back. What runs is given up, as at the end of stop(): an agent that does not end holds nobody up. */
  async withdraw(): Promise<void> {
    const closed = this.#close(this.#tasks);
    this.#takeNoMore('the worker did not start');
    this.abandon();
    await this.#announcer.end();
    await Promise.all([closed, this.#close(this.#subscriptions)]);
  }

  /** Does not reject: a transport that cannot close a subscription ends with it. */
  async #close(subscriptions: TransportSubscription[]): Promise<void> {
    const closing = subscriptions.splice(0).map((subscription) => subscription.close());
    for (const result of await Promise.allSettled(closing))
      if (result.status === 'rejected')
        this.#warn(undefined, `a subscription was not closed: ${String(result.reason)}`);
  }

  get running(): number {
    return this.#running.size;
  }

  /** Of those: what nobody would do again. */
  get runningAtMostOnce(): number {
    let found = 0;
    for (const { dispatch } of this.#running.values()) if (dispatch.delivery === 'at-most-once') found += 1;
    return found;
  }

  /**
   * Takes nothing new, and waits up to `drainMs` for what runs and its report; not for what only waits for messages, which may come whenever. Then aborts it: its outcome is not reported, so the
   * attempt stays open in the history and recovery makes it again. An agent that ignores its signal is left behind. At-most-once attempts, which
   * nobody makes again, may have longer: `atMostOnceMs`. abandon() ends the wait.
   */
  async stop(drainMs: number, atMostOnceMs: number = drainMs): Promise<void> {
    const closed = this.#close(this.#tasks);
    this.#takeNoMore('the worker stops');
    this.#drained = Promise.withResolvers();
    this.#draining = true;
    for (const run of this.#running.values()) this.#letGo(run);
    if (this.#inHand === 0) this.#drained.resolve();
    const drained = Promise.all([this.#announcer.end(), this.#drained.promise]);
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.clock.schedule(drainMs, resolve);
    if (drainMs > 0) await Promise.race([drained, expired]);
    timer.cancel();
    if (atMostOnceMs > drainMs && this.runningAtMostOnce > 0) await this.#awaitAtMostOnce(atMostOnceMs - drainMs);
    this.abandon();
    await closed;
    await Promise.all([this.#close(this.#subscriptions), this.#unload()]);
  }

  /** Whatever else runs is aborted; what nobody may do twice goes on. */
  async #awaitAtMostOnce(forMs: number): Promise<void> {
    for (const run of this.#running.values()) if (run.dispatch.delivery !== 'at-most-once') run.abandon(stopping());
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.clock.schedule(forMs, resolve);
    await Promise.race([this.#drained.promise, expired]);
    timer.cancel();
  }

  /** What it has not begun goes to others at once. */
  #takeNoMore(reason: string): void {
    this.#taking = false;
    for (const delivery of this.#waiting.values()) delivery.nack({ reason });
  }

  #letGo(run: AttemptRun): void {
    if (run.onlyWaits) run.abandon(stopping());
  }

  /** Aborts whatever runs, at once. */
  abandon(): void {
    this.#beat?.cancel();
    this.#beat = undefined;
    for (const run of this.#running.values()) run.abandon(stopping());
  }

  #take(agent: AnyAgent, slots: Slots, delivery: Delivery): void | Promise<void> {
    const { envelope } = delivery;
    const { runid: runId = '' } = envelope;
    const dispatch = envelope.data as unknown as Dispatch;
    if (!this.#taking || this.#isFlawed(delivery, 'dispatch')) return;
    const key = attemptKey(runId, dispatch.taskId, dispatch.attempt);
    if (!this.#recent.add(key)) {
      delivery.ack();
      return;
    }
    this.#inHand += 1;
    return this.#carry(agent, slots, key, dispatch, delivery);
  }

  /** From the taking of a dispatch to the report of its outcome. */
  async #carry(agent: AnyAgent, slots: Slots, key: string, dispatch: Dispatch, delivery: Delivery): Promise<void> {
    const { runid: runId = '' } = delivery.envelope;
    const slot = slots.take(dispatch.priority);
    const place = new Place(slots);
    let hasSlot = true;
    try {
      this.#announcer.changed();
      if (slot !== undefined) {
        this.#waiting.set(key, delivery);
        hasSlot = await this.#inTime(slot);
        this.#waiting.delete(key);
      }
      if (this.#closed.has(runId) || this.#closed.has(key)) delivery.ack();
      else if (!hasSlot) {
        this.#recent.delete(key);
        await this.#giveBack(runId, dispatch, delivery);
      }
      // It waited for a slot too long, and another member has it; or it is not begun here any more.
      else if (delivery.revoked || !this.#taking) this.#recent.delete(key);
      else await this.#run(agent, runId, key, dispatch, delivery, place);
    } finally {
      if (hasSlot) place.leave();
      else
        void slot?.then(() => {
          place.leave();
          this.#announcer.changed();
        });
      this.#announcer.changed();
      this.#inHand -= 1;
      if (this.#inHand === 0) this.#drained.resolve();
    }
  }

  /** Others may have a slot. Where the transport would bring it here again, whoever sent it hears of it, and finds one. */
  async #giveBack(runId: string, { taskId, attempt }: Dispatch, delivery: Delivery): Promise<void> {
    const reason = 'the agent is busy here';
    if (this.#parts.transport.places !== true) return delivery.nack({ reason });
    try {
      await this.#beatOf(runId, { taskId, attempt, returned: true });
      delivery.ack();
    } catch (error) {
      delivery.nack({ reason: `${reason}, and nobody could be told: ${String(error)}`, delayMs: MOST_WAIT_MS });
    }
  }

  /** False when there is no slot soon, and others may have one. */
  async #inTime(slot: Promise<void>): Promise<boolean> {
    if (!this.#parts.mortal) {
      await slot;
      return true;
    }
    const late = Promise.withResolvers<boolean>();
    const timer = this.#parts.clock.schedule(MOST_WAIT_MS, () => late.resolve(false));
    const hasSlot = await Promise.race([slot.then(() => true), late.promise]);
    timer.cancel();
    return hasSlot;
  }

  async #run(
    agent: AnyAgent,
    runId: string,
    key: string,
    dispatch: Dispatch,
    delivery: Delivery,
    place: Place,
  ): Promise<void> {
    const { dispatchtoken: token } = delivery.envelope;
    const run = new AttemptRun(agent, runId, dispatch, {
      traceparent: delivery.envelope.traceparent,
      clock: this.#parts.clock,
      monitors: this.#parts.monitors,
      maxPayloadChars: this.#parts.options.maxPayloadChars,
      graceMs: this.#parts.options.leaseMs,
      progress: (progress) => this.#heartbeat(run, progress),
      worker: this.#parts.id,
      call: (command) => {
        // Whoever says something in an attempt has begun it.
        this.#unclaimed.get(key)?.();
        return this.#send([command], token);
      },
      rest: () => {
        place.rest();
        this.#announcer.changed();
        if (this.#draining) this.#letGo(run);
      },
      wake: async () => {
        await place.wake();
        this.#announcer.changed();
      },
    });
    this.#running.set(key, run);
    this.#keepBeating();
    const base = { runId, taskId: dispatch.taskId, attempt: dispatch.attempt };
    const { mortal } = this.#parts;
    const start = { type: 'StartTask', commandId: `${key}/start`, ...base, worker: this.#parts.id } as const;
    let granted = false;
    const waits = dispatch.delivery === 'at-most-once' || dispatch.claim === true;
    const claimed = mortal ? this.#claim(run, key, token, waits ? 0 : CLAIM_AFTER_MS) : undefined;
    const taken = claimed?.then((yes) => {
      granted = yes === true;
      if (granted) delivery.ack();
      else if (yes === false) run.abandon(refused());
    });
    if (claimed !== undefined) {
      const yes = waits ? await claimed : true;
      if (yes !== true) return this.#leave(runId, key, delivery);
    } else if (dispatch.delivery === 'at-least-once') {
      // Only a record: when it is lost, the outcome alone tells the story.
      this.#send([start], token).catch((error: unknown) => this.#warn(runId, `start not reported: ${String(error)}`));
    } else {
      // First a sign that it begins (from now on it can be lost), then no way back, then the call.
      this.#heartbeat(run, undefined);
      delivery.ack();
    }
    const outcome = await this.#outcomeOf(run, key);
    const told = !this.#unclaimed.has(key);
    // Nobody has to be asked any more.
    this.#claims.get(key)?.(undefined);
    await taken;
    if (outcome === undefined) {
      if (granted) await this.#giveUp(base, key, dispatch, token);
      else if (mortal) this.#leave(runId, key, delivery);
      return;
    }
    const command: WorkerCommand =
      'error' in outcome
        ? { type: 'FailTask', commandId: `${key}/fail`, ...base, ...outcome, worker: this.#parts.id }
        : { type: 'CompleteTask', commandId: `${key}/complete`, ...base, ...outcome };
    try {
      await this.#send(told ? [command] : [start, command], token);
      delivery.ack();
    } catch (error) {
      this.#recent.delete(key);
      delivery.nack({ reason: String(error), delayMs: 1000 });
    }
  }

  /** It is another's, or over; or this worker stops before it is anybody's, and others are to have it. */
  #leave(runId: string, key: string, delivery: Delivery): void {
    this.#running.delete(key);
    // Should it come again, it is asked again: a run that was parked refuses for a while.
    this.#recent.delete(key);
    if (this.#taking || this.#closed.has(key) || this.#closed.has(runId)) return delivery.ack();
    delivery.nack({ reason: 'the worker stops' });
  }

  /** Of an attempt that is this worker's, which stops: nobody has to wait for its lease to run out. */
  async #giveUp(
    base: Pick<StartTask, 'runId' | 'taskId' | 'attempt'>,
    key: string,
    { delivery }: Dispatch,
    token: string | undefined,
  ): Promise<void> {
    const code = delivery === 'at-most-once' ? 'REPRISE_OUTCOME_UNKNOWN' : 'REPRISE_WORKER_LOST';
    const message = `Attempt ${base.attempt} of '${base.taskId}' was lost: its worker stopped.`;
    const error = toErrorData(new RepriseError(code, message), code);
    const command = { type: 'FailTask', commandId: `${key}/given-up`, ...base, error, lost: true } as const;
    await this.#send([{ ...command, worker: this.#parts.id }], token).catch((reason: unknown) =>
      this.#warn(base.runId, `not told that an attempt is given up: ${String(reason)}`),
    );
  }

  /**
   * Whether the attempt is this worker's: others may have been handed it, too. Asked after `afterMs`, and until there is an answer, or nobody wants it any more (then it is
   * undefined); an answer that is lost is given again, as it was.
   */
  async #claim(
    { runId, dispatch, signal }: AttemptRun,
    key: string,
    token: string | undefined,
    afterMs: number,
  ): Promise<boolean | undefined> {
    const { clock, id: worker } = this.#parts;
    const { taskId, attempt } = dispatch;
    const commandId = `${key}/claim/${worker}`;
    const answer = Promise.withResolvers<boolean | undefined>();
    this.#claims.set(key, answer.resolve);
    const end = (): void => answer.resolve(undefined);
    signal.addEventListener('abort', end, { once: true });
    let timer: ScheduledCall | undefined;
    const ask = (): void => {
      timer?.cancel();
      this.#unclaimed.delete(key);
      this.#send([{ type: 'StartTask', commandId, runId, taskId, attempt, worker, claims: true }], token).catch(
        (error: unknown) => this.#warn(runId, `nobody was asked whether an attempt may be begun: ${String(error)}`),
      );
      timer = clock.schedule(CLAIM_AGAIN_MS, ask);
    };
    try {
      if (signal.aborted) return undefined;
      if (afterMs === 0) ask();
      else {
        this.#unclaimed.set(key, ask);
        timer = clock.schedule(afterMs, ask);
      }
      return await answer.promise;
    } finally {
      timer?.cancel();
      signal.removeEventListener('abort', end);
      this.#claims.delete(key);
      this.#unclaimed.delete(key);
    }
  }

  /** Whatever the agent does, the attempt is over then: nothing of it is left in hand. */
  async #outcomeOf(run: AttemptRun, key: string): Promise<AttemptOutcome | undefined> {
    try {
      return await run.call();
    } catch (error) {
      return { error: toErrorData(error, 'REPRISE_AGENT_FAILED') };
    } finally {
      this.#running.delete(key);
    }
  }

  /** `token`: of the dispatch that they are about. */
  async #send(commands: readonly WorkerCommand[], token: string | undefined): Promise<void> {
    const { transport, clock, id } = this.#parts;
    const at = clock.now();
    await transport.publish(
      commands.map((command) => {
        const { commandId, runId } = command;
        const addressing = {
          id: commandId,
          type: 'command',
          source: id,
          runId,
          causationId: commandId,
          at,
          token,
        } as const;
        return { channel: RESULT_CHANNEL, envelope: toEnvelope(addressing, command) };
      }),
    );
  }

  // One timer for all attempts: each says that it is in hand three times in a lease.
  #keepBeating(): void {
    this.#beat ??= this.#parts.clock.schedule(this.#parts.options.leaseMs / 3, () => {
      this.#beat = undefined;
      for (const run of this.#running.values()) this.#heartbeat(run, undefined);
      if (this.#running.size > 0) this.#keepBeating();
    });
  }

  #heartbeat(run: AttemptRun, progress: Json | undefined): void {
    const { runId } = run;
    const { taskId, attempt } = run.dispatch;
    const beat = this.#beatOf(runId, { taskId, attempt, ...(progress === undefined ? {} : { progress }) });
    // Not history: a heartbeat that is lost is followed by another.
    beat.catch((error: unknown) => this.#warn(runId, `heartbeat lost: ${String(error)}`));
  }

  async #beatOf(runId: string, body: Heartbeat): Promise<void> {
    const { transport, clock, id } = this.#parts;
    const messageId = `${attemptKey(runId, body.taskId, body.attempt)}/heartbeat`;
    const addressing = {
      id: messageId,
      type: 'heartbeat',
      source: id,
      runId,
      causationId: messageId,
      at: clock.now(),
    } as const;
    await transport.publish([{ channel: HEARTBEAT_CHANNEL, envelope: toEnvelope(addressing, body) }]);
  }

  #announced({ name, version, capabilities = [], maxUsage }: AnyAgent): AnnouncedAgent {
    const { limit, free } = this.#slotsOf(name);
    const said = { ...(version === undefined ? {} : { version }), ...(maxUsage === undefined ? {} : { maxUsage }) };
    return { name, ...said, capabilities, concurrency: limit, free, ...this.#placesOf(name) };
  }

  #placesOf(name: string): { readonly places?: readonly number[] } {
    const places = this.#byName.get(name)?.places;
    return places === undefined ? {} : { places };
  }

  /** Its capabilities are announced once. */
  #announcedBy(name: string, agent: AnyAgent): AnnouncedAgent {
    return { ...this.#announced(agent), ...this.#placesOf(name), name, capabilities: [] };
  }

  #slotsOf(agent: string): Slots {
    return this.#slots.get(agent) ?? new Slots(DEFAULT_AGENT_CONCURRENCY);
  }

  #warn(runId: string | undefined, message: string): void {
    this.#parts.monitors.notice({ kind: 'log', level: 'warn', message, ...(runId === undefined ? {} : { runId }) });
  }

  /** What came of a call of one of its attempts, or for one that waits. */
  #hear(delivery: Delivery): void {
    if (this.#isFlawed(delivery, 'answer', 'delivery')) return;
    const { runid: runId = '', type, data } = delivery.envelope;
    const { taskId, attempt, call, error } = data as unknown as CallAnswer;
    const key = attemptKey(runId, taskId, attempt);
    const calls = call === 0 ? undefined : this.#running.get(key)?.calls;
    if (call === 0) this.#claims.get(key)?.(error === undefined);
    else if (type === 'reprise.answer') calls?.answered(data as unknown as CallAnswer);
    else if (type === 'reprise.delivery') calls?.delivered(data as unknown as CallDelivery);
    delivery.ack();
  }

  /** Of what may come from another process. It is dropped then, and said. */
  #isFlawed(delivery: Delivery, ...types: readonly MessageType[]): boolean {
    const { envelope } = delivery;
    const flaw = this.#parts.mortal ? flawOf(envelope, ...types) : undefined;
    if (flaw === undefined) return false;
    this.#warn(undefined, `dropped what '${envelope.source}' sent as ${types[0]}: ${flaw}`);
    delivery.ack();
    return true;
  }

  #abort(runId: string, abort: Abort): void {
    if (abort.taskId !== undefined && abort.attempt !== undefined) {
      const key = attemptKey(runId, abort.taskId, abort.attempt);
      this.#closed.add(key);
      this.#running.get(key)?.abort(endedFor(abort.reason));
      return;
    }
    this.#closed.add(runId);
    for (const [key, run] of this.#running) if (key.startsWith(`${runId}/`)) run.abort(endedFor(abort.reason));
  }
}

/** The reason is a code when the engine ended the attempt, and a person's words (or nothing) when somebody cancelled the run. */
function endedFor(reason: string): RepriseError {
  const code = Object.hasOwn(ERROR_CODES, reason) ? (reason as ErrorCode) : 'REPRISE_RUN_CLOSED';
  return new RepriseError(code, `The attempt was ended by the orchestrator: ${reason}.`);
}

const refused = (): RepriseError =>
  new RepriseError('REPRISE_ATTEMPT_REFUSED', "The attempt is another worker's, or over.");

const stopping = (): RepriseError => new RepriseError('REPRISE_STOPPED', 'The orchestrator is stopping.');
