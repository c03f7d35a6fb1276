import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What can be part of a project: code, and what is read as data. */
const PROJECT_FILE = /\.(?:[cm]?[jt]sx?|json|ya?ml)$|^\.env(?:\..+)?$/;
/** Folders of tools and of what they make. Those that begin with a dot are never looked into. */
const NOT_WATCHED: ReadonlySet<string> = new Set(['node_modules', 'coverage']);
/** Files beyond this are not looked at: then it is not the folder of a project. */
export const MOST_FILES = 20_000;

export interface WatchedPlaces {
  /** The folder of the configuration. */
  readonly folder: string;
  /** Files and folders beside it, all of whose files count, whatever they are called. */
  readonly more: readonly string[];
  /** Files and folders that do not count. The store is one. */
  readonly except: readonly string[];
}

export interface Scan {
  /** What tells a file from how it was before, by its path. */
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlySet<string>;
  /** There are more than are looked at. */
  readonly isCut: boolean;
}

/** Looks at every watched file. What vanishes while it looks is not there; links to folders are not followed. */
export function scan({ folder, more, except }: WatchedPlaces): Scan {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  const isExcept = (path: string): boolean =>
    except.some((one) => path === one || path.startsWith(`${one}/`) || path.startsWith(`${one}-`));
  const add = (path: string): void => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() === true) files.set(path, `${found.mtimeMs} ${found.size} ${found.ino}`);
  };
  const walk = (at: string, all: boolean): void => {
    if (files.size >= MOST_FILES || folders.has(at)) return;
    folders.add(at);
    for (const entry of entriesOf(at)) {
      const path = join(at, entry.name);
      if (isExcept(path)) continue;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && !NOT_WATCHED.has(entry.name)) walk(path, all);
      } else if (all || PROJECT_FILE.test(entry.name)) add(path);
    }
  };
  walk(folder, false);
  for (const path of more) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isFolder) folders.delete(path);
    if (isFolder) walk(path, true);
    else add(path);
  }
  return { files, folders, isCut: files.size >= MOST_FILES };
}

/** Names of files that are there, are gone, or are others than before. */
export function changedFiles(before: Scan, now: Scan): readonly string[] {
  const changed = [...now.files].filter(([path, mark]) => before.files.get(path) !== mark).map(([path]) => path);
  const gone = [...before.files.keys()].filter((path) => !now.files.has(path));
  return [...changed, ...gone].sort((one, other) => (basename(one) < basename(other) ? -1 : 1));
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // gone meanwhile, or not to be read
  }
}
