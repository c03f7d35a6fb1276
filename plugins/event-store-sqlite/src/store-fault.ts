import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ErrorCode } from '@reprise/core/plugin';

/** A failure as data: it crosses threads, and becomes a RepriseError on the side of the caller. */
export interface StoreFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable?: boolean;
}

/** Carries a fault up to where it is answered. Never leaves this package. */
export class StoreFaultError extends Error {
  readonly fault: StoreFault;

  constructor(fault: StoreFault, cause?: unknown) {
    super(fault.message, { cause });
    this.fault = fault;
  }
}

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE = {
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  TOOBIG: 18,
  NOTADB: 26,
};

/** Primary result code of an error of node:sqlite; undefined for any other value. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** What a reader that may not, or cannot, make the files beside a database in WAL mode is told. */
export const cannotMakeSideFiles = (error: unknown): boolean => {
  const code = sqliteCode(error);
  return code === SQLITE.READONLY || code === SQLITE.CANTOPEN || code === SQLITE.IOERR || code === SQLITE.FULL;
};

/** SQLITE_READONLY_ROLLBACK: a transaction was cut off half written, and only a connection that may write can take it back. */
export const needsRollBack = (error: unknown): boolean => (error as { errcode?: unknown } | null)?.errcode === 776;

export const isBusy = (error: unknown): boolean => {
  const code = sqliteCode(error);
  return code === SQLITE.BUSY || code === SQLITE.LOCKED;
};

/** What an error of SQLite (or of this package) on the file `path` means to the caller of the store. */
export function toFault(error: unknown, path: string): StoreFault {
  if (error instanceof StoreFaultError) return error.fault;
  const cause = error instanceof Error ? error.message : String(error);
  const unavailable = (why: string): StoreFault => ({
    code: 'REPRISE_STORE_UNAVAILABLE',
    message: `${why} (${cause}).`,
  });
  const full = `There is no space left for the event store ${path}. Free some, then append again`;
  const code = sqliteCode(error);
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOSPC') return unavailable(full);
  switch (code) {
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return corrupt(path, cause);
    case SQLITE.TOOBIG:
      return { code: 'REPRISE_STORE_TOO_LARGE', message: `SQLite cannot hold a value of this size (${cause}).` };
    case SQLITE.FULL:
      return unavailable(full);
    case SQLITE.BUSY:
    case SQLITE.LOCKED:
      return unavailable(`Another process has kept the event store ${path} locked for too long`);
    case SQLITE.READONLY:
      return unavailable(`The event store ${path} cannot be written. Check the permissions of the file and its folder`);
    case SQLITE.CANTOPEN:
      if (isFull(path)) return unavailable(full);
      return unavailable(`The event store ${path} cannot be opened. Check that the folder exists and may be written`);
    case SQLITE.IOERR:
      if (isFull(path)) return unavailable(full);
      return unavailable(`Reading or writing the event store ${path} failed. Check the disk`);
    default:
      return unavailable(`The event store ${path} failed`);
  }
}

/** SQLite answers a full disk with an I/O error where it wanted to grow a file beside the database. */
function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < ROOM_TO_OPEN;
  } catch {
    return false; // the error at hand is the one to tell
  }
}

/** Bytes: more than the first -shm file needs. */
const ROOM_TO_OPEN = 64 * 1024;

/** The file that is open is no longer the one that the path names. Nothing mends that but a new start. */
export const replaced = (path: string, what: string): StoreFault => ({
  code: 'REPRISE_STORE_REPLACED',
  message:
    `${path} ${what} while this process had it open. Nothing that was appended since is acknowledged, and nothing more is` +
    ' read or written. Stop this process, look at what the path names now (restore the file if it was removed), then start again.',
  retryable: false,
});

export const corrupt = (path: string, why: string): StoreFault => ({
  code: 'REPRISE_STORE_CORRUPT',
  message:
    `${path} is damaged, or is not a Reprise event store: ${why}. Nothing was changed. Keep the file (and its -wal file)` +
    ' for examination, then restore a backup or name another path.',
});
