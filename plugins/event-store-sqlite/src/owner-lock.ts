import { identityOf, type WatchedFile } from './file-identity.ts';
import { type DatabaseSync, openDatabase } from './node-sqlite.ts';
import { isBusy, StoreFaultError, toFault } from './store-fault.ts';

export const ownerPath = (storePath: string): string => `${storePath}-owner`;

/** Tries to lock the file that the path names, when it is replaced between opening and locking. */
const TRIES = 20;

/**
 * Holds the store for this process: an exclusive transaction on the side file `<path>-owner`, open for as long as the store
 * is owned. The operating system lets go of its lock when the process ends, however it ends, so there is nothing to expire
 * and nothing to clean up. The side file stays; it is empty.
 *
 *   free ──acquire()──► held ──release()──► free
 *
 * The lock is on the inode, others look for it by its path: so the path is looked at again once the lock is there, and the
 * holder goes on looking (`file`). A store makes the side file when it is created. Where it had to be made again, an owner that
 * has not yet noticed its loss may be there still: `madeAnew` tells the caller to wait for that.
 */
export class OwnerLock {
  readonly #path: string;
  #held: { readonly db: DatabaseSync; readonly file: WatchedFile; readonly madeAnew: boolean } | undefined;

  /** `storePath` as resolveStorePath gives it: the same for every way to the file. */
  constructor(storePath: string) {
    this.#path = ownerPath(storePath);
  }

  /** True when this process owns the store now; false when it, or another process, did already. */
  acquire(): boolean {
    if (this.#held !== undefined) return false;
    let madeAnew = false;
    for (let left = TRIES; left > 0; left -= 1) {
      const before = identityOf(this.#path);
      madeAnew ||= before === undefined;
      const db = this.#lock();
      if (db === undefined) return false;
      if (before !== undefined && identityOf(this.#path) === before) {
        this.#held = { db, file: { path: this.#path, identity: before }, madeAnew };
        return true;
      }
      db.close();
    }
    return false;
  }

  /** What is locked; undefined while nothing is. */
  get file(): WatchedFile | undefined {
    return this.#held?.file;
  }

  get madeAnew(): boolean {
    return this.#held?.madeAnew === true;
  }

  release(): void {
    this.#held?.db.close();
    this.#held = undefined;
  }

  #lock(): DatabaseSync | undefined {
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(this.#path);
      db.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
      return db;
    } catch (error) {
      db?.close();
      if (isBusy(error)) return undefined;
      throw new StoreFaultError(toFault(error, this.#path), error);
    }
  }
}
