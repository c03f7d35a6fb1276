/** A binary heap: the first of its items at hand, adding and taking in logarithmic time. Items that are neither before the other come in any order. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** The items that pass, in order; what comes after one that does not is not looked at. */
  *upTo(passes: (item: T) => boolean): Generator<T> {
    const items = this.#items;
    const next = new Heap<number>((a, b) => this.#before(items[a] as T, items[b] as T));
    if (items.length > 0) next.push(0);
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      const item = items[at] as T;
      if (!passes(item)) return;
      yield item;
      for (const below of [2 * at + 1, 2 * at + 2]) if (below < items.length) next.push(below);
    }
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above] as T;
      if (!this.#before(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length > 0 && last !== undefined) this.#sink(last);
    return first;
  }

  /** Puts `item` where the first one was, and moves it down to its place. */
  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.#before(items[below + 1] as T, items[below] as T)) below += 1;
      if (!this.#before(items[below] as T, item)) break;
      items[at] = items[below] as T;
      at = below;
    }
    items[at] = item;
  }
}
