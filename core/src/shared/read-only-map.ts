/** A map that is shown to others, who cannot change it. */
export class ReadOnlyMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly #of: ReadonlyMap<Key, Value>;

  constructor(of: ReadonlyMap<Key, Value>) {
    this.#of = of;
  }

  get size(): number {
    return this.#of.size;
  }

  get(key: Key): Value | undefined {
    return this.#of.get(key);
  }

  has(key: Key): boolean {
    return this.#of.has(key);
  }

  forEach(look: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.#of) look(value, key, this);
  }

  entries(): MapIterator<[Key, Value]> {
    return this.#of.entries();
  }

  keys(): MapIterator<Key> {
    return this.#of.keys();
  }

  values(): MapIterator<Value> {
    return this.#of.values();
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.#of.entries();
  }
}
