import { leadsTo } from './graph.ts';

/** Tasks up to which the walks themselves are quick. */
const FEW = 64;
/** Tasks up to which it is worked out for all: 32 MiB of bits. */
const MANY = 16_384;

/**
 * Which tasks of a block come before which, directly or not, for as many questions as there are expressions. Of a large block it is worked out for all
 * tasks with the first question, at the cost of its edges times a 32nd of its tasks; of a huge one, or where tasks wait for each other in a circle, each
 * question is a walk.
 */
export class Ancestry {
  readonly #ids: readonly string[];
  readonly #after: (id: string) => readonly string[];
  readonly #known = new Map<string, Set<string>>();
  #places: ReadonlyMap<string, number> | undefined;
  /** A row of bits for each place: the places before it. */
  #rows: readonly (Uint32Array | undefined)[] | undefined;

  constructor(ids: readonly string[], after: (id: string) => readonly string[]) {
    this.#ids = ids;
    this.#after = after;
  }

  isBefore(ancestor: string, id: string): boolean {
    if (this.#after(id).includes(ancestor)) return true;
    if (this.#ids.length > FEW && this.#ids.length <= MANY) {
      const row = this.#rowOf(id);
      const place = this.#places?.get(ancestor);
      if (row !== undefined) return place !== undefined && ((row[place >> 5] ?? 0) & (1 << (place & 31))) !== 0;
    }
    if (this.#known.get(id)?.has(ancestor) === true) return true;
    if (!leadsTo(id, ancestor, this.#after)) return false;
    const found = this.#known.get(id) ?? new Set<string>();
    this.#known.set(id, found.add(ancestor));
    return true;
  }

  #rowOf(id: string): Uint32Array | undefined {
    if (this.#rows === undefined) this.#workOut();
    return this.#rows?.[this.#places?.get(id) ?? -1];
  }

  /** In an order in which each task comes after what it waits for; those on a circle, and behind one, get no row. */
  #workOut(): void {
    const places = new Map(this.#ids.map((id, place) => [id, place]));
    const rows: (Uint32Array | undefined)[] = new Array(this.#ids.length);
    const waiting = this.#ids.map((id) => this.#after(id).filter((other) => places.has(other)).length);
    const dependents: number[][] = this.#ids.map(() => []);
    for (const [place, id] of this.#ids.entries())
      for (const other of this.#after(id)) dependents[places.get(other) ?? -1]?.push(place);
    const words = (this.#ids.length + 31) >> 5;
    const open = [...waiting.keys()].filter((place) => waiting[place] === 0);
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const row = new Uint32Array(words);
      for (const other of this.#after(this.#ids[place] ?? '')) {
        const before = places.get(other);
        if (before === undefined) continue;
        row[before >> 5] = (row[before >> 5] ?? 0) | (1 << (before & 31));
        const further = rows[before];
        for (let word = 0; further !== undefined && word < words; word += 1)
          row[word] = (row[word] ?? 0) | (further[word] ?? 0);
      }
      rows[place] = row;
      for (const next of dependents[place] ?? []) {
        waiting[next] = (waiting[next] ?? 0) - 1;
        if (waiting[next] === 0) open.push(next);
      }
    }
    this.#places = places;
    this.#rows = rows;
  }
}
