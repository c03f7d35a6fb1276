/** Remembers the last `limit` keys, at the least: two generations of a set. */
export class RecentKeys {
  readonly #limit: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False when the key was there already. */
  add(key: string): boolean {
    if (this.#old.has(key)) return false;
    const before = this.#young.size;
    if (this.#young.add(key).size === before) return false;
    if (before >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return true;
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
