import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inspection } from '../records.ts';
import { isRecord, type Manifest } from './manifest.ts';
import { isFileSystemError } from './read-files.ts';

/** What an `exports` map has conditions for, searched to a depth no sane map reaches. */
function hasCondition(value: unknown, condition: string, depth = 0): boolean {
  if (depth > 12) return false;
  if (Array.isArray(value)) return value.some((inner) => hasCondition(inner, condition, depth + 1));
  if (!isRecord(value)) return false;
  return Object.entries(value).some(
    ([key, inner]) =>
      (inner !== null && (key === condition || key.startsWith(`${condition}@`))) ||
      hasCondition(inner, condition, depth + 1),
  );
}

/**
 * How the package is loaded: `dual` when it offers both forms, undefined when there is nothing to load (types, data or
 * programs only). `names`: what lies in its folder.
 */
export function moduleKind(manifest: Manifest, names: readonly string[]): Inspection['module'] {
  const { exports } = manifest;
  const entries = [manifest.main, manifest.module, manifest.browser, exports];
  const declared =
    entries.some((entry) => typeof entry === 'string' && entry !== '') || isRecord(exports) || Array.isArray(exports);
  if (!declared && !names.some((name) => /^index\.(m|c)?(js|node)$/.test(name))) return undefined;
  const esm =
    manifest.type === 'module' ||
    typeof manifest.module === 'string' ||
    hasCondition(exports, 'import') ||
    [manifest.main, exports].some((entry) => typeof entry === 'string' && entry.endsWith('.mjs'));
  const cjs =
    manifest.type !== 'module' ||
    hasCondition(exports, 'require') ||
    [manifest.main, exports].some((entry) => typeof entry === 'string' && entry.endsWith('.cjs'));
  // A `.mjs` entry alone is no second form.
  if (manifest.type !== 'module' && exports === undefined && /\.mjs$/.test(String(manifest.main ?? ''))) return 'esm';
  return esm && cjs ? 'dual' : esm ? 'esm' : 'cjs';
}

/** Where the package's TypeScript types come from. `names`: what lies in its folder. */
export async function typesOf(
  root: string,
  path: string,
  name: string,
  manifest: Manifest,
  names: readonly string[],
): Promise<Inspection['types']> {
  if (typeof manifest.types === 'string' || typeof manifest.typings === 'string') return 'own';
  if (hasCondition(manifest.exports, 'types') || names.some(isIndexTypes)) return 'own';
  const folder = join(root, path);
  if (
    typeof manifest.main === 'string' &&
    (await exists(join(folder, manifest.main.replace(/(\.[cm]?js)?$/, '.d.ts'))))
  ) {
    return 'own';
  }
  const typesName = name.startsWith('@') ? name.slice(1).replace('/', '__') : name;
  // Looked up as the compiler does: in every node_modules from the package's own upwards.
  for (let at = path; at !== ''; ) {
    const cut = at.lastIndexOf('node_modules');
    if (cut < 0) break;
    if (await exists(join(root, at.slice(0, cut), 'node_modules', '@types', typesName, 'package.json')))
      return '@types';
    at = at.slice(0, Math.max(0, cut - 1));
  }
  return (await exists(join(root, 'node_modules', '@types', typesName, 'package.json'))) ? '@types' : 'none';
}

const isIndexTypes = (name: string): boolean => /^index\.d\.[cm]?ts$/.test(name);

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isFileSystemError(error)) return false;
    throw error;
  }
}
