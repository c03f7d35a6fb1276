import type { DatabaseSync } from './node-sqlite.ts';
import { pragma } from './schema.ts';
import { corrupt, StoreFaultError } from './store-fault.ts';

/** A smaller file is checked whole when it is opened; a larger one by its header, its schema and its ends. */
const WHOLE_CHECK_BYTES = 16 * 1024 * 1024;

/** Finds what is torn or missing. A damaged page in the middle of a large file is found when it is read. */
export function assertSound(db: DatabaseSync, path: string): void {
  const bytes = Number(pragma(db, 'page_count')) * Number(pragma(db, 'page_size'));
  if (bytes <= WHOLE_CHECK_BYTES) {
    const problem = pragma(db, 'quick_check(1)');
    if (problem !== 'ok') throw new StoreFaultError(corrupt(path, String(problem)));
    return;
  }
  db.prepare('SELECT * FROM events ORDER BY position LIMIT 10').all();
  db.prepare('SELECT * FROM events ORDER BY position DESC LIMIT 1000').all();
  db.prepare('SELECT max(revision) FROM events WHERE stream_id = (SELECT max(id) FROM streams)').get();
}
