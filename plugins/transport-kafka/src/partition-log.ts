import type { Queued } from '@reprise/core/plugin';

interface Pending {
  /** Undefined of what is no message for anybody here. */
  queued: Queued | undefined;
  readonly bytes: number;
}

/**
 * What this member has of one partition: what it was handed and is not acknowledged, and by that the low-water mark, before which all is
 * acknowledged.
 */
export class PartitionLog {
  /** By offset, ascending. */
  readonly #pending = new Map<bigint, Pending>();
  #next: bigint | undefined;
  #committed: bigint | undefined;
  /** What it has committed last, whoever had it since: no group is behind that, unless its topic is another. */
  #behind: bigint | undefined;
  #bytes = 0;
  #fresh = true;
  readonly #commits: boolean;

  /** `from`: nothing before it is wanted, and nothing is committed: fetching begins there, and where it was. */
  constructor(from?: bigint) {
    this.#next = from;
    this.#commits = from === undefined;
  }

  /** After the last record that came; undefined before the first. */
  get next(): bigint | undefined {
    return this.#next;
  }

  get size(): number {
    return this.#pending.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The low-water mark, when it is another than was committed. Not right after an assignment: another may have had the partition meanwhile and be further, and to say
   * again what was before would set the group back. What the group has is known by where fetching begins; where that is behind the mark, records come again.
   */
  get uncommitted(): bigint | undefined {
    if (this.#fresh) return undefined;
    const mark = this.#pending.keys().next().value ?? this.#next;
    return mark === this.#committed ? undefined : mark;
  }

  committed(mark: bigint): void {
    this.#committed = mark;
    this.#behind = mark;
  }

  /** False for one that came before. */
  isNew(offset: bigint): boolean {
    return this.#next === undefined || offset >= this.#next;
  }

  /** There is nobody here whom it is for. */
  skip(offset: bigint): void {
    this.#next = offset + 1n;
  }

  /** `queue` hands the message on, and is given what acknowledges it. */
  add(offset: bigint, bytes: number, queue: (done: () => void) => Queued | undefined): void {
    this.#next = offset + 1n;
    const pending: Pending = { queued: undefined, bytes };
    this.#pending.set(offset, pending);
    this.#bytes += bytes;
    pending.queued = queue(() => this.#done(offset));
  }

  /** It was assigned, also where it was here before. What was committed is said again, once it is known where the group is. */
  assigned(): void {
    this.#fresh = true;
    this.#committed = undefined;
  }

  /**
   * Fetching began at `from`. Right after an assignment that is where the group has committed: when it is beyond what came here, another
   * member has had all before it in the meantime. When it is before what was committed, the topic was made anew, or has lost its end: what is at an offset is not what was there.
   */
  fetchedFrom(from: bigint): void {
    const least = this.#commits ? this.#behind : this.#next;
    if (least !== undefined && from < least) this.#beginAt(from);
    else if (this.#fresh && this.#commits && this.#next !== undefined && from > this.#next) this.#passTo(from);
    this.#fresh = false;
  }

  #beginAt(from: bigint): void {
    this.close();
    this.#next = from;
    this.#committed = undefined;
    this.#behind = undefined;
  }

  #passTo(offset: bigint): void {
    this.#next = offset;
    for (const at of [...this.#pending.keys()]) if (at < offset) this.#withdraw(at);
    this.#committed = offset;
  }

  /** It is another's now. */
  close(): void {
    for (const at of [...this.#pending.keys()]) this.#withdraw(at);
  }

  #done(offset: bigint): void {
    this.#bytes -= this.#pending.get(offset)?.bytes ?? 0;
    this.#pending.delete(offset);
  }

  #withdraw(offset: bigint): void {
    const pending = this.#pending.get(offset);
    this.#done(offset);
    pending?.queued?.withdraw();
  }
}
