import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { isRepriseError } from '@reprise/core';
import { findConfig, findProject } from '../config/find-config.ts';
import { nearestPackage } from '../config/package-type.ts';
import { isDataFile, type ReadConfig, readConfig } from '../config/read-config.ts';
import type { Extension } from './sources.ts';
import { fileExists } from './write-files.ts';

/** The project that something is added to. */
export interface Place {
  readonly folder: string;
  readonly extension: Extension;
  /** The configuration file, if there is one. */
  readonly file: string | undefined;
  /** As it is written; undefined when there is none, or when it could not be read. */
  readonly read: ReadConfig | undefined;
  /** Why it could not be. */
  readonly problem: string | undefined;
}

/** Where modules end in `.ts`: Node goes by the nearest package.json. */
export const extensionIn = (folder: string): Extension => (nearestPackage(folder)?.type === 'module' ? 'ts' : 'mts');

/**
 * The project that `from` is in: that of the configuration `named`, or of the nearest one, else that of the nearest package.json.
 * Throws REPRISE_CONFIG_NOT_FOUND.
 */
export async function findPlace(named: string | undefined, from: string): Promise<Place> {
  const bare = named === undefined && findProject(from, () => false) === undefined ? nearestPackage(from) : undefined;
  if (bare !== undefined) {
    const folder = dirname(bare.file);
    return { folder, extension: extensionIn(folder), file: undefined, read: undefined, problem: undefined };
  }
  const file = findConfig(named, from);
  const folder = dirname(file);
  const place = { folder, extension: extensionIn(folder), file };
  try {
    return { ...place, read: await readConfig(file), problem: undefined };
  } catch (error) {
    if (!isRepriseError(error)) throw error;
    return { ...place, read: undefined, problem: error.message };
  }
}

/** The folder for modules that a list of the configuration is to take: the first folder in it, else `fallback`. */
export function folderFor({ read, folder }: Place, key: 'workflows' | 'agents', fallback: string): string {
  const named = (read?.config[key] ?? []).flatMap((entry) =>
    typeof entry === 'string' ? [resolve(folder, entry)] : [],
  );
  return named.find(isFolder) ?? resolve(folder, fallback);
}

/** One that is not there yet counts as one when it has no extension. */
const isFolder = (path: string): boolean => (existsSync(path) ? statSync(path).isDirectory() : extname(path) === '');

/** Whether a list of the configuration takes a file: it names it, or its folder. */
export const isTaken = ({ read, folder }: Place, key: 'workflows' | 'agents', file: string): boolean =>
  (read?.config[key] ?? []).some(
    (entry) => typeof entry === 'string' && [file, dirname(file)].includes(resolve(folder, entry)),
  );

/** Throws REPRISE_FILE_EXISTS when the folder has something of that name, in whatever form. */
export function refuseNamesake(folder: string, name: string): void {
  const inside = existsSync(folder) ? readdirSync(folder) : [];
  const other = inside.find((base) => base !== name && basename(base, extname(base)) === name);
  if (other !== undefined) throw fileExists(resolve(folder, other), 'Two of one name would be in each other’s way.');
}

/** A path in the configuration, or in an import: `./workflows`. */
export function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file).replaceAll('\\', '/');
  return path.startsWith('../') ? path : `./${path}`;
}

/** The configuration is code, or is to be. */
export const isCode = ({ file }: Place): boolean => file === undefined || !isDataFile(file);
