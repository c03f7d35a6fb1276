import { readFile } from 'node:fs/promises';
import { findPackage } from '../config/installed-package.ts';

/** The version of @reprise/core that a project runs on; of this package's own, where it cannot be found. */
export async function coreVersion(folder: string): Promise<string> {
  const core = await findPackage('@reprise/core', folder);
  if (core !== undefined) return core.says.version;
  const own = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return own.version;
}
