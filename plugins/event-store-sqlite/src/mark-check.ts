import { type Mark, markPath } from './mark.ts';
import type { DatabaseSync } from './node-sqlite.ts';
import { pragma, storeIdentity } from './schema.ts';
import { StoreFaultError } from './store-fault.ts';

/**
 * Throws StoreFaultError (REPRISE_STORE_CORRUPT) when the file no longer holds what the mark beside it says was committed. The
 * mark is read before the file is looked at (`mark`): it is written after the commit, so the file is never behind it by itself.
 */
export function assertReaches(db: DatabaseSync, path: string, mark: Mark | undefined): void {
  if (mark === undefined) return;
  const version = Number(pragma(db, 'user_version'));
  if (version === 0) throw lost(path, mark, 'the file holds no event store: every event of it is missing');
  if (version === 1) throw lost(path, mark, 'the file is of an older build than the mark');
  const identity = storeIdentity(db);
  if (identity?.id !== mark.storeId) throw lost(path, mark, 'the file is another event store than the one of the mark');
  const last = db.prepare('SELECT position, time FROM events ORDER BY position DESC LIMIT 1').get();
  const head = Number(last?.position ?? -1);
  if (head < mark.position) {
    const missing = head + 1 === mark.position ? `${mark.position} is` : `${head + 1} to ${mark.position} are`;
    const ends = last === undefined ? 'it holds no event' : `its last event is of ${timeOf(Number(last.time))}`;
    throw lost(path, mark, `position ${missing} missing (${ends})`);
  }
  const row = db.prepare('SELECT checksum FROM events WHERE position = ?').get(mark.position);
  if (row === undefined && wasRemoved(db, mark.position)) return;
  if (row === undefined || row.checksum !== mark.checksum) {
    const why = `the event at position ${mark.position} is not the one that was committed there: the file went on from an older state`;
    throw lost(path, mark, why);
  }
}

/** Whether it is on record, further on, that the run which had that event was deleted: such a record names the first and the last position of what it was. */
function wasRemoved(db: DatabaseSync, position: number): boolean {
  const found = db
    .prepare(
      `SELECT 1 FROM events WHERE position > ? AND type = 'RunDeleted'
       AND CAST(json_extract(data, '$.positions.first') AS INTEGER) <= ? AND CAST(json_extract(data, '$.positions.last') AS INTEGER) >= ?`,
    )
    .get(position, position, position);
  return found !== undefined;
}

/** Throws as assertReaches when a file should be there and is not. */
export function assertNotGone(path: string, mark: Mark | undefined): void {
  if (mark !== undefined) throw lost(path, mark, 'the file is gone, or empty');
}

const timeOf = (time: number): string => new Date(time).toISOString();

function lost(path: string, mark: Mark, why: string): StoreFaultError {
  return new StoreFaultError({
    code: 'REPRISE_STORE_CORRUPT',
    message:
      `${path} lacks events that were acknowledged: ${why}. The mark beside it says that position ${mark.position} was on disk at` +
      ` ${timeOf(mark.time)}. Its -wal file was damaged or removed, or an older copy was put in its place. Nothing was changed. Keep` +
      ' the file and its -wal file for examination, and restore what is newer. To go on with what the file holds, and so without' +
      ` those events (also after restoring an older backup on purpose), remove ${markPath(path)}.`,
  });
}
