import type { Json } from '../../shared/json.ts';

// A state refers to one value in many places (see sources/). Its text has each large one once: a place where it stands holds null, and beside
// the line it is said what is to be put there.

/** What is smaller is written again. */
const SHARED_CHARS = 1024;

/** Keys from the outside in, and last the number of the value that belongs there. */
export type Place = readonly (string | number)[];

/** A value that stands in several places; what is left out in it has a lower number. */
interface SharedValue {
  readonly shared: Json;
  readonly places: readonly Place[];
}

type Members = Readonly<Record<string, Json>>;

/** Finds what a state has in several places, and leaves it out of what is written. All of it is looked at before anything is written. */
export class SharedValues {
  /** Rough sizes of large lists and objects, each looked at once. */
  readonly #sizes = new Map<object, number>();
  readonly #texts = new Set<string>();
  readonly #shared = new Set<object | string>();
  readonly #numbers = new Map<object | string, number>();

  /** Whether nothing is in several places. */
  get isEmpty(): boolean {
    return this.#shared.size === 0;
  }

  /** Notes a value that will be written. */
  look(value: Json | undefined): void {
    if (value !== undefined) this.#look(value);
  }

  /** The rough size of the value. */
  #look(value: Json): number {
    if (typeof value === 'string') {
      if (value.length >= SHARED_CHARS) (this.#texts.has(value) ? this.#shared : this.#texts).add(value);
      return value.length;
    }
    if (typeof value !== 'object' || value === null) return 4;
    const known = this.#sizes.get(value);
    if (known !== undefined) {
      this.#shared.add(value);
      return known;
    }
    let size = 2;
    if (Array.isArray(value)) for (const member of value as readonly Json[]) size += 1 + this.#look(member);
    else for (const key in value) size += key.length + 4 + this.#look((value as Members)[key] as Json);
    if (size >= SHARED_CHARS) this.#sizes.set(value, size);
    return size;
  }

  /** The value without what is shared. `places` gets where it was, `lines` what is not yet written of it. */
  without(value: Json, at: Place, places: Place[], lines: string[]): Json {
    if (this.isEmpty) return value;
    if (this.#shared.has(value as object | string)) {
      places.push([...at, this.#numberOf(value as object | string, lines)]);
      return null;
    }
    return this.#members(value, at, places, lines);
  }

  #members(value: Json, at: Place, places: Place[], lines: string[]): Json {
    if (typeof value !== 'object' || value === null || !this.#sizes.has(value)) return value;
    const before = places.length;
    const entries = Object.entries(value);
    const isList = Array.isArray(value);
    const members = entries.map(([key, member]: [string, Json]) => {
      const isLarge = typeof member === 'string' ? member.length >= SHARED_CHARS : typeof member === 'object';
      return isLarge ? this.without(member, [...at, isList ? Number(key) : key], places, lines) : member;
    });
    if (places.length === before) return value;
    return isList ? members : Object.fromEntries(entries.map(([key], index) => [key, members[index] as Json]));
  }

  #numberOf(value: object | string, lines: string[]): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    const places: Place[] = [];
    const shared = this.#members(value as Json, ['shared'], places, lines);
    const number = this.#numbers.size;
    this.#numbers.set(value, number);
    lines.push(JSON.stringify({ shared, places } satisfies SharedValue));
    return number;
  }
}

/** Puts the values where they belong in what was parsed. Returns it: it may be one of them itself. */
export function putBack<T>(root: T, places: readonly Place[], values: readonly Json[]): T {
  for (const place of places) {
    const keys = place.slice(0, -1);
    const last = keys.pop();
    let at = root as Record<string | number, unknown>;
    for (const key of keys) at = at[key] as Record<string | number, unknown>;
    if (last !== undefined) at[last] = values[Number(place.at(-1))];
  }
  return root;
}
