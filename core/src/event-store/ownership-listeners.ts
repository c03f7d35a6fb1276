import type { OwnershipChange } from './ownership.ts';

/** Who is told of changes of an ownership: each registration once, in order, until it is taken back. */
export class OwnershipListeners {
  readonly #listeners = new Set<(change: OwnershipChange) => void>();

  /** The same listener may be added twice, and is told twice then. Returns a function that takes it back. */
  add(listener: (change: OwnershipChange) => void): () => void {
    const own = (change: OwnershipChange): void => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  tell(change: OwnershipChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
