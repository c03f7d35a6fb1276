import type { Position } from '../../../event-store/position.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Query } from '../query/query.ts';

/** The rows that one version of a projection folds to. */
export interface ViewId {
  readonly name: string;
  /** 1, 2, …: raised with every change of what the projection folds to. */
  readonly version: number;
}

/** A row that is written; without `row` it is deleted. */
export interface ViewChange {
  readonly key: string;
  /** Absent: the row is gone. */
  readonly row?: JsonObject;
}

export interface ViewBatch {
  /** The checkpoint that this batch goes on from; undefined when nothing was built. */
  readonly expected: Position | undefined;
  /** The checkpoint from now on. */
  readonly next: Position;
  /** At most one for each key. */
  readonly changes: readonly ViewChange[];
}

/** Rows by the number at `path`; those that have none there come last. Rows with the same number, and without an order all rows, are in order of their keys. */
export interface ViewOrder {
  readonly path: readonly string[];
  readonly descending?: true;
}

/** Which rows, in which order, how many (100), after which cursor. */
export interface ViewQuery {
  /** Default: all rows. Keys that begin with `~` are never listed: they are what a projection remembers for itself. */
  readonly where?: Query;
  readonly order?: ViewOrder;
  /** Rows at most. Default 100. */
  readonly limit?: number;
  /** From the page before, with the same order: the cursor of a row. */
  readonly after?: string;
}

/** A row with its key, and the cursor to go on after it. */
export interface ViewRow {
  readonly key: string;
  readonly row: JsonObject;
  /** Where a page after one that ends with this row begins. */
  readonly cursor: string;
}

/** A page of rows, and the cursor of the next one, if there is one. */
export interface ViewPage {
  readonly rows: readonly ViewRow[];
  /** The cursor of the last row, when more rows follow. */
  readonly next?: string;
}

/**
 * Keeps views: rows of plain JSON by their key (1 to 1,024 characters), each view with the position up to which it was built. Disposable: whatever it
 * loses is built again from the event store. A process, or several, may build the same view. Rows change by commit() and clear() alone: objects
 * that were handed over or out may be frozen, and whoever changes one changes no row.
 *
 * Failures are RepriseErrors: REPRISE_VIEW_CONFLICT, REPRISE_VIEW_STORE_UNAVAILABLE, REPRISE_VIEW_STORE_CLOSED; REPRISE_INVALID_ID for an `after`
 * that no page handed out.
 */
export interface ViewStore {
  /** How far the view was built; undefined when nothing of this version was. Views of that name and of older versions are gone then. */
  checkpoint(view: ViewId): Promise<Position | undefined>;
  /** All changes and the new checkpoint, or nothing: REPRISE_VIEW_CONFLICT when the checkpoint is not `expected`, because another process builds the view. */
  commit(view: ViewId, batch: ViewBatch): Promise<void>;
  /** The rows of those keys; a key that has none is left out. */
  get(view: ViewId, keys: readonly string[]): Promise<ReadonlyMap<string, JsonObject>>;
  list(view: ViewId, query: ViewQuery): Promise<ViewPage>;
  /** As if nothing of it had been built. */
  clear(view: ViewId): Promise<void>;
  /**
   * Calls back with why views are built anew each time what was kept was lost (a damaged file), and for what was lost, or could not be taken over from elsewhere, when
   * it was opened. Returns a function that stops it. Optional.
   */
  onRemade?(listener: (why: string) => void): () => void;
  /** Waits for what is under way. Further calls fail with REPRISE_VIEW_STORE_CLOSED. */
  close(): Promise<void>;
}

/** Rows of a page, unless a query says how many. */
export const DEFAULT_VIEW_LIMIT = 100;
