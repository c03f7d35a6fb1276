import type { Ownership, OwnershipChange } from '../../../event-store/ownership.ts';
import { OwnershipListeners } from '../../../event-store/ownership-listeners.ts';

/** Ownership of a storage that no other process can reach: everything, from start() to stop(). */
export class SoleOwnership implements Ownership {
  readonly #listeners = new OwnershipListeners();
  #owns = false;

  async start(): Promise<void> {
    this.#become(true);
  }

  owns(): boolean {
    return this.#owns;
  }

  onChange(listener: (change: OwnershipChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  async stop(): Promise<void> {
    this.#become(false);
  }

  #become(owns: boolean): void {
    if (this.#owns === owns) return;
    this.#owns = owns;
    this.#listeners.tell({ gained: owns, lost: !owns });
  }
}
