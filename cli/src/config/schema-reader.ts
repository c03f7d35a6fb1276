import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Json } from '@reprise/core';
import { parseJson } from '../input/parse-json.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * Reads the schemas that forms of a workflow file name: `./approval.schema.json`, from where the file is. Only files of the project, links followed.
 * Throws an Error that says what is wrong.
 */
export const schemaReader =
  (file: string, project: string) =>
  (reference: string): Json => {
    if (reference.includes('#')) throw new Error('names a part of a file; a form is a whole one');
    if (/^[a-z][a-z0-9+.-]+:/i.test(reference) || isAbsolute(reference))
      throw new Error('must be the path of a file, from where this one is: "./approval.schema.json"');
    const path = realPath(resolve(dirname(file), reference), reference);
    if (isOutside(realPath(project, project), path))
      throw new Error(`"${reference}" is outside of the project (${project})`);
    const found = statSync(path);
    if (!found.isFile()) throw new Error(`"${reference}" is no file`);
    if (found.size > MAX_BYTES) throw new Error(`"${reference}" has more than ${MAX_BYTES} bytes`);
    return read(path, reference);
  };

function realPath(path: string, shown: string): string {
  try {
    return realpathSync(path);
  } catch {
    throw new Error(`there is no file "${shown}"`);
  }
}

function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}

function read(path: string, shown: string): Json {
  let parsed: ReturnType<typeof parseJson>;
  try {
    parsed = parseJson(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`"${shown}" is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const [problem] = parsed.problems;
  if (problem !== undefined) throw new Error(`"${shown}", ${problem.line}:${problem.column}: ${problem.message}`);
  return parsed.value;
}
