import type { Ownership, OwnershipChange } from '../../../event-store/ownership.ts';

/** Ownership of a storage that no other process can reach: everything, from start() to stop(). */
export class SoleOwnership implements Ownership {
  readonly #listeners = new Set<(change: OwnershipChange) => void>();
  #owns = false;

  async start(): Promise<void> {
    this.#become(true);
  }

  owns(): boolean {
    return this.#owns;
  }

  onChange(listener: (change: OwnershipChange) => void): () => void {
    const own = (change: OwnershipChange): void => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  async stop(): Promise<void> {
    this.#become(false);
  }

  #become(owns: boolean): void {
    if (this.#owns === owns) return;
    this.#owns = owns;
    for (const listener of [...this.#listeners]) listener({ gained: owns, lost: !owns });
  }
}
