import type { Breaker } from './breaker.ts';
import { Limit, type Share } from './limit.ts';
import { type Asker, areOfRuns, limitsOf, type NamedLimit } from './limits.ts';
import type { AdmissionOptions, LimitOptions } from './options.ts';
import type { Ask, Way } from './way.ts';

/** What this process has of a limit that holds over several; undefined of one that is of this process alone. */
export type ShareOf = (
  name: string,
  options: LimitOptions,
) => { readonly share: Share; bind(limit: Limit<Ask>): void } | undefined;

/** Ways that are kept before those that nobody uses are looked for. */
const MOST_WAYS = 10_000;

/** The ways and limits that there are, each made when it is first needed. */
export class Ways {
  readonly #options: AdmissionOptions;
  readonly #ofRuns: boolean;
  readonly #now: () => number;
  readonly #inUse: () => ReadonlySet<Way>;
  readonly #breakerOf: (agent: string) => Breaker | undefined;
  readonly #shareOf: ShareOf | undefined;
  readonly #limits = new Map<string, Limit<Ask>>();
  /** Where limits are the same for every run: by agent, then by capability. */
  readonly #plain = new Map<string, Map<string | undefined, Way>>();
  /** Where they differ from run to run, by their names. */
  readonly #ways = new Map<string, Way>();
  #most = MOST_WAYS;

  constructor(
    options: AdmissionOptions,
    now: () => number,
    inUse: () => ReadonlySet<Way>,
    breakerOf: (agent: string) => Breaker | undefined,
    shareOf?: ShareOf | undefined,
  ) {
    this.#options = options;
    this.#ofRuns = areOfRuns(options);
    this.#now = now;
    this.#inUse = inUse;
    this.#breakerOf = breakerOf;
    this.#shareOf = shareOf;
  }

  /** `asking`: is asked for its run only where limits differ from run to run. */
  of(asking: { readonly asker: Asker }, agent: string, capability: string | undefined): Way {
    if (this.#ofRuns) return this.#ofRun(asking.asker, agent, capability);
    let ways = this.#plain.get(agent);
    if (ways === undefined) {
      ways = new Map();
      this.#plain.set(agent, ways);
    }
    let way = ways.get(capability);
    if (way === undefined) {
      const named = limitsOf(this.#options, asking.asker, agent, capability);
      way = this.#make(agent, capability, named);
      ways.set(capability, way);
    }
    return way;
  }

  limit(name: string): Limit<Ask> | undefined {
    return this.#limits.get(name);
  }

  /** Ways that depend on the run. */
  get size(): number {
    return this.#ways.size;
  }

  /** Every limit that there is. */
  get limits(): Iterable<Limit<Ask>> {
    return this.#limits.values();
  }

  clear(): void {
    for (const { share } of this.#limits.values()) share?.close();
    for (const known of [this.#plain, this.#ways, this.#limits]) known.clear();
  }

  #ofRun(asker: Asker, agent: string, capability: string | undefined): Way {
    const named = limitsOf(this.#options, asker, agent, capability);
    const key = JSON.stringify([agent, capability ?? null, ...named.map(([name]) => name)]);
    const known = this.#ways.get(key);
    if (known !== undefined) return known;
    if (this.#ways.size >= this.#most) this.#prune();
    const way = this.#make(agent, capability, named);
    this.#ways.set(key, way);
    return way;
  }

  #make(agent: string, capability: string | undefined, named: readonly NamedLimit[]): Way {
    const limits = named.map(([name, limit]) => this.#limit(name, limit));
    const breaker = this.#breakerOf(agent);
    const last = limits.at(-1);
    if (last !== undefined) last.gate = breaker;
    return { agent, capability, limits, breaker, isRated: limits.some(({ isRated }) => isRated) };
  }

  #limit(name: string, options: LimitOptions): Limit<Ask> {
    let limit = this.#limits.get(name);
    if (limit === undefined) {
      const { weights } = this.#options;
      const weightOf = (tenant: string): number => weights.get(tenant) ?? weights.get('*') ?? 1;
      const shared = this.#shareOf?.(name, options);
      limit = new Limit<Ask>(name, options, weightOf, this.#now(), shared?.share);
      shared?.bind(limit);
      this.#limits.set(name, limit);
    }
    return limit;
  }

  /** Limits by the values of labels, or by tenant, may be new each day: those of yesterday are let go of. */
  #prune(): void {
    const inUse = this.#inUse();
    for (const [key, way] of this.#ways) if (!inUse.has(way)) this.#ways.delete(key);
    const limits = new Set([...this.#ways.values()].flatMap((way) => way.limits));
    const now = this.#now();
    for (const [name, limit] of this.#limits) if (!limits.has(limit) && limit.isQuiet(now)) this.#limits.delete(name);
    this.#most = Math.max(MOST_WAYS, 2 * this.#ways.size);
  }
}
