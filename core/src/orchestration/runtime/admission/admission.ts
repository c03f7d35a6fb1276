import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import type { WaitingForRoom } from '../../workflow/explain/explanation.ts';
import { isInFlight, type RunState } from '../../workflow/state.ts';
import { AdmissionTurn } from './admission-turn.ts';
import { HeldAttempts } from './held-attempts.ts';
import type { Limit } from './limit.ts';
import { type Asker, agentLimitName } from './limits.ts';
import type { AdmissionOptions } from './options.ts';
import { Average, Pace } from './pace.ts';
import type { Waiting } from './waiting-line.ts';
import { type Way, Ways } from './ways.ts';

/** A run that waits for room on one way. */
export interface Ask extends Waiting {
  readonly asker: Asker;
  readonly way: Way;
  /** How many attempts more it would begin. */
  want: number;
  priority: number;
  /** Where it waits. */
  at: Limit<Ask>;
}

export interface AdmissionParts {
  readonly clock: Clock;
  readonly options: AdmissionOptions;
  /** Attempts that the workers of an agent have room for at once; 0 for an agent that nobody has. */
  capacityOf(agent: string): number;
  /** The load of an agent has changed. */
  loaded(agent: string, delta: 1 | -1): void;
  /** The run was granted attempts: it is to be looked at. */
  wake(runId: string): void;
}

/**
 * What may begin now, over all runs of this process (ADR 10). It is not history: it says when a run may schedule, and for which agents.
 *
 * A run asks within its turn (`turn()`). What it may begin it *has in hand*, then uses (TaskScheduled) or gives back at the end of the turn; for what there
 * is no room it *waits*, at the first limit without. What is given back goes to whoever waits and is first, as a *grant*: it is in hand in that run's next turn.
 *
 *   asking ──room──► in hand ──use()──► under way ──release()──► given back
 *     └──no room──► waiting ──its turn, room──► granted ──next turn of the run──► in hand
 *
 * What a run releases in a turn is given to others only once the turn has asked too: so a run has its own slot again when nobody is before it.
 */
