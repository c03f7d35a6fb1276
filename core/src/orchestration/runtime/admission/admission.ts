import { CallMeter, type CallTimes } from '../../../shared/call-meter.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { WaitingForRoom } from '../../workflow/explain/explanation.ts';
import { isInFlight, isListening, type RunState } from '../../workflow/state.ts';
import { type AdmissionDesk, AdmissionTurn } from './admission-turn.ts';
import { type AgentHealth, type AttemptEnd, attemptName, type Breaker, type Turned } from './breaker.ts';
import { Breakers } from './breakers.ts';
import { type HeldAttempt, HeldAttempts } from './held-attempts.ts';
import type { Limit, Share } from './limit.ts';
import { agentLimitName } from './limits.ts';
import type { AdmissionOptions, LimitOptions } from './options.ts';
import { Average, Pace } from './pace.ts';
import { WaitingRuns } from './waiting-runs.ts';
import type { Ask, Way } from './way.ts';
import { Ways } from './ways.ts';

export interface AgentCapacity {
  /** Attempts at once. */
  readonly concurrency: number;
  /** What waits at its worker is begun by priority, so that some may be sent ahead. */
  readonly near: boolean;
}

export interface AdmissionParts {
  readonly clock: Clock;
  readonly options: AdmissionOptions;
  /** What the workers of an agent take; undefined when nobody has it. */
  capacityOf(agent: string): AgentCapacity | undefined;
  /** The load of an agent has changed. */
  loaded(agent: string, delta: 1 | -1): void;
  /** The run was granted attempts: it is to be looked at. */
  wake(runId: string): void;
  /** Where other processes drive runs, too: what this one has of a limit. `more`: there may be more of it. */
  shareOf?: ((name: string, options: LimitOptions) => BoundShare | undefined) | undefined;
}

export interface BoundShare extends Share {
  bind(use: { readonly used: number; readonly waiting: number }, more: () => void): void;
}

/**
 * What may begin now, over all runs of this process (ADR 10). It is not history: it says when a run may schedule, and for which agents.
 *
 * A run asks within its turn (`turn()`), which takes nothing: what it then uses (TaskScheduled) it takes. For what there is no room it *waits*, at the first
 * limit without. What is given back goes to whoever waits and is first, as a *grant*: in that run's next turn it is *in hand*, to be used for anything
 * that passes the same limits, or given back at the end of the turn.
 *
 *   asking ──room──► use() ──► under way ──release()──► given back
 *     └──no room──► waiting ──its turn, room──► granted ──next turn of the run──► in hand ──► use()
 *
 * What a run releases in a turn is given to others only once the turn has asked too: so a run has its own slot again when nobody is before it.
 */
export class Admission implements AdmissionDesk {
  readonly ways: Ways;
  readonly #parts: AdmissionParts;
  readonly #held = new HeldAttempts();
  readonly #paces = new Map<string, Pace>();
  readonly #breakers: Breakers;
  readonly #waiting: WaitingRuns;
  readonly #granted = new Map<string, Map<Way, number>>();
  readonly #appendMs = new Average();
  readonly #appends = new CallMeter();
  #turn: AdmissionTurn | undefined;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#breakers = new Breakers(parts.clock, parts.options.breaker, (agent) => this.changed(agent));
    this.ways = new Ways(
      parts.options,
      () => parts.clock.now(),
      () => this.#waysInUse(),
      (agent) => this.#breakers.of(agent),
      parts.shareOf && ((name, limit) => this.#shareOf(name, limit)),
    );
    const { clock, options } = parts;
    this.#waiting = new WaitingRuns(clock, options.ageingMs, (ask) => this.#grant(ask));
  }

  #shareOf(name: string, options: LimitOptions) {
    // What is of the process alone, or lets everything through, is nobody else's business.
    const isLimit = Number.isFinite(options.concurrency) || options.rate !== undefined;
    const share = name === 'process' || !isLimit ? undefined : this.#parts.shareOf?.(name, options);
    if (share === undefined) return undefined;
    return { share, bind: (limit: Limit<Ask>) => share.bind(limit, () => this.#moreAt(limit)) };
  }

  /** Other processes have given some of it back. */
  #moreAt(limit: Limit<Ask>): void {
    this.#waiting.free(limit);
    limit.share?.changed();
  }

  /** Begins the synchronous part of a run's turn; to be closed. What was granted to it is in hand. */
  turn(runId: string, state: RunState): AdmissionTurn {
    const granted = this.#granted.get(runId);
    if (granted !== undefined) this.#granted.delete(runId);
    this.#turn = new AdmissionTurn(this, runId, state, granted);
    return this.#turn;
  }

