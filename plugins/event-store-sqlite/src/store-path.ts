import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** As many links in a row as Linux follows. */
const MAX_LINKS = 40;

/**
 * The one name of a store file: links followed in its folder and in its last part, also when what it names is not there yet. Everything that stands beside
 * the file (`-wal`, `-owner`, `-mark`) is named after it, so that two ways to one file meet. Throws as `fs` does for a folder
 * that cannot be resolved.
 */
export function resolveStorePath(path: string): string {
  let current = resolve(path);
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const folder = realpathOf(dirname(current));
    current = join(folder, basename(current));
    const stats = lstatSync(current, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isSymbolicLink()) return current;
    current = resolve(folder, readlinkSync(current));
  }
  return realpathSync(current); // says ELOOP
}

/** Of a folder that need not exist: the real path of the part that does, and the rest as it is. */
function realpathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
    return join(realpathOf(dirname(folder)), basename(folder));
  }
}
