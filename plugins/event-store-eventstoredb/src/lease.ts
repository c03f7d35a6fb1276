import { hostname } from 'node:os';
import {
  type DriverSign,
  NO_STREAM,
  type Ownership,
  type OwnershipChange,
  OwnershipListeners,
  type ScheduledCall,
  systemClock,
  systemIds,
} from '@reprise/core/plugin';
import { type Log, mayPass } from './log.ts';
import type { Proposed } from './mapping.ts';
import type { Answer } from './requests.ts';
import { proposed } from './snapshots.ts';

type Kind = 'LeaseTaken' | 'LeaseRenewed' | 'LeaseReleased';

interface Holder {
  readonly holder: string;
  readonly pid: number;
  readonly host: string;
  readonly since: number;
  readonly draining?: true;
}

/** A lease that this process has. */
interface Held {
  readonly since: number;
  readonly revision: number;
  /** Until when it counts, by the clock of this process, in ms. */
  readonly until: number;
}

/** The share of a lease after which its holder, who could not renew it, takes it for lost; others wait for all of it. */
const SURE = 0.8;
const RENEWALS = 3;
/** Events of the lease that are kept, for people to look at. */
const KEPT = 10;
/** How long a stop waits for the server, in ms. */
const RELEASE_MS = 2000;

/**
 * Ownership of all runs of a namespace, or of none: whoever holds its lease has them. The lease is a stream. It is taken, renewed and given back
 * by appends at its last revision, of which the first one wins. A holder who shows no sign for `leaseMs` has lost it: others see that the
 * stream stood still for so long while they looked, so no clocks are compared.
 *
 *   idle ──start()──► watching ──nobody holds it, or it stood still: take──► holding ──renewed in time──► holding
 *    ▲                   ▲──────────────renewed too late, or taken by another──┘ │
 *    └──────────stop(): given back──────────────────────────────────────────────┘
 */
export class Lease implements Ownership {
  readonly #log: Log;
  readonly #name: string;
  readonly #leaseMs: number;
  readonly #holder = systemIds.next();
  readonly #listeners = new OwnershipListeners();
  #competing = false;
  #draining = false;
  #held: Held | undefined;
  /** An append of which it is not known yet what became of it: the same is made again. */
  #pending:
    | { readonly kind: Kind; readonly event: Proposed; readonly expected: number; readonly since: number }
    | undefined;
  /** The last event of the lease that was seen, and since when it is the last. */
  #seen: { readonly revision: number; readonly at: number } | undefined;
  #step: Promise<void> | undefined;
  #timer: ScheduledCall | undefined;
  #expiry: ScheduledCall | undefined;
  #trouble: string | undefined;

  constructor(log: Log, name: string, leaseMs: number) {
    this.#log = log;
    this.#name = name;
    this.#leaseMs = leaseMs;
  }

