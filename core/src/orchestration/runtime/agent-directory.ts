import { AMOUNTS, type MaxUsage } from '../../definition/definition.ts';
import { askedAgent, fitsAsked } from '../../shared/agent-version.ts';
import type { Clock } from '../../shared/clock.ts';
import { ReadOnlyMap } from '../../shared/read-only-map.ts';
import type { AnnouncedAgent, Announcement } from '../messaging/announcements.ts';
import { MOST_CALLED } from '../messaging/messages.ts';
import type { AgentView } from '../scheduler/scheduler-strategy.ts';
import type { Takers } from '../workflow/explain/explanation.ts';
import type { AgentCapacity } from './admission/admission.ts';
import type { AgentFailure, AgentHealth } from './admission/breaker.ts';
import { Sweep } from './sweep.ts';

/** An agent, and who of those that are there runs it. */
export interface AgentPresence {
  readonly name: string;
  readonly capabilities: readonly string[];
  /** Those that its workers announced, each once. */
  readonly versions: readonly string[];
  readonly workers: readonly string[];
  /** Attempts that its workers take at once, in all. */
  readonly concurrency: number;
  /** How many more they could take when they were last heard of. */
  readonly free: number;
  /** Attempts that this process has handed to it, and that have not ended. */
  readonly load: number;
  /** `rested`: it failed too often, and is handed nothing until then. `trying`: it has rested, and one attempt is to say whether it is back. */
  readonly state: AgentHealth['state'];
  /** Of `rested`: until when; ms since the Unix epoch. */
  readonly restedUntil: number | undefined;
  /** The last attempt of this process that failed at it. */
  readonly lastFailure: AgentFailure | undefined;
}

export interface AgentDirectoryParts {
  readonly clock: Clock;
  /** How often workers that were silent are looked for, in ms. */
  readonly sweepMs: number;
  /** Somebody takes what nobody took before. */
  appeared(): void;
  /** The workers of an agent take more at once, or less, than before. */
  changed(agent: string): void;
  /** Workers that have these versions are to take them by name. */
  call(agents: readonly string[]): void;
  /** A worker is not there any more. */
  gone(worker: string): void;
  /** How it stands; undefined when nothing is known. */
  healthOf(agent: string): AgentHealth | undefined;
}

interface Worker {
  readonly agents: readonly AnnouncedAgent[];
  readonly leaseMs: number | undefined;
  expiresAt: number;
}

/** What any of its workers declares. */
function mostOf(one: MaxUsage | undefined, other: MaxUsage | undefined): { readonly maxUsage?: MaxUsage } {
  if (one === undefined || other === undefined)
    return (one ?? other) === undefined ? {} : { maxUsage: { ...one, ...other } };
  const most = { ...one, ...other };
  for (const kind of AMOUNTS) if (most[kind] !== undefined) most[kind] = Math.max(one[kind] ?? 0, other[kind] ?? 0);
  return { maxUsage: most };
}

/** After how long a worker is called again for a version that it has and does not take by name, in ms. */
const CALL_AGAIN_MS = 5000;

/** Frozen: strategies are shown it. */
interface View extends AgentView, AgentCapacity {}

/**
 * Who takes what, by what workers announce. A worker is there from its first announcement until it takes that back (by announcing
 * nothing), or is silent for the lease that it named; one that named none is there until it says otherwise.
 */
export class AgentDirectory implements Takers {
  readonly #parts: AgentDirectoryParts;
  readonly #workers = new Map<string, Worker>();
  /** Versions of agents that are asked for (`writer@2`). */
  readonly #wanted = new Set<string>();
  /** When workers were called for what they do not take by name yet. */
  readonly #called = new Map<string, number>();
  readonly #sweep: Sweep;
  /** Attempts under way, by agent: those of an agent that is gone, too. */
  readonly #loads = new Map<string, number>();
  #views: ReadonlyMap<string, View> = new Map();
  #shown: ReadonlyMap<string, AgentView> = this.#views;
  /** By capability; made anew when agents change. */
  readonly #takers = new Map<string, readonly AgentView[]>();

  constructor(parts: AgentDirectoryParts) {
    this.#parts = parts;
    this.#sweep = new Sweep(parts.clock, parts.sweepMs, (late) => this.#expire(late));
  }

