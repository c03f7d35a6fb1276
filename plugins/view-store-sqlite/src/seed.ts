import { existsSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { openDatabase } from './node-sqlite.ts';
import { APPLICATION_ID, SCHEMA_VERSION, versionOf } from './open.ts';

/**
 * Begins the file with a copy of another one, where it is not there yet: as of one moment, while whoever has that goes on (VACUUM INTO). Whether its views are of the
 * same store and of the same versions is looked at like that of any view that is gone on with: by the event at its checkpoint.
 * Returns why it was passed over, if it was.
 */
export function seed(from: string, path: string): string | undefined {
  if (existsSync(path)) return undefined;
  const copy = `${path}-seed-${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(copy, { force: true });
    copyOf(from, copy);
    // Of another file that was here once.
    for (const side of ['-wal', '-shm']) rmSync(`${path}${side}`, { force: true });
    linkSync(copy, path);
    return undefined;
  } catch (error) {
    // Another process has begun it meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    return `${from} was not copied (${(error as Error).message})`;
  } finally {
    rmSync(copy, { force: true });
  }
}

function copyOf(from: string, copy: string): void {
  if (!existsSync(from)) throw new Error('it is not there');
  const db = openDatabase(from, { readOnly: true });
  try {
    const { application_id: id } = db.prepare('PRAGMA application_id').get() ?? {};
    if (id !== APPLICATION_ID) throw new Error('it is that of another application');
    if (versionOf(db) !== SCHEMA_VERSION) throw new Error('another version of @reprise/view-store-sqlite wrote it');
    db.prepare('VACUUM INTO ?').run(copy);
  } finally {
    db.close();
  }
}
