import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RepriseError } from '@reprise/core';
import type { ProjectFiles } from './templates.ts';

/** A folder with nothing in it but this is empty: an empty repository that was cloned. */
const NOTHING: readonly string[] = ['.git', '.DS_Store'];

/**
 * Makes a folder with files in it. Nothing is overwritten; when a file cannot be written, what was made is taken away again.
 * Throws REPRISE_FILE_EXISTS and REPRISE_NOT_WRITABLE.
 */
export function writeFolder(folder: string, files: ProjectFiles): void {
  const isNew = makeFolder(folder);
  try {
    writeFiles(folder, files);
  } catch (error) {
    if (isNew) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Writes files that are not there yet: all of them, or none. Throws REPRISE_FILE_EXISTS and REPRISE_NOT_WRITABLE. */
export function writeFiles(folder: string, files: ProjectFiles): void {
  const made: string[] = [];
  try {
    for (const [path, text] of files) {
      writeNew(join(folder, path), text);
      made.push(path);
    }
  } catch (error) {
    for (const path of made) rmSync(join(folder, path), { force: true });
    throw error;
  }
}

/** Whether it was not there. Throws REPRISE_FILE_EXISTS when there is something in it. */
function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw notWritable(folder, error);
  }
  let inside: readonly string[];
  try {
    inside = readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') throw fileExists(folder, 'It is a file.');
    throw notWritable(folder, error);
  }
  const [first] = inside.filter((name) => !NOTHING.includes(name));
  if (first !== undefined)
    throw fileExists(folder, `It is not empty: it has ${first}. To add to a project that is there: reprise init`);
  return false;
}

/** Writes a file that is not there yet, with the folders that it needs. Throws REPRISE_FILE_EXISTS and REPRISE_NOT_WRITABLE. */
export function writeNew(file: string, text: string): void {
  write(file, text, 'wx');
}

/** Writes a file anew. Throws REPRISE_NOT_WRITABLE. */
export function overwrite(file: string, text: string): void {
  write(file, text, 'w');
}

function write(file: string, text: string, flag: 'w' | 'wx'): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw fileExists(file, '');
    throw notWritable(file, error);
  }
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

export const fileExists = (path: string, why: string): RepriseError =>
  new RepriseError('REPRISE_FILE_EXISTS', `${path} is there already. ${why}`.trimEnd(), { details: { path } });

const notWritable = (path: string, error: unknown): RepriseError =>
  new RepriseError('REPRISE_NOT_WRITABLE', `${path} could not be written: ${(error as Error).message}.`, {
    cause: error,
    details: { path },
  });
