import { undoing } from '../../shared/task-path.ts';
import { pathsAround } from './path-index.ts';

interface Done {
  readonly taskId: string;
  readonly attempt: number;
  readonly revision: number;
  readonly place: number;
}

/**
 * What is to be undone, by whatever it was done in, in the order in which it was done. Derived from the stacks of the blocks. A change costs
 * the depth of the path; so does a look, on average: what was taken out is passed over once.
 */
export class UndoIndex<Entry extends Done> {
  /** The block that has it on its stack. */
  readonly #homes = new Map<Entry, string>();
  readonly #byTask = new Map<string, Entry>();
  readonly #within = new Map<string, Entry[]>();

  /** The block on whose stack it is; undefined once it was taken out. */
  homeOf(entry: Entry): string | undefined {
    return this.#homes.get(entry);
  }

  /** By the id of the task that would undo it. */
  find(taskId: string): Entry | undefined {
    return this.#byTask.get(taskId);
  }

  /** What was done last at `path` or in it. */
  last(path: string): Entry | undefined {
    const entries = this.#within.get(path) ?? [];
    while (entries.length > 0) {
      const entry = entries.at(-1);
      if (entry !== undefined && this.#homes.has(entry)) return entry;
      entries.pop();
    }
    this.#within.delete(path);
    return undefined;
  }

  /** All that was done at `path` or in it, the last first. Lazy. */
  *all(path: string): Generator<Entry> {
    const entries = this.#within.get(path) ?? [];
    for (let index = entries.length - 1; index >= 0; index -= 1) {
      const entry = entries[index];
      if (entry !== undefined && this.#homes.has(entry)) yield entry;
    }
  }

  add(entry: Entry, home: string): void {
    this.#homes.set(entry, home);
    this.#byTask.set(undoing(entry.taskId, entry.attempt), entry);
    for (const at of pathsAround(entry.taskId)) {
      const entries = this.#within.get(at);
      if (entries === undefined) this.#within.set(at, [entry]);
      else insert(entries, entry);
    }
  }

  delete(entry: Entry): void {
    this.#homes.delete(entry);
    const id = undoing(entry.taskId, entry.attempt);
    if (this.#byTask.get(id) === entry) this.#byTask.delete(id);
  }
}

/** Nearly always it is the last: only what one event left has the same revision. */
function insert<Entry extends Done>(entries: Entry[], entry: Entry): void {
  let from = 0;
  let to = entries.length;
  const last = entries.at(-1);
  if (last !== undefined && order(last, entry) < 0) from = to;
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = entries[middle];
    if (other !== undefined && order(other, entry) < 0) from = middle + 1;
    else to = middle;
  }
  entries.splice(from, 0, entry);
}

function order(one: Done, other: Done): number {
  if (one.revision !== other.revision) return one.revision - other.revision;
  return one.place - other.place;
}