  async start(): Promise<void> {
    if (this.#competing) return;
    this.#competing = true;
    this.#draining = false;
    try {
      await this.#step?.catch(() => undefined); // of a start() that was stopped
      if (this.#competing) await this.#take();
    } catch (error) {
      this.#competing = false;
      throw error;
    }
    if (this.#competing) this.#schedule();
  }

  owns(): boolean {
    return this.#competing && this.#held !== undefined && systemClock.now() < this.#held.until;
  }

  onChange(listener: (change: OwnershipChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Said with the next renewal, which is made now; one that fails is made again. */
  drain(): void {
    this.#draining = true;
    if (this.#held !== undefined && this.#step === undefined) void this.#look();
  }

  async stop(): Promise<void> {
    const had = this.owns();
    this.#competing = false;
    this.#timer?.cancel();
    this.#expiry?.cancel();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = systemClock.schedule(RELEASE_MS, resolve);
    const releasing = this.#release(this.#step);
    this.#step = releasing; // a start() after it waits
    await Promise.race([releasing, late]);
    timer.cancel();
    if (had) this.#listeners.tell({ gained: false, lost: true });
  }

  async drivers(): Promise<readonly DriverSign[]> {
    const last = await this.#log.last(this.#name);
    if (last === undefined || last.kept.type === 'LeaseReleased') return [];
    const { holder, pid, host, since, draining } = JSON.parse(Buffer.from(last.kept.data).toString('utf8')) as Holder;
    const silentMs = holder === this.#holder ? 0 : Math.max(0, systemClock.now() - last.created);
    // By the clock of the server it is over: whoever wants the runs takes them. A clock that goes wrong is no reason to say so.
    return silentMs > 2 * this.#leaseMs ? [] : [{ pid, host, since, silentMs, ...(draining && { draining }) }];
  }

  /** Does not reject. What is under way comes first: it may be a take that succeeds. */
  async #release(underWay: Promise<void> | undefined): Promise<void> {
    await underWay?.catch(() => undefined);
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    await this.#append('LeaseReleased', held.revision, held.since).catch(() => undefined);
    this.#pending = undefined;
    this.#seen = undefined;
  }

  #schedule(): void {
    this.#timer?.cancel();
    const share = this.#held === undefined ? 2 * RENEWALS : RENEWALS;
    this.#timer = systemClock.schedule(Math.min(this.#leaseMs / share, 1000 * RENEWALS), () => void this.#look());
  }

  /** Does not reject. */
  async #look(): Promise<void> {
    try {
      await this.#take();
      this.#trouble = undefined;
    } catch (error) {
      const trouble = String(error);
      if (this.#competing && trouble !== this.#trouble) this.#listeners.tell({ gained: false, lost: false, error });
      this.#trouble = trouble;
    }
    if (this.#competing) this.#schedule();
  }

  /** One step towards the lease, or towards keeping it. */
  #take(): Promise<void> {
    this.#step = (this.#held === undefined ? this.#watch() : this.#renew(this.#held)).finally(() => {
      this.#step = undefined;
    });
    return this.#step;
  }

  async #watch(): Promise<void> {
    const pending = this.#pending;
    if (pending !== undefined) return this.#taken(await this.#append(pending.kind, pending.expected, pending.since));
    const last = await this.#log.last(this.#name);
    const revision = last?.kept.revision ?? NO_STREAM;
    if (last !== undefined && !this.#isFree(last)) return;
    if (last === undefined) await this.#keepFew();
    if (this.#competing) await this.#taken(await this.#append('LeaseTaken', revision, systemClock.now()));
  }

  #isFree({ kept }: Answer): boolean {
    if (kept.type === 'LeaseReleased') return true;
    const { holder } = JSON.parse(Buffer.from(kept.data).toString('utf8')) as Holder;
    if (holder === this.#holder) return true;
    if (this.#seen?.revision !== kept.revision) {
      this.#seen = { revision: kept.revision, at: systemClock.now() };
      return false;
    }
    return systemClock.now() >= this.#seen.at + this.#leaseMs;
  }

  async #renew({ revision, since }: Held): Promise<void> {
    const held = await this.#append('LeaseRenewed', this.#pending?.expected ?? revision, since);
    if (held !== undefined) this.#hold(held);
    else this.#lose();
  }

  #taken(held: Held | undefined): void {
    if (held === undefined) return;
    this.#hold(held);
    if (this.#competing) this.#listeners.tell({ gained: true, lost: false });
  }

  #hold(held: Held): void {
    this.#held = held;
    this.#expiry?.cancel();
    if (this.#competing) this.#expiry = systemClock.schedule(this.#leaseMs * SURE, () => this.#lose());
  }

  #lose(): void {
    this.#expiry?.cancel();
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#seen = undefined;
    if (this.#competing) this.#listeners.tell({ gained: false, lost: true });
  }

  /** What is held now; undefined when another was first. Counted from when it was asked for, not from when it was answered. */
  async #append(kind: Kind, expected: number, since: number): Promise<Held | undefined> {
    const asked = systemClock.now();
    if (this.#pending?.expected !== expected) {
      const data: Holder = {
        holder: this.#holder,
        pid: process.pid,
        host: hostname(),
        since,
        ...(this.#draining && { draining: true }),
      };
      this.#pending = { kind, event: proposed(kind, data), expected, since };
    }
    try {
      const outcome = await this.#log.append(this.#name, [this.#pending.event], expected);
      this.#pending = undefined;
      if (outcome.kind === 'conflict') return undefined;
      return { since, revision: outcome.revision, until: asked + this.#leaseMs * SURE };
    } catch (error) {
      if (!mayPass(error)) this.#pending = undefined;
      throw error;
    }
  }

  /** Whoever is first says so; that it cannot be said costs room in the log, nothing else. */
  async #keepFew(): Promise<void> {
    try {
      await this.#log.append(`$$${this.#name}`, [proposed('$metadata', { $maxCount: KEPT })], NO_STREAM);
    } catch (error) {
      if (mayPass(error)) throw error;
    }
  }
}

/** Whoever only reads owns nothing and takes part in nothing, but can tell who drives. */
export function readersOwnership(log: Log, name: string, leaseMs: number): Ownership {
  const lease = new Lease(log, name, leaseMs);
  return {
    start: async () => undefined,
    owns: () => false,
    onChange: () => () => undefined,
    stop: async () => undefined,
    drivers: () => lease.drivers(),
  };
}
