import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../pages.ts';

/** What a package hands out under one name. */
export interface ApiModule {
  /** As it is imported. */
  readonly name: string;
  /** Its declarations, as the compiler wrote them; relative to the root of the repository. */
  readonly entry: string;
}

export interface ApiPage {
  readonly site: string;
  readonly title: string;
  readonly module: ApiModule;
  /** Of a module with a page for each of its folders: the folder. */
  readonly folder?: string;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | { readonly types?: string }>>;
}

/** Every module of every package that has one: of `exports`, what has types. */
export function apiModules(): readonly ApiModule[] {
  const manifests = globSync(['core/package.json', 'plugins/*/package.json', 'test/conformance/package.json'], {
    cwd: ROOT,
  }).sort();
  return manifests.flatMap((path) => {
    const { name, exports = {} } = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest;
    return Object.entries(exports).flatMap(([key, value]) => {
      if (typeof value === 'string' || value.types === undefined) return [];
      return { name: posix.join(name, key), entry: posix.join(posix.dirname(path), value.types) };
    });
  });
}

/** @reprise/core has hundreds of names: a page for each folder, in the order of the loop. */
const CORE = '@reprise/core';
export const CORE_FOLDERS = [
  'definition',
  'agent',
  'container',
  'event-store',
  'orchestration/workflow',
  'orchestration/scheduler',
  'orchestration/messaging',
  'orchestration/monitoring',
  'orchestration/reading',
  'orchestration/runtime',
  'shared',
] as const;

const fileOf = (name: string): string => name.replace('@reprise/', '').replace(/\//g, '-');

/** The generated pages but their index. */
export function apiPages(): readonly ApiPage[] {
  return apiModules().flatMap((module): readonly ApiPage[] => {
    const page = { site: `api/${fileOf(module.name)}.md`, title: module.name, module };
    if (module.name !== CORE) return [page];
    return CORE_FOLDERS.map((folder) => ({
      site: `api/core-${folder.replace(/^orchestration\//, '')}.md`,
      title: `${CORE}: ${folder.replace(/^orchestration\//, '')}`,
      module,
      folder,
    }));
  });
}
