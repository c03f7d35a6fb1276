import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRepriseError } from '@reprise/core';
import { configInvalid } from './config-error.ts';
import { moduleProblem } from './module-problem.ts';
import { lookAtFile } from './read-text-file.ts';

type Exports = Readonly<Record<string, unknown>>;

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/** What a module exports. Throws REPRISE_CONFIG_INVALID that names the file, the cause and, for common ones, the way out. */
export async function importModule(file: string): Promise<Exports> {
  if (!existsSync(file))
    throw configInvalid(file, 'there is no such file or folder. A module is named with its extension.');
  if (TYPESCRIPT.has(extname(file)) && !process.features.typescript) {
    const options = process.execArgv.concat(process.env.NODE_OPTIONS ?? '').join(' ');
    const off = options.includes('strip-types') ? ' Node runs with type stripping switched off.' : '';
    throw configInvalid(
      file,
      `TypeScript files are loaded by Node itself, from version 22.18 on; this is ${process.versions.node}.${off}` +
        ' Use a current Node, or write the file in JavaScript or YAML.',
    );
  }
  await lookAtFile(file, (why, cause) => configInvalid(file, `could not be loaded: ${why}.`, cause));
  try {
    return await quietly(() => import(pathToFileURL(file).href) as Promise<Exports>);
  } catch (error) {
    // What a builder in the file has to say is said better by itself.
    if (isRepriseError(error)) throw error;
    const { text, fix } = moduleProblem(error);
    throw configInvalid(file, `could not be loaded. ${text}`, error, fix);
  }
}

/** Node 22 warns of loading TypeScript; of a module that is taken for CommonJS, the error says it better. */
const NO_NEWS = /^(?:Type Stripping is an experimental feature|Failed to load the ES module)/;

/** Keeps back warnings that are no news, whether Node gives them later or at once. */
async function quietly<Value>(load: () => Promise<Value>): Promise<Value> {
  const { emit, emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!isNoNews(warning)) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  Object.assign(process, {
    emit: (...event: unknown[]) =>
      event[0] === 'warning' && isNoNews(event[1]) ? true : Reflect.apply(emit, process, event),
  });
  try {
    return await load();
  } finally {
    Object.assign(process, { emit, emitWarning });
  }
}

const isNoNews = (warning: unknown): boolean =>
  NO_NEWS.test(warning instanceof Error ? warning.message : String(warning));
