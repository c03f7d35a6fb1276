import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type PackageSays, readPackageSays } from './package-says.ts';

/** A package that is there, and what its package.json says of it. */
export interface InstalledPackage {
  readonly name: string;
  /** Its folder, as node_modules has it: links are not followed. */
  readonly folder: string;
  readonly says: PackageSays;
  /** Whether the project has it, not only the command line. */
  readonly isOfProject: boolean;
}

/** `@acme/monitor` of `@acme/monitor/entry`. */
export const packageNameOf = (use: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(use)?.[0] ?? use;

/** The package `name` as the project sees it, else as this package does; undefined when neither has it. */
export async function findPackage(name: string, folder: string): Promise<InstalledPackage | undefined> {
  if (!isPackageName(name)) return undefined;
  for (const from of [resolve(folder), import.meta.dirname]) {
    for (let above = from; ; above = dirname(above)) {
      const there = join(above, 'node_modules', name);
      const says = await sayingsIn(there);
      if (says !== undefined) return { name, folder: there, says, isOfProject: from !== import.meta.dirname };
      if (dirname(above) === above) break;
    }
  }
  return undefined;
}

async function sayingsIn(folder: string): Promise<PackageSays | undefined> {
  try {
    return readPackageSays(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as unknown);
  } catch {
    return undefined; // none there, or none that could be used
  }
}

/** What npm takes for the name of a package; old names with capitals, too. */
export const isPackageName = (name: string): boolean =>
  name.length <= 214 &&
  /^(?:@[A-Za-z0-9~-][\w.~-]*\/)?[A-Za-z0-9~-][\w.~-]*$/.test(name) &&
  !['node_modules', 'favicon.ico'].includes(name.toLowerCase());
