import { lookFor, type WatchedFile } from './file-identity.ts';
import { writeMark } from './mark.ts';
import type { DatabaseSync, StatementSync } from './node-sqlite.ts';
import { storeIdentity } from './schema.ts';

/**
 * Writes the mark beside the file, in the writer's thread, when it is asked to. A mark that cannot be written is tried again after
 * the next commit: until then the older one stands, which claims less, and nothing false.
 */
export class MarkKeeper {
  readonly #path: string;
  readonly #files: readonly WatchedFile[];
  readonly #storeId: string | undefined;
  readonly #last: StatementSync;

  /** `files`: those of the store. Beside another file that has taken their place nothing is written. */
  constructor(db: DatabaseSync, path: string, files: readonly WatchedFile[]) {
    this.#path = path;
    this.#files = files;
    this.#storeId = storeIdentity(db)?.id;
    this.#last = db.prepare('SELECT position, checksum FROM events ORDER BY position DESC LIMIT 1');
  }

  /** Marks what is committed now, `time` (ms). */
  write(time: number): void {
    if (this.#storeId === undefined || lookFor(this.#files) !== undefined) return;
    try {
      const row = this.#last.get();
      if (row === undefined) return;
      const { position, checksum } = row;
      const mark = { position: Number(position), checksum: checksum === null ? null : Number(checksum) };
      writeMark(this.#path, { ...mark, storeId: this.#storeId, time });
    } catch {
      // See above: the commits are safe without it, and what ails the disk is told by the appends.
    }
  }
}
