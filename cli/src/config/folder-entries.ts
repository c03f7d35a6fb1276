import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const MODULE = /\.[mc]?[jt]s$/;
const DATA = /\.(?:ya?ml|json)$/;
/** Declarations, tests, schemas of forms, and what is hidden. */
const ASIDE = /\.schema\.json$|\.d\.[mc]?ts$|\.(?:test|spec|unit|int|e2e)\.[mc]?[jt]s$|^\./;

/** What a folder brings: modules, and with `data` YAML and JSON files, too. */
export type Wanted = 'modules' | 'modules-and-data';

/**
 * The files that a path in a configuration stands for: those of a folder, in the order of their names (tests, declarations and
 * folders in it aside), or else the path itself, whether it is there or not.
 */
export async function filesOf(path: string, wanted: Wanted): Promise<readonly string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // whoever reads the file says why it cannot be
  );
  if (!isFolder) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && isWanted(entry.name, wanted))
    .map(({ name }) => name)
    .sort()
    .map((name) => join(path, name));
}

const isWanted = (name: string, wanted: Wanted): boolean =>
  !ASIDE.test(name) && (MODULE.test(name) || (wanted === 'modules-and-data' && DATA.test(name)));
