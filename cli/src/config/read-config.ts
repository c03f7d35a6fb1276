import { dirname, extname, resolve } from 'node:path';
import { formatPath } from '@reprise/core';
import { shapeProblems } from './check-shape.ts';
import { configInvalid } from './config-error.ts';
import { importModule } from './import-module.ts';
import { named } from './loading.ts';
import { parseConfigText } from './parse-config-text.ts';
import type { ProjectConfig } from './project-config.ts';
import { readTextFile } from './read-text-file.ts';

/** A configuration file as it is written: its shape is right, what it names is not loaded yet. */
export interface ReadConfig {
  readonly file: string;
  /** What paths in it are relative to. */
  readonly folder: string;
  readonly config: ProjectConfig;
}

/** Whether the file is data, which can be read without running anything. */
export const isDataFile = (file: string): boolean => ['.yaml', '.yml', '.json'].includes(extname(file));

/** Whether Node loads the file as a module, by its name. */
const isModule = (file: string): boolean => /^\.[cm]?[jt]s$/.test(extname(file));

/** Throws REPRISE_CONFIG_INVALID that lists every mistake in the file's shape. */
export async function readConfig(path: string): Promise<ReadConfig> {
  const file = resolve(path);
  if (!isDataFile(file) && !isModule(file))
    throw configInvalid(
      file,
      'it is no configuration by its name, which ends in .ts, .js, .mjs, .yaml, .yml or .json.',
    );
  const config = isDataFile(file) ? await readData(file) : await readCode(file);
  return { file, folder: dirname(file), config };
}

async function readData(file: string): Promise<ProjectConfig> {
  const text = await readTextFile(file, (why, cause) => configInvalid(file, `could not be read: ${why}.`, cause));
  // An empty file is a configuration without anything in it.
  const parsed = parseConfigText(text.trim() === '' ? '{}' : text, file);
  const problems = shapeProblems(parsed.value, true).map(({ path, message }) => {
    const { line, column } = parsed.locate(path);
    return `${line}:${column} ${formatPath(path)} ${message}`;
  });
  reject(file, problems);
  return parsed.value as ProjectConfig;
}

async function readCode(file: string): Promise<ProjectConfig> {
  const exported = await named(file, () => importModule(file));
  if (!Object.hasOwn(exported, 'default')) {
    throw configInvalid(file, 'it has no default export. Add: export default defineConfig({ workflows: [ … ] });');
  }
  const config: unknown = await exported['default'];
  reject(
    file,
    shapeProblems(config, false).map(({ path, message }) => `${formatPath(path)} ${message}`.trim()),
  );
  return config as ProjectConfig;
}

function reject(file: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw configInvalid(file, `is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
}
