import { type DriverSign, type Ownership, type OwnershipChange, OwnershipListeners } from '@reprise/core/plugin';
import { partitionOf } from './partition-of.ts';

/** The partitions of commands that this process has of its group. */
export interface Partitions {
  /** How many there are in all. */
  readonly count: number;
  readonly own: ReadonlySet<number>;
}

export interface PartitionOwnershipParts {
  /**
   * Joins the group that shares the commands out. `changed` is called at each assignment, and with undefined before it, when they are being shared out
   * anew; what resolves is there after the first.
   */
  join(changed: (partitions: Partitions | undefined) => void): Promise<Member>;
  /** The members of the group. */
  members(): Promise<readonly DriverSign[]>;
}

interface Member {
  close(): Promise<void>;
}

/**
 * Which runs this process drives, of many that share those of a namespace: the runs whose commands come to it. While it is away from the group, what it had
 * stays its own until it hears otherwise: should another have it by then, its appends conflict.
 *
 *   idle ──start()──► joining ──assigned──► sharing ──shared out anew──► unsettled ──assigned, away──► sharing
 *    ▲                   │ stop()              │ stop()                      │ stop()
 *    └───────────────────┴─────────────────────┴─────────────────────────────┘
 *
 * Kafka assigns only once every member that it has not given up has asked anew: whoever is to lose a partition is unsettled before another gains it.
 */
export class PartitionOwnership implements Ownership {
  readonly #parts: PartitionOwnershipParts;
  readonly #listeners = new OwnershipListeners();
  #partitions: Partitions | undefined;
  #member: Promise<Member> | undefined;
  #leaving: Promise<void> | undefined;
  /** Of one start() to the next stop(): what is heard of another one is nobody's. */
  #term: object | undefined;
  #unsettled: PromiseWithResolvers<void> | undefined;
  #owned = new Map<string, boolean>();

  constructor(parts: PartitionOwnershipParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#member ??= this.#join();
    const member = this.#member;
    try {
      await member;
    } catch (error) {
      if (this.#member === member) this.#member = this.#term = undefined;
      throw error;
    }
    // It was stopped meanwhile.
    if (this.#member !== member) await this.#leaving;
  }

  async #join(): Promise<Member> {
    const term = {};
    this.#term = term;
    await this.#leaving;
    return this.#parts.join((partitions) => {
      if (this.#term !== term) return;
      if (partitions === undefined) this.#unsettled ??= Promise.withResolvers();
      else this.#change(partitions);
    });
  }

  owns(runId: string): boolean {
    const partitions = this.#partitions;
    if (partitions === undefined) return false;
    let owned = this.#owned.get(runId);
    if (owned === undefined) {
      owned = partitions.own.has(partitionOf(runId, partitions.count));
      if (this.#owned.size >= MOST_REMEMBERED) this.#owned.clear();
      this.#owned.set(runId, owned);
    }
    return owned;
  }

  onChange(listener: (change: OwnershipChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  unsettled(): Promise<void> | undefined {
    return this.#unsettled?.promise;
  }

  /** Does not wait for a start that is under way: that one leaves again. */
  async stop(): Promise<void> {
    const member = this.#member;
    const hasJoined = this.#partitions !== undefined;
    this.#member = undefined;
    this.#term = undefined;
    this.#change(undefined);
    if (member !== undefined)
      this.#leaving = member.then(
        (one) => one.close(),
        () => undefined,
      );
    if (hasJoined) await this.#leaving;
  }

  drivers(): Promise<readonly DriverSign[]> {
    return this.#parts.members();
  }

  #change(partitions: Partitions | undefined): void {
    const before = this.#partitions?.own ?? new Set<number>();
    const now = partitions?.own ?? new Set<number>();
    this.#partitions = partitions;
    this.#owned = new Map();
    this.#unsettled?.resolve();
    this.#unsettled = undefined;
    const gained = [...now].some((one) => !before.has(one));
    const lost = [...before].some((one) => !now.has(one));
    if (gained || lost) this.#listeners.tell({ gained, lost });
  }
}

/** Runs of which it is known whose they are: asked at each of their steps. */
const MOST_REMEMBERED = 100_000;
