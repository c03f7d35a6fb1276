import { type DriverSign, type Ownership, type OwnershipChange, OwnershipListeners } from '@reprise/core/plugin';
import { partitionOf } from './partition-of.ts';

/** The partitions of commands that this process has of its group. */
export interface Partitions {
  /** How many there are in all. */
  readonly count: number;
  readonly own: ReadonlySet<number>;
}

export interface PartitionOwnershipParts {
  /** Joins the group that shares the commands out. `changed` is called at each assignment; what resolves is there after the first. */
  join(changed: (partitions: Partitions) => void): Promise<{ close(): Promise<void> }>;
  /** The members of the group. */
  members(): Promise<readonly DriverSign[]>;
}

/**
 * Which runs this process drives, of many that share those of a namespace: the runs whose commands come to it. While it is away from the group, what it had
 * stays its own until it hears otherwise: should another have it by then, its appends conflict.
 */
export class PartitionOwnership implements Ownership {
  readonly #parts: PartitionOwnershipParts;
  readonly #listeners = new OwnershipListeners();
  #partitions: Partitions | undefined;
  #member: { close(): Promise<void> } | undefined;
  #starts = 0;
  #owned = new Map<string, boolean>();

  constructor(parts: PartitionOwnershipParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#starts += 1;
    const own = this.#starts;
    const member = await this.#parts.join((partitions) => {
      if (this.#starts === own) this.#change(partitions);
    });
    if (this.#starts === own) this.#member = member;
    else await member.close();
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

  async stop(): Promise<void> {
    this.#starts += 1;
    const member = this.#member;
    this.#member = undefined;
    this.#change(undefined);
    await member?.close();
  }

  drivers(): Promise<readonly DriverSign[]> {
    return this.#parts.members();
  }

  #change(partitions: Partitions | undefined): void {
    const before = this.#partitions?.own ?? new Set<number>();
    const now = partitions?.own ?? new Set<number>();
    this.#partitions = partitions;
    this.#owned = new Map();
    const gained = [...now].some((one) => !before.has(one));
    const lost = [...before].some((one) => !now.has(one));
    if (gained || lost) this.#listeners.tell({ gained, lost });
  }
}

/** Runs of which it is known whose they are: asked at each of their steps. */
const MOST_REMEMBERED = 100_000;
