import { enclosing } from '../../shared/task-path.ts';

/** A path and all that it is in (items, lists, blocks), the run ('') last. */
export function* pathsAround(path: string): Generator<string> {
  for (let at: string | undefined = path; at !== undefined && at !== ''; at = enclosing(at)) yield at;
  yield '';
}

interface Entry {
  readonly path: string;
  readonly value: string;
}

/** Finds what is known of tasks by whatever they are in. A change costs the depth of the path, a look what it finds. */
export class PathIndex {
  readonly #entries = new Map<string, Entry>();
  /** By path: values, and of how many entries in it. */
  readonly #within = new Map<string, Map<string, number>>();

  get size(): number {
    return this.#entries.size;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** The ids of all entries, in their order. */
  [Symbol.iterator](): MapIterator<string> {
    return this.#entries.keys();
  }

  /** The different values of entries at `path`, and of those in it. */
  within(path: string): Iterable<string> {
    return this.#within.get(path)?.keys() ?? NOTHING;
  }

  hasWithin(path: string): boolean {
    return this.#within.has(path);
  }

  /** `path`: where it counts, when that is not what it is called. One that is there already stays as it is. */
  add(id: string, path: string = id, value: string = id): void {
    if (this.#entries.has(id)) return;
    this.#entries.set(id, { path, value });
    for (const at of pathsAround(path)) {
      const values = this.#within.get(at);
      if (values === undefined) this.#within.set(at, new Map([[value, 1]]));
      else values.set(value, (values.get(value) ?? 0) + 1);
    }
  }

  delete(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    for (const at of pathsAround(entry.path)) {
      const values = this.#within.get(at);
      const left = (values?.get(entry.value) ?? 0) - 1;
      if (left > 0) values?.set(entry.value, left);
      else values?.delete(entry.value);
      if (values?.size === 0) this.#within.delete(at);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#within.clear();
  }
}

const NOTHING: readonly string[] = [];
