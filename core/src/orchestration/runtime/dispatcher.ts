import type { TaskDefinition } from '../../definition/definition.ts';
import type { Clock } from '../../shared/clock.ts';
import { ABORT_CHANNEL, agentChannel, workerChannel } from '../messaging/channels.ts';
import type { DispatchTokens } from '../messaging/dispatch-tokens.ts';
import type { Envelope } from '../messaging/envelope.ts';
import { type CallAnswer, type CallDelivery, type Dispatch, toEnvelope } from '../messaging/messages.ts';
import type { OutgoingMessage, Transport } from '../messaging/transport.ts';
import { attemptKey, idempotencyKey } from '../workflow/attempt-key.ts';
import { handedOver } from '../workflow/binding-source.ts';
import type { Timer } from '../workflow/commands.ts';
import type { Effect } from '../workflow/effects.ts';
import { maxUsageOf } from '../workflow/metering.ts';
import { priorityOf, wantedBy } from '../workflow/ready-tasks.ts';
import { isInFlight, isListening, type RunState, type TaskState } from '../workflow/state.ts';
import type { Admission } from './admission/admission.ts';
import { askerOf } from './admission/limits.ts';
import type { ChildRuns } from './child-runs.ts';
import type { ForkRuns } from './fork-runs.ts';
import { traceparentOfAttempt } from './meta.ts';
import type { MonitorHub } from './monitor-hub.ts';
import { OpenAttempts } from './open-attempts.ts';
import type { EngineOptions } from './options.ts';
import type { Outboxes } from './outboxes.ts';
import { type Placed, type Returned, Rooms } from './rooms.ts';
import type { CachedRun } from './run-repository.ts';
import { TimerTable } from './timer-table.ts';

/** Ends of attempts that their worker knows of already. */
const KNOWN_TO_WORKER: ReadonlySet<string> = new Set(['agent', 'repeated', 'items']);

export interface DispatcherParts {
  readonly transport: Transport;
  readonly admission: Admission;
  readonly monitors: MonitorHub;
  readonly clock: Clock;
  readonly options: EngineOptions;
  readonly source: string;
  /** Where workers are asked for them. */
  readonly tokens: DispatchTokens | undefined;
  readonly children: ChildRuns;
  readonly forks: ForkRuns;
  readonly outboxes: Outboxes;
  /** `at`: for when it was set. */
  fireTimer(runId: string, timer: Timer, at: number): void;
  /** An attempt's worker was silent for too long. */
  leaseExpired(runId: string, taskId: string, attempt: number): void;
  /** A dispatch was not taken for a while: derive it again. */
  redispatch(runId: string): void;
  runClosed(state: RunState): void;
  /** The state of a run that is at hand. */
  stateOf(runId: string): RunState | undefined;
}

