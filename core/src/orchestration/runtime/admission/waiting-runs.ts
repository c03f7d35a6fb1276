import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import type { Limit } from './limit.ts';
import type { Asker } from './limits.ts';
import type { Ask, Way } from './way.ts';

/**
 * Runs that wait for room, each at the first limit of its way that has none. When that has room again, whose turn it is is served, or goes on
 * to wait at the next limit without room: so nobody waits at a limit that has room, and each limit that something is given back to wakes whoever waits.
 */
export class WaitingRuns {
  readonly #clock: Clock;
  readonly #ageingMs: number;
  readonly #granted: (ask: Ask) => void;
  /** Of a run: by way. */
  readonly #asks = new Map<string, Map<Way, Ask>>();
  /** Limits of which something was given back. */
  readonly #freed = new Set<Limit<Ask>>();
  /** When rates let the next one through. */
  readonly #alarms = new Map<Limit<Ask>, ScheduledCall>();
  #order = 0;

  /** `granted`: the run may begin one attempt; its limits are taken. */
  constructor(clock: Clock, ageingMs: number, granted: (ask: Ask) => void) {
    this.#clock = clock;
    this.#ageingMs = ageingMs;
    this.#granted = granted;
  }

  waits(runId: string, way: Way): boolean {
    return this.#asks.get(runId)?.has(way) === true;
  }

  of(runId: string): readonly Ask[] {
    return [...(this.#asks.get(runId)?.values() ?? [])];
  }

  *asks(): Generator<Ask> {
    for (const asks of this.#asks.values()) yield* asks.values();
  }

  *ways(): Generator<Way> {
    for (const asks of this.#asks.values()) yield* asks.keys();
  }

  /** A run waits for `want`; one that waits on that way already keeps its place. Serves whoever can be. */
  add(asker: Asker, way: Way, want: number, priority: number): void {
    const now = this.#clock.now();
    const known = this.#asks.get(asker.runId)?.get(way);
    if (known === undefined) {
      const { limits } = way;
      const at = limits.find((limit) => limit.room(now) <= 0) ?? limits.find(({ waiting }) => waiting > 0) ?? limits[0];
      if (at === undefined) return;
      this.#stand({ asker, way, want, priority, at, tenant: asker.tenant, ...this.#placeAt(now, priority) }, now);
    } else if (known.priority === priority) {
      known.want = want;
    } else {
      // A line keeps what it is ordered by: it is left, and joined again at the place that the priority gives.
      this.#leave(known);
      const key = known.key + (known.priority - priority) * this.#ageingMs;
      this.#stand({ ...known, want, priority, key, gone: false }, now);
    }
    for (const limit of way.limits) this.#serve(limit, now);
  }

  /** A run waits no longer, on any way but those of `still`. */
  withdraw(runId: string, still?: ReadonlySet<Way>): void {
    const asks = this.#asks.get(runId);
    if (asks === undefined) return;
    for (const [way, ask] of asks) if (still?.has(way) !== true) this.#leave(ask);
  }

  /** There may be room at the limit. Whoever waits is served once the work of now is done: who gave it back may ask for it before. */
  free(limit: Limit<Ask>): void {
    if (limit.waiting === 0) return;
    this.#freed.add(limit);
    if (this.#freed.size > 1) return;
    queueMicrotask(() => {
      const freed = [...this.#freed];
      this.#freed.clear();
      const now = this.#clock.now();
      for (const one of freed) this.#serve(one, now);
    });
  }

  clear(): void {
    for (const alarm of this.#alarms.values()) alarm.cancel();
    this.#alarms.clear();
    this.#freed.clear();
    this.#asks.clear();
  }

  /** Behind those that wait since before; a point of priority is as good as having waited a while. */
  #placeAt(now: number, priority: number): Pick<Ask, 'key' | 'order' | 'gone'> {
    this.#order += 1;
    return { key: now - priority * this.#ageingMs, order: this.#order, gone: false };
  }

  #stand(ask: Ask, now: number): void {
    const { runId } = ask.asker;
    let asks = this.#asks.get(runId);
    if (asks === undefined) {
      asks = new Map();
      this.#asks.set(runId, asks);
    }
    asks.set(ask.way, ask);
    this.#standAt(ask.at, ask, now);
  }

  #standAt(limit: Limit<Ask>, ask: Ask, now: number): void {
    ask.at = limit;
    limit.line.add(ask);
    limit.waiting += 1;
    limit.share?.changed();
    this.#setAlarm(limit, now);
  }

  #leave(ask: Ask): void {
    ask.gone = true;
    ask.at.waiting -= 1;
    this.#forget(ask);
  }

  #forget({ asker: { runId }, way }: Ask): void {
    const asks = this.#asks.get(runId);
    asks?.delete(way);
    if (asks?.size === 0) this.#asks.delete(runId);
  }

  #serve(limit: Limit<Ask>, now: number): void {
    while (limit.waiting > 0 && limit.room(now) > 0) {
      const ask = limit.line.peek();
      if (ask === undefined) return;
      const full = ask.way.limits.find((other) => other !== limit && other.room(now) <= 0);
      limit.line.shift(full === undefined);
      limit.waiting -= 1;
      if (full !== undefined) this.#standAt(full, ask, now);
      else this.#grant(ask, now);
    }
    this.#setAlarm(limit, now);
  }

  /** One attempt. For what it still wants it stands behind the others. */
  #grant(ask: Ask, now: number): void {
    for (const limit of ask.way.limits) limit.take(now);
    ask.want -= 1;
    if (ask.want > 0) {
      Object.assign(ask, this.#placeAt(now, ask.priority));
      this.#standAt(ask.at, ask, now);
    } else {
      this.#forget(ask);
    }
    this.#granted(ask);
  }

  /** Somebody waits for what a rate allows later. */
  #setAlarm(limit: Limit<Ask>, now: number): void {
    if (limit.waiting === 0 || limit.room(now) > 0 || this.#alarms.has(limit)) return;
    const waitMs = limit.waitMs(now);
    if (waitMs === undefined) return;
    const alarm = this.#clock.schedule(Math.max(1, waitMs), () => {
      this.#alarms.delete(limit);
      this.#serve(limit, this.#clock.now());
    });
    this.#alarms.set(limit, alarm);
  }
}