export class Admission {
  readonly ways: Ways;
  readonly #parts: AdmissionParts;
  readonly #held = new HeldAttempts();
  readonly #paces = new Map<string, Pace>();
  /** Of a run: by way. */
  readonly #asks = new Map<string, Map<Way, Ask>>();
  readonly #granted = new Map<string, Map<Way, number>>();
  /** Limits of which something was given back and that somebody waits at. */
  readonly #freed = new Set<Limit<Ask>>();
  /** When rates let the next one through. */
  readonly #alarms = new Map<Limit<Ask>, ScheduledCall>();
  readonly #appendMs = new Average();
  #order = 0;
  #turn: AdmissionTurn | undefined;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.ways = new Ways(
      parts.options,
      () => parts.clock.now(),
      () => this.#waysInUse(),
    );
  }

  /** Begins the synchronous part of a run's turn; to be closed. What was granted to it is in hand. */
  turn(runId: string, state: RunState): AdmissionTurn {
    const granted = this.#granted.get(runId);
    if (granted !== undefined) this.#granted.delete(runId);
    this.#turn = new AdmissionTurn(this, runId, state, granted);
    return this.#turn;
  }

  /** The turn is over. The run goes on waiting on the ways in `still` only. */
  closed(turn: AdmissionTurn, still: ReadonlySet<Way> | undefined): void {
    if (this.#turn === turn) this.#turn = undefined;
    this.#withdraw(turn.runId, still);
  }

  /** A run whose turn did not come to asking: it waits no longer, and what was granted to it goes to others. */
  forgo(runId: string): void {
    this.#withdraw(runId);
    const granted = this.#granted.get(runId);
    this.#granted.delete(runId);
    for (const [way, count] of granted ?? []) this.giveBack(way, count, true);
  }

  /** Puts up to `want` into the hand of the run, whose turn it is, where nobody is before it; what is missing is waited for. */
  ask(turn: AdmissionTurn, way: Way, want: number, priority: number): void {
    const now = this.#parts.clock.now();
    this.#measure(way.agent, way.limits.at(-1));
    const known = this.#asks.get(turn.runId)?.get(way);
    let left = want;
    if (known !== undefined) {
      known.want = want;
      if (known.priority !== priority) this.#changePriority(known, priority, now);
    } else {
      if (way.limits.every(({ waiting }) => waiting === 0)) {
        const room = Math.max(0, Math.min(want, ...way.limits.map((limit) => limit.room(now))));
        for (let got = 0; got < room; got += 1) for (const limit of way.limits) limit.take(now);
        if (room > 0) turn.add(way, room);
        left -= room;
        if (left === 0) return;
      }
      this.#wait(turn.asker, way, left, priority, now);
    }
    for (const limit of way.limits) if (limit.waiting > 0) this.#serve(limit, now);
  }

  #withdraw(runId: string, still?: ReadonlySet<Way>): void {
    const asks = this.#asks.get(runId);
    if (asks === undefined) return;
    for (const [way, ask] of asks) if (still?.has(way) !== true) this.#leave(ask);
  }

  /** An attempt is under way. `taken`: by what was in hand; without, it is one that began elsewhere or before, and counts all the same. */
  hold(runId: string, taskId: string, attempt: number, way: Way, taken: boolean): void {
    if (!taken) for (const limit of way.limits) limit.take(this.#parts.clock.now());
    const before = this.#held.put(runId, taskId, { attempt, way, beganAt: undefined });
    this.#parts.loaded(way.agent, 1);
    if (before !== undefined) this.#over(before.way, false);
  }

  /** Whether the attempt is known to be under way. */
  holds(runId: string, taskId: string, attempt: number): boolean {
    return this.#held.get(runId, taskId, attempt) !== undefined;
  }

  /** A worker has begun it. */
  began(runId: string, taskId: string, attempt: number): void {
    const held = this.#held.get(runId, taskId, attempt);
    if (held !== undefined) held.beganAt ??= this.#parts.clock.now();
  }

  /** The attempt is over (`unused`: did not come about). Returns its way; undefined when it was not under way. */
  release(runId: string, taskId: string, attempt: number, unused = false): Way | undefined {
    const held = this.#held.take(runId, taskId, attempt);
    if (held === undefined) return undefined;
    if (held.beganAt !== undefined) this.#paceOf(held.way.agent).worked(this.#parts.clock.now() - held.beganAt);
    this.#over(held.way, unused);
    return held.way;
  }

  /** A run was read: what is not under way any more ended elsewhere. */
  reconcile(state: RunState): void {
    for (const [taskId, attempt] of this.#held.of(state.runId)) {
      const task = state.tasks.get(taskId);
      if (task === undefined || !isInFlight(task) || task.attempt !== attempt)
        this.release(state.runId, taskId, attempt);
    }
  }

  /** Everything of a run is over. */
  releaseRun(runId: string): void {
    this.forgo(runId);
    for (const { way } of this.#held.takeRun(runId)) this.#over(way, false);
  }

  #over(way: Way, unused: boolean): void {
    this.#parts.loaded(way.agent, -1);
    this.giveBack(way, 1, unused);
  }

  /** `unused`: nothing began. */
  giveBack({ limits }: Way, count: number, unused: boolean): void {
    for (const limit of limits) {
      for (let left = count; left > 0; left -= 1) limit.giveBack(unused);
      if (limit.waiting > 0) this.#free(limit);
    }
  }

  /** An append took so long: that is how far an attempt is from the one before. */
  appended(ms: number): void {
    this.#appendMs.add(ms);
  }

  /** The workers of an agent have more or less room than before. */
  changed(agent: string): void {
    const limit = this.ways.limit(agentLimitName(agent));
    this.#measure(agent, limit);
    if (limit !== undefined && limit.waiting > 0) this.#free(limit);
  }

  /** Where a run waits to hand something to an agent, or to whoever has a capability; undefined when it waits at no limit. */
  waitingAt(runId: string, agent: string | undefined, capability: string | undefined): WaitingForRoom | undefined {
    for (const [way, { at }] of this.#asks.get(runId) ?? []) {
      if (agent === undefined ? way.capability !== capability : way.agent !== agent || way.capability !== undefined)
        continue;
      return { limit: at.name, used: at.used, others: at.waiting - 1 };
    }
    return undefined;
  }

  /** Forgets everything: nothing is driven any more. */
  clear(): void {
    for (const alarm of this.#alarms.values()) alarm.cancel();
    this.#alarms.clear();
    this.#freed.clear();
    for (const { way } of this.#held.all()) this.#parts.loaded(way.agent, -1);
    for (const known of [this.#held, this.#asks, this.#granted, this.ways]) known.clear();
  }

  #wait(asker: Asker, way: Way, want: number, priority: number, now: number): void {
    const { limits } = way;
    const at = limits.find((limit) => limit.room(now) <= 0) ?? limits.find(({ waiting }) => waiting > 0) ?? limits[0];
    if (at === undefined) return;
    const { tenant, runId } = asker;
    const key = now - priority * this.#parts.options.ageingMs;
    const ask: Ask = { asker, way, want, priority, tenant, key, order: this.#nextOrder(), gone: false, at };
    let asks = this.#asks.get(runId);
    if (asks === undefined) {
      asks = new Map();
      this.#asks.set(runId, asks);
    }
    asks.set(way, ask);
    this.#standAt(at, ask, now);
  }

  #standAt(limit: Limit<Ask>, ask: Ask, now: number): void {
    ask.at = limit;
    limit.line.add(ask);
    limit.waiting += 1;
    const waitMs = limit.waitMs(now);
    if (waitMs !== undefined && limit.room(now) <= 0) this.#alarm(limit, waitMs);
  }

  /** It stands where it stood, but for its priority: the line keeps what it is ordered by, so it is left and joined again. */
  #changePriority(ask: Ask, priority: number, now: number): void {
    const { asker, way } = ask;
    const { ageingMs } = this.#parts.options;
    const moved: Ask = { ...ask, priority, key: ask.key + (ask.priority - priority) * ageingMs };
    ask.gone = true;
    ask.at.waiting -= 1;
    this.#asks.get(asker.runId)?.set(way, moved);
    this.#standAt(moved.at, moved, now);
  }

  #leave(ask: Ask): void {
    ask.gone = true;
    ask.at.waiting -= 1;
    const { runId } = ask.asker;
    const asks = this.#asks.get(runId);
    asks?.delete(ask.way);
    if (asks?.size === 0) this.#asks.delete(runId);
  }

  /** Something of the limit is free, and somebody waits at it. Whoever frees it may ask for it before. */
  #free(limit: Limit<Ask>): void {
    this.#freed.add(limit);
    if (this.#freed.size > 1) return;
    queueMicrotask(() => {
      const freed = [...this.#freed];
      this.#freed.clear();
      const now = this.#parts.clock.now();
      for (const one of freed) this.#serve(one, now);
    });
  }

  /** Gives what is free at a limit to those that wait there, in their order. Who lacks room at another limit goes on waiting there. */
  #serve(limit: Limit<Ask>, now: number): void {
    for (;;) {
      const ask = limit.line.peek();
      if (ask === undefined) return;
      if (limit.room(now) <= 0) {
        const waitMs = limit.waitMs(now);
        if (waitMs !== undefined) this.#alarm(limit, waitMs);
        return;
      }
      const full = ask.way.limits.find((other) => other !== limit && other.room(now) <= 0);
      limit.line.shift(full === undefined);
      limit.waiting -= 1;
      if (full !== undefined) {
        this.#standAt(full, ask, now);
        continue;
      }
      for (const one of ask.way.limits) one.take(now);
      this.#grant(ask);
      ask.want -= 1;
      if (ask.want > 0) {
        ask.key = now - ask.priority * this.#parts.options.ageingMs;
        ask.order = this.#nextOrder();
        this.#standAt(limit, ask, now);
      } else {
        const asks = this.#asks.get(ask.asker.runId);
        asks?.delete(ask.way);
        if (asks?.size === 0) this.#asks.delete(ask.asker.runId);
      }
    }
  }

  /** In hand at once, when the run is in its turn; else in its next one. */
  #grant({ asker: { runId }, way }: Ask): void {
    if (this.#turn?.runId === runId) return this.#turn.add(way, 1);
    let granted = this.#granted.get(runId);
    if (granted === undefined) {
      granted = new Map();
      this.#granted.set(runId, granted);
      this.#parts.wake(runId);
    }
    granted.set(way, (granted.get(way) ?? 0) + 1);
  }

  #alarm(limit: Limit<Ask>, waitMs: number): void {
    if (this.#alarms.has(limit)) return;
    const alarm = this.#parts.clock.schedule(Math.max(1, waitMs), () => {
      this.#alarms.delete(limit);
      this.#serve(limit, this.#parts.clock.now());
    });
    this.#alarms.set(limit, alarm);
  }

  #nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  #measure(agent: string, limit: Limit<Ask> | undefined): void {
    if (limit === undefined) return;
    const { capacityOf, options } = this.#parts;
    const capacity = capacityOf(agent);
    const ahead = capacity === 0 ? 0 : this.#paceOf(agent).ahead(capacity, this.#appendMs.value);
    const configured = options.agents.get(agent) ?? options.agents.get('*');
    limit.concurrency = Math.min(configured?.concurrency ?? Number.POSITIVE_INFINITY, capacity + ahead);
  }

  #waysInUse(): ReadonlySet<Way> {
    const inUse = new Set<Way>(this.#turn?.ways);
    for (const asks of this.#asks.values()) for (const way of asks.keys()) inUse.add(way);
    for (const granted of this.#granted.values()) for (const way of granted.keys()) inUse.add(way);
    for (const { way } of this.#held.all()) inUse.add(way);
    return inUse;
  }

  #paceOf(agent: string): Pace {
    let pace = this.#paces.get(agent);
    if (pace === undefined) {
      pace = new Pace();
      this.#paces.set(agent, pace);
    }
    return pace;
  }
}