  closed(turn: AdmissionTurn, still: ReadonlySet<Way> | undefined): void {
    if (this.#turn === turn) this.#turn = undefined;
    this.#waiting.withdraw(turn.runId, still);
  }

  /** A run whose turn did not come to asking: it waits no longer, and what was granted to it goes to others. */
  forgo(runId: string): void {
    this.#waiting.withdraw(runId);
    const granted = this.#granted.get(runId);
    this.#granted.delete(runId);
    for (const [way, count] of granted ?? []) this.giveBack(way, count, true);
  }

  room(way: Way, hand: ReadonlyMap<Way, number>): number {
    // Most limits do not ask what time it is.
    const now = way.isRated ? this.#parts.clock.now() : 0;
    this.#measure(way.agent, way.limits.at(-1));
    let room = Number.POSITIVE_INFINITY;
    for (const limit of way.limits) room = Math.min(room, roomAt(limit, now) + inHand(limit, hand, way));
    return room + (hand.get(way) ?? 0);
  }

  take(way: Way, hand: Map<Way, number>): boolean {
    const had = hand.get(way) ?? 0;
    if (had > 0) {
      hand.set(way, had - 1);
      return true;
    }
    if (this.room(way, hand) <= 0) return false;
    const now = way.isRated ? this.#parts.clock.now() : 0;
    // What was granted on another way is exchanged.
    const exchanged = new Set<Limit<Ask>>();
    for (const limit of way.limits) {
      if (roomAt(limit, now) > 0 || exchanged.has(limit)) continue;
      const other = [...hand.keys()].find((one) => (hand.get(one) ?? 0) > 0 && one.limits.includes(limit));
      if (other === undefined) continue;
      hand.set(other, (hand.get(other) ?? 0) - 1);
      for (const one of other.limits) {
        one.giveBack(true);
        exchanged.add(one);
        if (!way.limits.includes(one)) this.#waiting.free(one);
      }
    }
    for (const limit of way.limits) limit.take(now);
    return true;
  }

  isWaitedFor({ limits }: Way): boolean {
    return limits.some(({ waiting }) => waiting > 0);
  }

  wait(turn: AdmissionTurn, way: Way, want: number, priority: number): void {
    this.#waiting.add(turn.asker, way, want, priority);
  }

  hold(runId: string, taskId: string, attempt: number, way: Way, taken: boolean): void {
    if (!taken) for (const limit of way.limits) limit.take(this.#parts.clock.now(), false);
    else if (way.breaker?.isTrying === true) way.breaker.began(attemptName(runId, taskId, attempt));
    const before = this.#held.put(runId, taskId, { taskId, attempt, way, beganAt: undefined });
    this.#parts.loaded(way.agent, 1);
    if (before !== undefined) this.#over(runId, before, false);
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

  /** Its worker says that it has ended, which is to be decided yet: how long the agent took is known. */
  finished(runId: string, taskId: string, attempt: number): void {
    const held = this.#held.get(runId, taskId, attempt);
    if (held?.beganAt === undefined) return;
    this.#paceOf(held.way.agent).worked(this.#parts.clock.now() - held.beganAt);
    held.beganAt = undefined;
  }

  release(runId: string, taskId: string, attempt: number, unused = false): Way | undefined {
    const held = this.#held.take(runId, taskId, attempt);
    if (held === undefined) return undefined;
    this.#over(runId, held, unused);
    return held.way;
  }

  /** How an attempt that is under way ended, before it is released. An agent that is rested by it has nothing more in hand of anybody. */
  ended(runId: string, taskId: string, attempt: number, end: AttemptEnd): Turned | undefined {
    const { way } = this.#held.get(runId, taskId, attempt) ?? {};
    const turned = way?.breaker?.ended(runId, taskId, attempt, end);
    if (way !== undefined && turned?.note?.rested !== undefined) this.#takeBack(way.agent);
    return turned;
  }

  undo(agent: string, turned: Turned): void {
    this.#breakers.undo(agent, turned);
  }

  /** What is known of an agent by how its attempts ended; undefined when nothing is. */
  health(agent: string): AgentHealth | undefined {
    return this.#breakers.health(agent);
  }

  /** A run was read: what is not under way any more ended elsewhere. */
  reconcile(state: RunState): void {
    for (const [taskId, attempt] of this.#held.of(state.runId)) {
      const task = state.tasks.get(taskId);
      if (task === undefined || !isInFlight(task) || task.attempt !== attempt || isListening(state, task))
        this.release(state.runId, taskId, attempt);
    }
  }

  /** Everything of a run is over; or (`moved`) goes on elsewhere. */
  releaseRun(runId: string, moved = false): void {
    this.forgo(runId);
    for (const held of this.#held.takeRun(runId)) {
      if (moved) for (const { share } of held.way.limits) share?.linger(1);
      this.#over(runId, held, false);
    }
  }

  #over(runId: string, { taskId, attempt, way }: HeldAttempt, unused: boolean): void {
    if (way.breaker?.isTrying === true) way.breaker.abandoned(attemptName(runId, taskId, attempt));
    this.#parts.loaded(way.agent, -1);
    this.giveBack(way, 1, unused);
  }

  /** What was granted for an agent, and has not begun. Whoever had it asks again in its next turn. */
  #takeBack(agent: string): void {
    this.#turn?.leave(agent);
    for (const granted of this.#granted.values()) {
      for (const [way, count] of granted) {
        if (way.agent !== agent) continue;
        granted.delete(way);
        this.giveBack(way, count, true);
      }
    }
  }

  giveBack({ limits }: Way, count: number, unused: boolean): void {
    for (const limit of limits) {
      for (let left = count; left > 0; left -= 1) limit.giveBack(unused);
      this.#waiting.free(limit);
    }
  }

  /** An append took so long: that is how far an attempt is from the one before. */
  appended(ms: number): void {
    this.#appendMs.add(ms);
    this.#appends.took(ms);
  }

  /** Appends, as far as they were measured. */
  get appends(): CallTimes {
    return this.#appends.times;
  }

  /** How many attempts wait for room, by the name of the limit that has none. */
  get waitingFor(): Readonly<Record<string, number>> {
    const waiting: Record<string, number> = {};
    for (const { at, want } of this.#waiting.asks()) waiting[at.name] = (waiting[at.name] ?? 0) + want;
    return waiting;
  }

  /** The workers of an agent have more or less room than before. */
  changed(agent: string): void {
    const limit = this.ways.limit(agentLimitName(agent));
    this.#measure(agent, limit);
    if (limit !== undefined) this.#waiting.free(limit);
  }

  /** Where a run waits to hand something to an agent, or to whoever has a capability; undefined when it waits at no limit. */
  waitingAt(runId: string, agent: string | undefined, capability: string | undefined): WaitingForRoom | undefined {
    const isAbout = (way: Way): boolean =>
      agent === undefined ? way.capability === capability : way.agent === agent && way.capability === undefined;
    const asks = this.#waiting.of(runId).filter(({ way }) => isAbout(way));
    // One that rests is told of when nobody else could be waited for.
    const ask = asks.find(({ way }) => way.breaker?.isTrusted !== false) ?? asks.toSorted(firstBack)[0];
    if (ask === undefined) return undefined;
    const { at, way } = ask;
    const now = this.#parts.clock.now();
    const waitMs = at.room(now) > 0 ? undefined : at.waitMs(now);
    return {
      limit: at.name,
      used: at.share?.usedInAll ?? at.used,
      most: Number.isFinite(at.concurrency) ? at.concurrency : undefined,
      nextAt: waitMs === undefined ? undefined : now + waitMs,
      others: at.waiting - 1,
      ...(way.breaker?.isTrusted === false && { rested: restOf(way.breaker) }),
    };
  }

  /** Forgets everything: nothing is driven any more. */
  clear(): void {
    for (const { way } of this.#held.all()) this.#parts.loaded(way.agent, -1);
    for (const known of [this.#held, this.#waiting, this.#granted, this.ways, this.#breakers]) known.clear();
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

  #measure(agent: string, limit: Limit<Ask> | undefined): void {
    if (limit === undefined) return;
    const capacity = this.#parts.capacityOf(agent);
    const concurrency = capacity?.concurrency ?? 0;
    const ahead = capacity?.near === true ? this.#paceOf(agent).ahead(concurrency, this.#appendMs.value) : 0;
    const { agents } = this.#parts.options;
    const most = (agents.get(agent) ?? agents.get('*'))?.concurrency ?? Number.POSITIVE_INFINITY;
    limit.concurrency = Math.min(most, concurrency + ahead);
  }

  #waysInUse(): ReadonlySet<Way> {
    const inUse = new Set<Way>(this.#turn?.ways);
    for (const way of this.#waiting.ways()) inUse.add(way);
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

/** What nobody is before the run for. */
const roomAt = (limit: Limit<Ask>, now: number): number => (limit.waiting > 0 ? 0 : Math.max(0, limit.room(now)));

/** What the run was granted on other ways that pass the limit, too. */
function inHand(limit: Limit<Ask>, hand: ReadonlyMap<Way, number>, way: Way): number {
  let count = 0;
  for (const [other, left] of hand) if (other !== way && other.limits.includes(limit)) count += left;
  return count;
}

const restOf = ({ agent, health: { state, until } }: Breaker): NonNullable<WaitingForRoom['rested']> => ({
  agent,
  until,
  trying: state === 'trying',
});

const firstBack = (one: Ask, other: Ask): number =>
  (one.way.breaker?.health.until ?? 0) - (other.way.breaker?.health.until ?? 0);