  /** Somebody asks for an agent. A version that nobody is known to take is looked for: workers take by name what they are asked for. */
  wants(agent: string): void {
    if (this.#wanted.has(agent) || askedAgent(agent).version === undefined || this.#wanted.size >= MOST_CALLED) return;
    this.#wanted.add(agent);
    if (!this.has(agent)) this.#parts.call([agent]);
  }

  /** A worker that came later has not heard what is wanted. */
  #callFor({ worker, agents }: Announcement): void {
    const now = this.#parts.clock.now();
    // It takes a moment until it takes them, and it announces itself meanwhile.
    if (this.#wanted.size === 0 || now - (this.#called.get(worker) ?? Number.NEGATIVE_INFINITY) < CALL_AGAIN_MS) return;
    const names = new Set(agents.map(({ name }) => name));
    const wanted = [...this.#wanted].filter((one) => !names.has(one) && agents.some((agent) => fitsAsked(agent, one)));
    if (wanted.length === 0) return;
    this.#called.set(worker, now);
    this.#parts.call(wanted);
  }

  heard(announcement: Announcement): void {
    const { worker, agents, leaseMs } = announcement;
    this.#callFor(announcement);
    if (agents.length === 0) this.#forget(worker);
    else this.#workers.set(worker, { agents, leaseMs, expiresAt: this.#parts.clock.now() + (leaseMs ?? Infinity) });
    if (leaseMs !== undefined) this.#sweep.arm();
    if (this.#rebuild()) this.#parts.appeared();
  }

  #forget(worker: string): void {
    this.#workers.delete(worker);
    this.#called.delete(worker);
    this.#parts.gone(worker);
  }

  clear(): void {
    this.#sweep.cancel();
    this.#workers.clear();
    this.#called.clear();
    this.#rebuild();
  }

  /** Agents as strategies see them. */
  get views(): ReadonlyMap<string, AgentView> {
    return this.#shown;
  }

  has(agent: string): boolean {
    return this.#views.has(agent);
  }

  hasCapability(capability: string): boolean {
    return this.takersOf(capability).length > 0;
  }

  /** The agents that have a capability. */
  takersOf(capability: string): readonly AgentView[] {
    let takers = this.#takers.get(capability);
    if (takers === undefined) {
      takers = [...this.#views.values()].filter(({ capabilities }) => capabilities.includes(capability));
      this.#takers.set(capability, takers);
    }
    return takers;
  }

  addLoad(agent: string, delta: 1 | -1): void {
    const load = (this.#loads.get(agent) ?? 0) + delta;
    if (load === 0) this.#loads.delete(agent);
    else this.#loads.set(agent, load);
  }

  /** What the workers of an agent take, in all; undefined when there is none. */
  capacityOf(agent: string): AgentCapacity | undefined {
    return this.#views.get(agent);
  }

  /** What it declares that an attempt uses at most. */
  maxUsageOf(agent: string): MaxUsage | undefined {
    return this.#views.get(agent)?.maxUsage;
  }

  /** In the order of their names. */
  presences(): readonly AgentPresence[] {
    return [...this.#views.values()]
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ name, capabilities, load, concurrency }) => {
        const all = this.#of(name);
        const { state = 'ready', until, lastFailure } = this.#parts.healthOf(name) ?? {};
        return {
          name,
          capabilities,
          versions: [...new Set(all.flatMap(({ announced }) => announced.version ?? []))],
          workers: all.map(({ worker }) => worker),
          concurrency,
          free: all.reduce((sum, { announced }) => sum + announced.free, 0),
          load,
          state,
          restedUntil: state === 'rested' ? until : undefined,
          lastFailure,
        };
      });
  }

  #of(agent: string): readonly { readonly worker: string; readonly announced: AnnouncedAgent }[] {
    return [...this.#workers].flatMap(([worker, { agents }]) =>
      agents.filter(({ name }) => name === agent).map((announced) => ({ worker, announced })),
    );
  }

  #expire(late: boolean): boolean {
    const now = this.#parts.clock.now();
    let leased = 0;
    for (const [id, worker] of this.#workers) {
      if (worker.leaseMs === undefined) continue;
      if (late) worker.expiresAt = Math.max(worker.expiresAt, now + worker.leaseMs);
      if (worker.expiresAt <= now) this.#forget(id);
      else leased += 1;
    }
    this.#rebuild();
    return leased > 0;
  }

  /** Returns whether there is an agent, or a capability of one, that was not there before. */
  #rebuild(): boolean {
    const before = this.#views;
    const loads = this.#loads;
    const { healthOf } = this.#parts;
    const views = new Map<string, View>();
    for (const { agents, leaseMs } of this.#workers.values()) {
      for (const { name, capabilities, concurrency, maxUsage } of agents) {
        const known = views.get(name);
        const view: View = {
          name,
          capabilities: Object.freeze([...new Set([...(known?.capabilities ?? []), ...capabilities])]),
          get load() {
            return loads.get(name) ?? 0;
          },
          get rested() {
            return healthOf(name)?.state === 'rested';
          },
          concurrency: (known?.concurrency ?? 0) + concurrency,
          ...mostOf(known?.maxUsage, maxUsage),
          // One that will be there as long as this process is in it, and has nobody to share with.
          near: leaseMs === undefined && known === undefined,
        };
        views.set(name, Object.freeze(view));
      }
    }
    this.#views = views;
    this.#shown = new ReadOnlyMap(views);
    this.#takers.clear();
    for (const name of new Set([...before.keys(), ...views.keys()]))
      if (before.get(name)?.concurrency !== views.get(name)?.concurrency) this.#parts.changed(name);
    return views
      .values()
      .some(
        ({ name, capabilities }) =>
          !capabilities.every((one) => before.get(name)?.capabilities.includes(one)) || !before.has(name),
      );
  }
}
