import { existsSync } from 'node:fs';
import { type DatabaseSync, openDatabase } from './node-sqlite.ts';
import { ownerPath } from './owner-lock.ts';
import { isBusy, StoreFaultError, toFault } from './store-fault.ts';

/** Whether a process, this one or another, holds the owner's lock of the store. Only reads: it takes no lock that would keep an owner out for long. */
export function isOwned(storePath: string): boolean {
  const path = ownerPath(storePath);
  if (!existsSync(path)) return false;
  let db: DatabaseSync | undefined;
  try {
    db = openDatabase(path, { readOnly: true });
    db.exec('PRAGMA busy_timeout = 0; SELECT count(*) FROM sqlite_schema');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw new StoreFaultError(toFault(error, path), error);
  } finally {
    db?.close();
  }
}
