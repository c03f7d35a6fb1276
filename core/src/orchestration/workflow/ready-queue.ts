interface Entry {
  readonly taskId: string;
  readonly ticket: number;
}

interface Bucket {
  readonly priority: number;
  entries: Entry[];
  head: number;
}

/**
 * Ready tasks by priority (higher first), then by when they became ready. Removal is lazy: a caller says which entries still
 * hold, so that adding, removing and reading the first few cost the same however many wait.
 */
export class ReadyQueue {
  readonly #buckets: Bucket[] = [];

  /** `ticket` is another with every add, so that an entry of an earlier readiness of the same task is recognised: it grows, or is below 0 for what goes before all others. */
  add(taskId: string, priority: number, ticket: number): void {
    let index = this.#buckets.findIndex((bucket) => bucket.priority <= priority);
    if (index === -1) index = this.#buckets.length;
    let bucket = this.#buckets[index];
    if (bucket?.priority !== priority) {
      bucket = { priority, entries: [], head: 0 };
      this.#buckets.splice(index, 0, bucket);
    }
    if (ticket >= 0) bucket.entries.push({ taskId, ticket });
    else {
      let at = bucket.head;
      while ((bucket.entries[at]?.ticket ?? 0) < ticket) at += 1;
      bucket.entries.splice(at, 0, { taskId, ticket });
    }
  }

  /** The first that `holds`; as entries(). */
  first(holds: (taskId: string, ticket: number) => boolean): string | undefined {
    for (const bucket of this.#buckets) {
      for (let index = bucket.head; index < bucket.entries.length; index += 1) {
        const entry = bucket.entries[index];
        if (entry === undefined) break;
        if (holds(entry.taskId, entry.ticket)) return entry.taskId;
        bucket.head = index + 1;
      }
      shorten(bucket);
    }
    return undefined;
  }

  /** Iterates what `holds`; entries at the front that do not are dropped for good. */
  *entries(holds: (taskId: string, ticket: number) => boolean): Generator<string> {
    for (const bucket of this.#buckets) {
      shorten(bucket);
      let front = true;
      for (let index = bucket.head; index < bucket.entries.length; index += 1) {
        const entry = bucket.entries[index];
        if (entry === undefined) break;
        if (holds(entry.taskId, entry.ticket)) {
          front = false;
          yield entry.taskId;
        } else if (front) {
          bucket.head = index + 1;
        }
      }
    }
  }
}

/** Lets go of what is gone. */
function shorten(bucket: Bucket): void {
  if (bucket.head <= 1024 || bucket.head * 2 <= bucket.entries.length) return;
  bucket.entries = bucket.entries.slice(bucket.head);
  bucket.head = 0;
}

/** Whom a ready task is for: an agent, or whoever has a capability. */
export interface Wanted {
  readonly agent: string | undefined;
  readonly capability: string | undefined;
}

export const keyOf = ({ agent, capability }: Wanted): string =>
  agent === undefined ? `capability ${capability}` : `agent ${agent}`;

/** The ready tasks for one agent or capability. */
export interface ReadyFor {
  readonly wanted: Wanted;
  readonly queue: ReadyQueue;
}

/** Ready tasks by whom they are for: what one agent has no room for need not be passed over to find what another has. */
export class ReadyQueues {
  readonly #queues = new Map<string, ReadyFor>();

  add(wanted: Wanted, taskId: string, priority: number, ticket: number): void {
    const key = keyOf(wanted);
    let ready = this.#queues.get(key);
    if (ready === undefined) {
      ready = { wanted, queue: new ReadyQueue() };
      this.#queues.set(key, ready);
    }
    ready.queue.add(taskId, priority, ticket);
  }

  values(): Iterable<ReadyFor> {
    return this.#queues.values();
  }
}
