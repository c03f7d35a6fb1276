import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { InstalledPackage } from '../config/installed-package.ts';
import { above } from './package-manager.ts';

/** What npm put on record of the package when it installed it: undefined where it has none (a link, another package manager). */
export async function installedIntegrity({ folder }: InstalledPackage): Promise<string | undefined> {
  for (const root of above(folder).slice(1)) {
    const packages = await packagesIn(join(root, 'node_modules', '.package-lock.json'));
    if (packages === undefined) continue;
    const entry = packages[relative(root, folder).split(sep).join('/')];
    return typeof entry?.integrity === 'string' ? entry.integrity : undefined;
  }
  return undefined;
}

type Locked = Readonly<Record<string, { readonly integrity?: unknown } | undefined>>;

async function packagesIn(file: string): Promise<Locked | undefined> {
  try {
    const { packages } = JSON.parse(await readFile(file, 'utf8')) as { readonly packages?: Locked };
    return packages;
  } catch {
    return undefined;
  }
}
