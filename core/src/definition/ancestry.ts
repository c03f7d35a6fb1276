/** Steps back that are tried before a whole page is worked out: most of what is read is near. */
const NEAR = 64;
/** Ancestors of a page: one for each bit of a number. */
const BITS = 32;
/** Numbers that pages hold in all: 16 MB of them. */
const MOST_KEPT = 4_194_304;

/**
 * Which of some tasks come before which, directly or not. What is near is walked to. What is far is worked out for all tasks, of 32 ancestors in one pass
 * over the edges, and kept: so all questions about n tasks cost n²/32 steps, and no recursion, however long a chain is. A definition is asked before it is
 * known to be valid: where edges close a cycle, what is on it comes before itself, and all is walked to.
 */
export class Ancestry {
  /** Places: what comes before has the lower one, cycles aside. */
  readonly #places = new Map<string, number>();
  /** By place: places that it comes directly after. */
  readonly #after: (readonly number[])[] = [];
  readonly #isCyclic: boolean;
  /** By number of the page: by place, a bit for each ancestor of the page. */
  readonly #pages = new Map<number, Uint32Array>();

  /** `after`: what a task comes after directly. Names that are no task are passed over. */
  constructor(ids: Iterable<string>, after: (id: string) => readonly string[]) {
    for (const id of dependenciesFirst(new Set(ids), after)) this.#places.set(id, this.#places.size);
    for (const id of this.#places.keys()) this.#after.push(after(id).flatMap((other) => this.#places.get(other) ?? []));
    this.#isCyclic = this.#after.some((edges, place) => edges.some((other) => other >= place));
  }

  isBefore(ancestor: string, id: string): boolean {
    const goal = this.#places.get(ancestor);
    const start = this.#places.get(id);
    if (goal === undefined || start === undefined || (goal >= start && !this.#isCyclic)) return false;
    return this.#isNear(goal, start, this.#isCyclic ? Infinity : NEAR) ?? this.#hasBit(goal, start);
  }

  /** Undefined: it takes more steps to tell. */
  #isNear(goal: number, start: number, most: number): boolean | undefined {
    const open = [start];
    const seen = new Set<number>();
    let steps = 0;
    for (const place of open) {
      for (const other of this.#after[place] ?? []) {
        if (other === goal) return true;
        steps += 1;
        if (steps > most) return undefined;
        // Nothing below the goal comes after it.
        if ((other < goal && !this.#isCyclic) || seen.has(other)) continue;
        seen.add(other);
        open.push(other);
      }
    }
    return false;
  }

  #hasBit(goal: number, start: number): boolean {
    const number = Math.floor(goal / BITS);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = this.#pageFrom(number * BITS);
      const [oldest] = this.#pages.keys();
      if (oldest !== undefined && (this.#pages.size + 1) * page.length > MOST_KEPT) this.#pages.delete(oldest);
      this.#pages.set(number, page);
    }
    return (((page[start] ?? 0) >>> (goal % BITS)) & 1) === 1;
  }

  #pageFrom(first: number): Uint32Array {
    const page = new Uint32Array(this.#after.length);
    for (let place = first; place < page.length; place += 1) {
      let bits = 0;
      for (const other of this.#after[place] ?? []) {
        bits |= page[other] ?? 0;
        if (other >= first && other < first + BITS) bits |= 1 << (other - first);
      }
      page[place] = bits;
    }
    return page;
  }
}

/** Each after all that it comes after, cycles aside. */
function* dependenciesFirst(ids: ReadonlySet<string>, after: (id: string) => readonly string[]): Generator<string> {
  const entered = new Set<string>();
  const trail: { readonly id: string; readonly left: Iterator<string> }[] = [];
  const enter = (id: string): void => {
    if (entered.has(id) || !ids.has(id)) return;
    entered.add(id);
    trail.push({ id, left: after(id).values() });
  };
  for (const root of ids) {
    enter(root);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const next = top.left.next();
      if (next.done !== true) {
        enter(next.value);
      } else {
        trail.pop();
        yield top.id;
      }
    }
  }
}
