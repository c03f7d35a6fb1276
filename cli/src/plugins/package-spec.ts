import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { isPackageName } from '../config/installed-package.ts';
import { usageError } from '../errors/usage-error.ts';

/** What is to be installed: a package of the registry, a tarball, or a folder. */
export type PackageSpec =
  | { readonly kind: 'registry'; readonly name: string; readonly wanted: string | undefined }
  | { readonly kind: 'tarball' | 'folder'; readonly path: string };

/** Throws REPRISE_USAGE for what is none of the three: no address and no repository is fetched from. */
export function parseSpec(text: string, from: string): PackageSpec {
  if (/^(\.{1,2}([\\/]|$)|~[\\/]|file:)/.test(text) || isAbsolute(text) || /\.(tgz|tar\.gz)$/.test(text))
    return local(text, from);
  const [, name = '', wanted] = /^((?:@[^@/]+\/)?[^@/]+)(?:@(.+))?$/.exec(text) ?? [];
  const isWanted = wanted === undefined || /^[\w.^~<>=*+ -]+$/.test(wanted);
  if (isPackageName(name) && isWanted && !name.startsWith('-')) return { kind: 'registry', name, wanted };
  throw usageError(
    `'${text}' is nothing that can be installed. Give a package (name, name@version), a tarball (./plugin-1.0.0.tgz) or a folder (./plugin).`,
  );
}

function local(text: string, from: string): PackageSpec {
  const named = text.replace(/^file:/, '').replace(/^~(?=[\\/])/, homedir());
  const path = isAbsolute(named) ? named : resolve(from, named);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw usageError(`There is nothing at ${path}.`);
  if (!found.isDirectory()) return { kind: 'tarball', path };
  if (statSync(join(path, 'package.json'), { throwIfNoEntry: false }) === undefined)
    throw usageError(`The folder ${path} has no package.json: it is no package.`);
  return { kind: 'folder', path };
}

/** As npm is told. */
export const npmSpec = (spec: PackageSpec): string =>
  spec.kind === 'registry' ? `${spec.name}@${spec.wanted ?? 'latest'}` : spec.path;