/** Carries effects out: messages to agents, aborts, timers. Everything here can be derived again from the run streams. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #timers: TimerTable;
  readonly open: OpenAttempts;
  /** Who has room, as workers announce it. */
  readonly rooms = new Rooms((returned) => this.#sendReturned(returned));
  /** Where attempts were sent that have not ended, by their key. */
  readonly #placed = new Map<string, Placed>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#timers = new TimerTable(parts.clock, (runId, timer, at) => parts.fireTimer(runId, timer, at));
    this.open = new OpenAttempts(parts.clock, parts.options, {
      leaseExpired: (runId, taskId, attempt) => parts.leaseExpired(runId, taskId, attempt),
      redispatch: (runId) => parts.redispatch(runId),
    });
  }

  /** Returns what resolves once the transport has taken, or refused, what is to be sent; undefined when nothing is. */
  carryOut(run: CachedRun, effects: readonly Effect[]): Promise<void> | undefined {
    const messages: OutgoingMessage[] = [];
    for (const effect of effects) this.#one(run.state, effect, messages);
    return messages.length > 0 ? this.#publish(run.runId, messages) : undefined;
  }

  /** Attempts that were dispatched here and that the run, which was read again, knows as ended: somebody else's command has ended them. */
  ended(state: RunState): readonly Effect[] {
    const effects: Effect[] = [];
    for (const { taskId, attempt } of this.open.of(state.runId)) {
      const task = state.tasks.get(taskId);
      if (task !== undefined && isInFlight(task) && task.attempt === attempt) continue;
      effects.push({ kind: 'close-attempt', taskId, attempt, reason: 'ended elsewhere' });
    }
    return effects;
  }

  /** Another process drives the run: its timers and open attempts are that one's, which decides what becomes of them. */
  letGo(runId: string): void {
    this.#timers.cancelRun(runId);
    this.#closeRun(runId);
    this.#parts.outboxes.forget(runId);
  }

  /** Closes all open attempts of a run; returns how many there were. */
  #closeRun(runId: string): number {
    for (const { taskId, attempt } of this.open.of(runId)) this.#freed(runId, taskId, attempt);
    return this.open.closeRun(runId);
  }

  #freed(runId: string, taskId: string, attempt: number): void {
    const key = attemptKey(runId, taskId, attempt);
    const placed = this.#placed.get(key);
    if (placed === undefined) return;
    this.#placed.delete(key);
    this.rooms.freed(placed);
  }

  stop(): void {
    this.#timers.clear();
    this.open.clear();
    this.rooms.clear();
    this.#placed.clear();
    this.#parts.outboxes.clear();
  }

  #one(state: RunState, effect: Effect, messages: OutgoingMessage[]): void {
    const { runId } = state;
    switch (effect.kind) {
      case 'listen':
        // Its turn has given its room back.
        return;
      case 'hand-over':
        this.#parts.outboxes.offer(state, effect.outbox);
        return;
      case 'deliver':
        this.#deliver(state, effect, messages);
        return;
      case 'set-timer':
        this.#timers.set(runId, effect.timer, effect.at);
        return;
      case 'clear-timers':
        this.#timers.cancelRun(runId);
        return;
      case 'close-attempt':
        this.#timers.cancel(runId, { kind: 'attempt', taskId: effect.taskId, attempt: effect.attempt });
        this.open.close(runId, effect.taskId, effect.attempt);
        this.#freed(runId, effect.taskId, effect.attempt);
        if (!KNOWN_TO_WORKER.has(effect.reason))
          messages.push(this.#abort(runId, effect.reason, effect.taskId, effect.attempt));
        return;
      case 'close-run':
        this.#timers.cancelRun(runId);
        this.#parts.admission.releaseRun(runId);
        if (this.#closeRun(runId) > 0) messages.push(this.#abort(runId, effect.reason));
        this.#parts.outboxes.forget(runId);
        this.#parts.runClosed(state);
        this.#parts.children.ended(state);
        return;
      case 'copy-history':
        this.#parts.forks.carryOut(state);
        return;
      case 'start-child':
        this.#parts.children.start(state, effect.taskId, effect.attempt);
        return;
      case 'cancel-child':
        this.#parts.children.cancel(state, effect.taskId, effect.child, effect.reason);
        return;
      case 'pause-child':
        this.#parts.children.pause(state, effect.child, effect.revision);
        return;
      case 'resume-child':
        this.#parts.children.resume(state, effect.child, effect.revision);
        return;
      case 'dispatch':
        this.#dispatch(state, effect.taskId, effect.attempt, effect.again === true, messages);
        return;
      default:
        effect satisfies never;
    }
  }

  #dispatch(state: RunState, taskId: string, attempt: number, again: boolean, messages: OutgoingMessage[]): void {
    const task = state.tasks.get(taskId);
    const definition = state.graph.node(task?.definitionId ?? '')?.definition;
    if (task?.agent === undefined || definition === undefined || !isInFlight(task) || task.attempt !== attempt) return;
    const { runId } = state;
    if (again && !isListening(state, task)) this.#hold(state, task);
    // An at-most-once attempt that is on record as started is sent by whoever scheduled it, then, and never again. Where it is claimed before, it may be sent again until it is.
    const { spans = false } = this.#parts.transport;
    const begun = task.status === 'running';
    const once = definition.delivery === 'at-most-once' && (begun || !spans);
    // What another process sent is on its way, or in hand: it is waited for first.
    if (!this.open.track({ runId, taskId, attempt, once, again, waits: again && spans, begun })) return;
    messages.push(this.#dispatchOf(state, task, definition, again && spans));
    const { monitors } = this.#parts;
    if (monitors.active) {
      const traceparent = traceparentOfAttempt(state, taskId, attempt);
      monitors.notice({ kind: 'dispatched', runId, taskId, attempt, agent: task.agent, traceparent });
    }
  }

  /** A worker has no room for an attempt that was sent to it, and has not begun it. */
  returned(runId: string, taskId: string, attempt: number, worker: string): void {
    const key = attemptKey(runId, taskId, attempt);
    const placed = this.#placed.get(key);
    this.#placed.delete(key);
    const state = this.#parts.stateOf(runId);
    const task = state?.tasks.get(taskId);
    if (!this.open.has(runId, taskId, attempt)) return;
    const agent = placed?.agent ?? task?.agent;
    // It is sent again when it has been out for too long.
    if (agent === undefined) return;
    this.rooms.full(agent, worker);
    const priority = state === undefined || task === undefined ? 0 : priorityOf(state, task);
    this.rooms.wait(agent, { runId, taskId, attempt, priority });
  }

  /** It is asked for before it is begun: a copy of it may be anywhere. */
  #sendReturned({ runId, taskId, attempt }: Returned): void {
    if (!this.open.has(runId, taskId, attempt)) return;
    const state = this.#parts.stateOf(runId);
    const task = state?.tasks.get(taskId);
    const definition = state?.graph.node(task?.definitionId ?? '')?.definition;
    if (state === undefined || task === undefined || definition === undefined) {
      this.open.resend(runId, taskId, attempt);
      this.#parts.redispatch(runId);
      return;
    }
    if (task.status === 'scheduled' && task.attempt === attempt)
      void this.#publish(runId, [this.#dispatchOf(state, task, definition, true)]);
  }

  /** `claim`: see Dispatch. To a worker that has room, where that is known. */
  #dispatchOf(state: RunState, task: TaskState, definition: TaskDefinition, claim: boolean): OutgoingMessage {
    const { runId } = state;
    const { id: taskId, attempt, agent = '' } = task;
    const { heartbeatMs } = definition.timeouts;
    const dispatch: Dispatch = {
      workflow: state.definition.name,
      taskId,
      attempt,
      round: task.round,
      priority: priorityOf(state, task),
      agent,
      input: task.input ?? null,
      delivery: definition.delivery,
      idempotencyKey: idempotencyKey(state, task),
      ...(claim ? { claim } : {}),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      ...(definition.may === undefined ? {} : { may: definition.may }),
      ...(task.error === undefined ? {} : { error: handedOver(task.error) }),
      ...(task.reserved === undefined ? {} : { budget: maxUsageOf(task.reserved) }),
    };
    const id = attemptKey(runId, taskId, attempt);
    const { source, clock } = this.#parts;
    const traceparent = traceparentOfAttempt(state, taskId, attempt);
    const token = this.#parts.tokens?.tokenOf({ runId, taskId, attempt, dispatchId: id }, task.round);
    const from = { id, type: 'dispatch', source, runId, causationId: id, at: clock.now() } as const;
    const addressing = { ...from, traceparent, token };
    const placed = this.rooms.take(agent);
    if (placed !== undefined) this.#placed.set(id, placed);
    const to = placed === undefined ? {} : { place: placed.place };
    return { channel: agentChannel(agent), envelope: toEnvelope(addressing, dispatch), ...to };
  }

  /** The attempt has what it waited for, and takes room again, whatever there is: others had theirs meanwhile. */
  #deliver(state: RunState, effect: Extract<Effect, { readonly kind: 'deliver' }>, messages: OutgoingMessage[]): void {
    const { runId } = state;
    const { taskId, attempt, worker } = effect;
    const task = state.tasks.get(taskId);
    if (task !== undefined && isInFlight(task) && task.attempt === attempt && !isListening(state, task))
      this.#hold(state, task);
    messages.push({ channel: workerChannel(worker), envelope: this.#toWorker('delivery', runId, deliveryOf(effect)) });
  }

  /** It may have been lost. */
  deliverAgain(runId: string, effect: Extract<Effect, { readonly kind: 'deliver' }>): void {
    const envelope = this.#toWorker('delivery', runId, deliveryOf(effect));
    void this.#publish(runId, [{ channel: workerChannel(effect.worker), envelope }]);
  }

  /** What became of a call of an attempt. */
  answer(runId: string, worker: string, body: CallAnswer): void {
    void this.#publish(runId, [{ channel: workerChannel(worker), envelope: this.#toWorker('answer', runId, body) }]);
  }

  #toWorker(type: 'answer' | 'delivery', runId: string, body: CallAnswer | CallDelivery): Envelope {
    const { source, clock } = this.#parts;
    const id = `${attemptKey(runId, body.taskId, body.attempt)}/${type}/${body.call}`;
    return toEnvelope({ id, type, source, runId, causationId: id, at: clock.now() }, body);
  }

  /** Of one that was begun elsewhere, or before this run was read, or that waited, admission does not know. */
  #hold(state: RunState, task: TaskState): void {
    const { admission } = this.#parts;
    const { runId } = state;
    const { id: taskId, attempt, agent } = task;
    if (agent === undefined || admission.holds(runId, taskId, attempt)) return;
    const { agent: wanted, capability } = wantedBy(state, task);
    const way = admission.ways.of({ asker: askerOf(state) }, agent, wanted === undefined ? capability : undefined);
    admission.hold(runId, taskId, attempt, way, false);
  }

  #abort(runId: string, reason: string, taskId?: string, attempt?: number): OutgoingMessage {
    const { source, clock } = this.#parts;
    const id = `${runId}/abort/${taskId ?? ''}/${attempt ?? ''}`;
    const addressing = { id, type: 'abort', source, runId, causationId: id, at: clock.now() } as const;
    const body = { reason, ...(taskId === undefined ? {} : { taskId }), ...(attempt === undefined ? {} : { attempt }) };
    return { channel: ABORT_CHANNEL, envelope: toEnvelope(addressing, body) };
  }

  /** Does not reject. */
  async #publish(runId: string, messages: readonly OutgoingMessage[]): Promise<void> {
    try {
      await this.#parts.transport.publish(messages);
    } catch (error) {
      // Lost messages are sent again by the sweep over open attempts.
      const message = `messages were not taken by the transport: ${String(error)}`;
      this.#parts.monitors.notice({ kind: 'log', level: 'warn', message, runId });
      for (const { envelope } of messages) {
        if (envelope.type !== 'reprise.dispatch') continue;
        const { delivery, taskId, attempt } = envelope.data as unknown as Dispatch;
        // Whether it was taken cannot be known, and it may not be sent twice.
        if (delivery === 'at-most-once' && this.#parts.transport.spans !== true)
          this.#parts.leaseExpired(runId, taskId, attempt);
      }
    }
  }
}

const deliveryOf = ({
  taskId,
  attempt,
  call,
  messages,
  error,
}: Extract<Effect, { readonly kind: 'deliver' }>): CallDelivery => ({
  taskId,
  attempt,
  call,
  ...(messages === undefined ? {} : { messages }),
  ...(error === undefined ? {} : { error }),
});
