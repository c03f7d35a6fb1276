import { BEGINNING, type Position } from '../../../event-store/position.ts';
import { isRepriseError, type RepriseError } from '../../../shared/errors.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';
import type { FeedPage } from './event-feed.ts';
import { foldEvents, keysOf } from './fold-events.ts';
import type { Projection } from './projection.ts';
import type { ViewChange, ViewStore } from './view-store.ts';

/** Where a view says of which store it is: the event at its checkpoint, how it is found, and what was left out. */
const MARK = '~';

interface Mark {
  /** The position before the checkpoint: reading after it gives the event at the checkpoint first. */
  readonly before: Position;
  /** The id of the event at the checkpoint, and its time. */
  readonly id: string;
  readonly time: number;
  /** Events that could not be read, since the view was begun. */
  readonly skipped: number;
  /** Of the last deletion of runs that had happened when the view was begun: it was built from nothing of theirs. */
  readonly deletions?: Position;
  /** What stopped the view right after. It is tried again by whoever builds it next. */
  readonly failure?: RecordedFailure;
}

/** Why a view was built no further, as whoever tried last has put on record. */
export interface RecordedFailure {
  readonly code: string;
  readonly message: string;
}

/** Undefined for a view that goes on, or was never begun. */
export async function recordedFailure(views: ViewStore, projection: Projection): Promise<RecordedFailure | undefined> {
  return ((await views.get(projection, [MARK])).get(MARK) as Mark | undefined)?.failure;
}

/** Whether a view has rows of runs that were deleted since: the last deletion is behind what it was built from. */
export async function isOutdated(views: ViewStore, projection: Projection, deletion: Position): Promise<boolean> {
  const mark = (await views.get(projection, [MARK])).get(MARK) as Mark | undefined;
  return (mark?.deletions ?? BEGINNING) < deletion;
}

/** Rows that are remembered between batches. */
const KEPT = 2000;

/**
 * One view that is being built: where it is, and the rows that it is about to need. Nobody else builds it in this process.
 *
 *   load() ──► take(page) ──► take(page) ── … ──the projection throws──► failure, for good
 *     ▲            └──a commit fails──┐
 *     └───────────────────────────────┘
 */
export class FollowedView {
  readonly projection: Projection;
  readonly #views: ViewStore;
  #checkpoint: Position | undefined;
  #mark: Mark | undefined;
  #failure: RepriseError | undefined;
  /** Of one that was not begun yet. */
  #deletions: Position = BEGINNING;
  readonly #rows = new Map<string, JsonObject | undefined>();

  constructor(projection: Projection, views: ViewStore) {
    this.projection = projection;
    this.#views = views;
  }

  /** Up to where it is built: BEGINNING at first. */
  get position(): Position {
    return this.#checkpoint ?? BEGINNING;
  }

  /** Of the last event that it was built from; undefined when there is none. */
  get time(): number | undefined {
    return this.position === BEGINNING ? undefined : this.#mark?.time;
  }

  get skipped(): number {
    return this.#mark?.skipped ?? 0;
  }

  /** Up to which deletion of runs nothing that was deleted is in it. */
  get deletions(): Position {
    return this.position === BEGINNING ? this.#deletions : (this.#mark?.deletions ?? BEGINNING);
  }

  /** Of a view that has yet to be built: the last deletion on record now. */
  begin(deletions: Position): void {
    this.#deletions = deletions;
  }

  /** Why it is built no further. */
  get failure(): RepriseError | undefined {
    return this.#failure;
  }

  /** Asks the view store how far the view is. Another process may commit meanwhile: a checkpoint and the mark of another one would look like those of another store. */
  async load(): Promise<void> {
    this.#rows.clear();
    let next = await this.#views.checkpoint(this.projection);
    do {
      this.#checkpoint = next;
      const marks = await this.#views.get(this.projection, [MARK]);
      this.#mark = marks.get(MARK) as Mark | undefined;
      next = await this.#views.checkpoint(this.projection);
    } while (next !== this.#checkpoint);
  }

  /** Whether the event at the checkpoint is the one that was there: else the view is of another store, or of an older copy of this one. */
  async isOf(
    eventAfter: (position: Position) => Promise<{ readonly id: string; readonly position: Position } | undefined>,
  ): Promise<boolean> {
    if (this.position === BEGINNING) return true;
    if (this.#mark === undefined) return false;
    const there = await eventAfter(this.#mark.before);
    return there?.id === this.#mark.id && there.position === this.#checkpoint;
  }

  /** Begins anew. */
  async clear(): Promise<void> {
    this.#failure = undefined;
    await this.#views.clear(this.projection);
    await this.load();
  }

  /**
   * Folds a page that begins after the view's position, in one commit. When the projection throws, what came before is committed, and `failure` is
   * set. Rejects with what the view store rejects with: then load() has to come next.
   */
  async take({ events, after, recorded, skipped }: FeedPage): Promise<void> {
    const { keyed, failure } = keysOf(this.projection, events);
    await this.#fetch(new Set(keyed.flatMap(({ keys }) => keys)));
    let folded = foldEvents(this.projection, keyed, this.#rows);
    while (folded.missing !== undefined) {
      await this.#fetch(new Set(folded.missing));
      folded = foldEvents(this.projection, keyed, this.#rows, folded);
    }
    const failed = folded.failure ?? failure;
    const wrong = failed === undefined ? undefined : events[folded.events]?.position;
    const done =
      wrong === undefined
        ? recorded
        : recorded.slice(
            0,
            recorded.findIndex(({ position }) => position === wrong),
          );
    const last = done.at(-1);
    const { deletions } = this;
    const stopped = {
      ...(deletions === BEGINNING ? {} : { deletions }),
      ...(failed === undefined ? {} : { failure: { code: failed.code, message: failed.message } }),
    };
    if (last !== undefined) {
      const { id, time, position } = last;
      const mark = { before: done.at(-2)?.position ?? after, id, time, skipped: this.skipped + skipped, ...stopped };
      await this.#commit(folded.changes, mark, position);
    } else if (failed !== undefined) {
      const { before = BEGINNING, id = '', time = 0 } = this.#mark ?? {};
      await this.#commit([], { before, id, time, skipped: this.skipped, ...stopped }, this.position);
    }
    this.#failure = failed;
  }

  async #fetch(keys: ReadonlySet<string>): Promise<void> {
    const missing = [...keys].filter((key) => !this.#rows.has(key));
    if (missing.length === 0) return;
    const found = await this.#views.get(this.projection, missing);
    for (const key of missing) this.#rows.set(key, found.get(key));
  }

  async #commit(changes: readonly ViewChange[], mark: Mark, next: Position): Promise<void> {
    const marked: ViewChange = { key: MARK, row: mark as unknown as { readonly [key: string]: Json } };
    await this.#views.commit(this.projection, { expected: this.#checkpoint, next, changes: [...changes, marked] });
    this.#checkpoint = next;
    this.#mark = mark;
    if (this.#rows.size <= KEPT) return;
    for (const key of [...this.#rows.keys()].slice(0, this.#rows.size - KEPT / 2)) this.#rows.delete(key);
  }
}

export const isConflict = (error: unknown): boolean => isRepriseError(error, 'REPRISE_VIEW_CONFLICT');
