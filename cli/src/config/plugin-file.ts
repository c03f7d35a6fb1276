import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, formatPath } from '@reprise/core';
import { type ShapeProblem, textProblems, unknownKeys } from './check-shape.ts';
import { configInvalid } from './config-error.ts';
import { isPath } from './load-plugin.ts';
import { parseConfigText } from './parse-config-text.ts';
import { PLUGIN_FILE } from './plugin-file-name.ts';
import type { PluginReference } from './project-config.ts';

/** An entry of the file: a plugin, and what it was when it was installed. */
export interface PinnedPlugin extends PluginReference {
  /** Of its package. Absent of a module of the project's own. */
  readonly version?: string;
  /** As in a lockfile. Absent of a package that is linked, and where another package manager than npm is at work. */
  readonly integrity?: string;
}

/** `reprise.plugins.json` of a project, which need not be there. */
export interface PluginFile {
  readonly file: string;
  readonly plugins: readonly PinnedPlugin[];
}

const KEYS = ['plugins'];
const ENTRY_KEYS = ['use', 'export', 'version', 'integrity', 'options'];
const INTEGRITY = /^sha\d{3}-[A-Za-z0-9+/]+=*(\s+sha\d{3}-[A-Za-z0-9+/]+=*)*$/;

/** Reads the file beside a configuration. Throws REPRISE_CONFIG_INVALID that lists every mistake with its place. */
export async function readPluginFile(folder: string): Promise<PluginFile> {
  const file = join(folder, PLUGIN_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { file, plugins: [] };
    throw configInvalid(file, `could not be read (${String(error)}).`, error);
  }
  return { file, plugins: parsePluginFile(text.replace(/^\uFEFF/, ''), file) };
}

function parsePluginFile(text: string, file: string): readonly PinnedPlugin[] {
  try {
    JSON.parse(text);
  } catch (error) {
    throw configInvalid(file, `is not JSON:\n  ${placeOf(text, String((error as Error).message))}`, error);
  }
  const parsed = parseConfigText(text, file);
  const problems = shapeProblems(parsed.value);
  if (problems.length === 0) return (parsed.value as { plugins?: readonly PinnedPlugin[] }).plugins ?? [];
  const lines = problems.map(({ path, message }) => {
    const { line, column } = parsed.locate(path);
    return `  ${[`${line}:${column}`, formatPath(path), message].filter((part) => part !== '').join(' ')}`;
  });
  throw configInvalid(file, `is not valid:\n${lines.join('\n')}`);
}

/** What the parser of Node says has an offset, or none at the end. */
function placeOf(text: string, said: string): string {
  const at = /at position (\d+)/.exec(said)?.[1];
  const before = text.slice(0, at === undefined ? text.length : Number(at)).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1} ${said.replace(/ at position \d+.*$/s, '')}`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shapeProblems(value: unknown): readonly ShapeProblem[] {
  if (!isRecord(value)) return [{ path: [], message: 'it is not an object { "plugins": [ … ] }.' }];
  const { plugins = [] } = value;
  const problems = [...unknownKeys(value, KEYS, [])];
  if (!Array.isArray(plugins)) return [...problems, { path: ['plugins'], message: 'must be a list.' }];
  const seen = new Map<string, number>();
  for (const [index, entry] of plugins.entries()) {
    const path = ['plugins', index];
    if (!isRecord(entry)) {
      problems.push({ path, message: 'must be an object { "use": …, "version": … }.' });
      continue;
    }
    problems.push(
      ...unknownKeys(entry, ENTRY_KEYS, path),
      ...textProblems(entry, ['use', 'export', 'version', 'integrity'], path),
    );
    const { use, integrity, version } = entry;
    if (use === undefined) problems.push({ path, message: `has no use${didYouMean('use', Object.keys(entry))}.` });
    if (typeof integrity === 'string' && !INTEGRITY.test(integrity))
      problems.push({ path: [...path, 'integrity'], message: 'must be a hash as in a lockfile: sha512-….' });
    if (typeof version === 'string' && !/^\d+\.\d+\.\d+([-+][\w.+-]*)?$/.test(version))
      problems.push({ path: [...path, 'version'], message: 'must be one exact version: 1.4.2.' });
    if (typeof use === 'string' && isPath(use) && (version ?? integrity) !== undefined)
      problems.push({ path, message: 'is a module of the project: it has no version and no integrity.' });
    const key = JSON.stringify([use, entry['export']]);
    const first = seen.get(key);
    if (first !== undefined) problems.push({ path, message: `is plugins[${first}] once more. Keep one.` });
    else if (use !== undefined) seen.set(key, index);
  }
  return problems;
}
