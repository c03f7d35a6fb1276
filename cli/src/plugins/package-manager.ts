import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Where the packages of a project are managed. */
export interface PackageHome {
  /** With the nearest package.json, from the configuration's folder upwards. */
  readonly folder: string;
  readonly manager: PackageManager;
  /** What says that it is this one. */
  readonly because: string;
}

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

export const NPM_LOCKFILES = ['package-lock.json', 'npm-shrinkwrap.json'];

const LOCKFILES: readonly (readonly [string, PackageManager])[] = [
  ...NPM_LOCKFILES.map((name) => [name, 'npm'] as const),
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

const ADD: Readonly<Record<PackageManager, string>> = {
  npm: 'npm install --save-exact --ignore-scripts',
  pnpm: 'pnpm add --save-exact --ignore-scripts',
  yarn: 'yarn add --exact',
  bun: 'bun add --exact --ignore-scripts',
};

/** The command by which a person adds a package. */
export const addCommand = (manager: PackageManager, spec: string): string => `${ADD[manager]} ${spec}`;

/** Undefined when there is no package.json. The nearest lockfile says who manages; without one, `packageManager` does, and else it is npm. */
export async function findPackageHome(from: string): Promise<PackageHome | undefined> {
  const folder = above(from).find((candidate) => existsSync(join(candidate, 'package.json')));
  if (folder === undefined) return undefined;
  for (const candidate of above(folder)) {
    const found = LOCKFILES.find(([name]) => existsSync(join(candidate, name)));
    if (found !== undefined) return { folder, manager: found[1], because: join(candidate, found[0]) };
  }
  const named = await namedManager(join(folder, 'package.json'));
  return named === undefined
    ? { folder, manager: 'npm', because: 'there is no lockfile' }
    : { folder, manager: named, because: `packageManager in ${join(folder, 'package.json')}` };
}

async function namedManager(file: string): Promise<PackageManager | undefined> {
  try {
    const { packageManager } = JSON.parse(await readFile(file, 'utf8')) as { readonly packageManager?: unknown };
    const name = String(packageManager).split('@')[0];
    return Object.keys(ADD).find((manager): manager is PackageManager => manager === name);
  } catch {
    return undefined; // npm says what is wrong with it
  }
}

/** A folder and all above it. */
export function above(from: string): readonly string[] {
  const folders = [resolve(from)];
  for (let folder = resolve(from); dirname(folder) !== folder; folder = dirname(folder)) folders.push(dirname(folder));
  return folders;
}
