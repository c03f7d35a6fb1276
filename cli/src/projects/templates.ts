import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { didYouMean, RepriseError } from '@reprise/core';

/** A folder of cli/templates; the first is the default. */
export const TEMPLATES = ['hello', 'approval', 'team', 'distributed', 'plugin'] as const;

export type TemplateName = (typeof TEMPLATES)[number];

/** Of a project: what is in which file, by its path with `/`. */
export type ProjectFiles = ReadonlyMap<string, string>;

const FOLDER = join(import.meta.dirname, '..', '..', 'templates');

/** Throws REPRISE_TEMPLATE_UNKNOWN. */
export function templateNamed(name: string): TemplateName {
  const found = TEMPLATES.find((one) => one === name);
  if (found !== undefined) return found;
  const known = TEMPLATES.join(', ');
  const message = `There is no template '${name}'${didYouMean(name, TEMPLATES)} (there are ${known}).`;
  throw new RepriseError('REPRISE_TEMPLATE_UNKNOWN', message, { details: { wanted: name, known: [...TEMPLATES] } });
}

/** The files of a template, with the name of the project and the version of Reprise filled in. */
export function templateFiles(template: TemplateName, name: string): ProjectFiles {
  const values: Readonly<Record<string, string>> = { name, version: ownVersion() };
  const folder = join(FOLDER, template);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map(({ parentPath, name: base }): [string, string] => {
    const path = join(relative(folder, parentPath), projectName(base)).replaceAll('\\', '/');
    const text = readFileSync(join(parentPath, base), 'utf8');
    return [path, text.replaceAll(/\{\{(name|version)\}\}/g, (_, key: string) => values[key] ?? '')];
  });
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** npm reads a package.json, and leaves out a .gitignore, wherever they are in a package. */
const projectName = (base: string): string =>
  ({ _gitignore: '.gitignore', '_package.json': 'package.json' })[base] ?? base;

/** That of this command line, and so of the packages that a project of it depends on. */
export function ownVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
