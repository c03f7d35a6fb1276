import { type DatabaseSync, openDatabase } from './node-sqlite.ts';
import { storeError } from './store-error.ts';
import { isBusy, toFault } from './store-fault.ts';

/**
 * Holds the store for this process: an exclusive transaction on the side file `<path>-owner`, open for as long as the store
 * is owned. The operating system lets go of its lock when the process ends, however it ends, so there is nothing to expire
 * and nothing to clean up. The side file stays; it is empty.
 */
export class OwnerLock {
  readonly #path: string;
  #held: DatabaseSync | undefined;

  constructor(storePath: string) {
    this.#path = `${storePath}-owner`;
  }

  /** True when this process owns the store now; false when it, or another process, did already. */
  acquire(): boolean {
    if (this.#held !== undefined) return false;
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(this.#path);
      db.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    } catch (error) {
      db?.close();
      if (isBusy(error)) return false;
      throw storeError(toFault(error, this.#path), error);
    }
    this.#held = db;
    return true;
  }

  release(): void {
    this.#held?.close();
    this.#held = undefined;
  }
}
