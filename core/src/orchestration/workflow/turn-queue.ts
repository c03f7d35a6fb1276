import { Heap } from '../../shared/heap.ts';

/** Where a task is written, from the outside inwards: of each block, and of the task, its place in the declaration, of an item its index behind it. */
export type Place = readonly number[];

interface Placed {
  readonly place: Place;
  /** Grows with each task that becomes ready. */
  readonly ticket: number;
}

interface Entry extends Placed {
  readonly taskId: string;
  readonly priority: number;
}

/** By place; what shares one (undoing the items of a list, say) in the order in which it became ready, so that a queue built anew has the same order. */
export function isBefore(one: Placed, other: Placed): boolean {
  if (isPlacedBefore(one.place, other.place)) return true;
  return one.ticket < other.ticket && !isPlacedBefore(other.place, one.place);
}

/** Whether a place comes before another one; a block comes before what is in it. */
function isPlacedBefore(place: Place, other: Place): boolean {
  const length = Math.min(place.length, other.length);
  for (let level = 0; level < length; level += 1) {
    const ahead = (place[level] ?? 0) - (other[level] ?? 0);
    if (ahead !== 0) return ahead < 0;
  }
  return place.length < other.length;
}

/** Ready tasks by priority (higher first), then by their place, then by their ticket. Removal is lazy: a caller says which entries still hold. */
export class TurnQueue {
  readonly #entries = new Heap<Entry>((one, other) =>
    one.priority === other.priority ? isBefore(one, other) : one.priority > other.priority,
  );

  /** `ticket` grows with every add, so that an entry of an earlier readiness of the same task is recognised. */
  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** The first that `holds`; what does not is dropped for good. */
  first(holds: (taskId: string, ticket: number) => boolean): string | undefined {
    for (;;) {
      const entry = this.#entries.peek();
      if (entry === undefined || holds(entry.taskId, entry.ticket)) return entry?.taskId;
      this.#entries.pop();
    }
  }
}

/** Of a run whose tasks take turns. */
export interface Turns {
  /** What is ready and may have a turn. */
  readonly queue: TurnQueue;
  /** Tasks that have one: they have begun, and have not ended. Several only where some listen for messages. */
  readonly had: Set<string>;
  /** Child runs that are ready to begin. */
  readonly children: Set<string>;
}

export const createTurns = (): Turns => ({ queue: new TurnQueue(), had: new Set(), children: new Set() });
