import { once } from 'node:events';
import { closeSync, createWriteStream, fsyncSync, openSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { RepriseError } from '@reprise/core';
import { fileReason } from '../config/read-text-file.ts';
import { usageError } from '../errors/usage-error.ts';

/** Opens a file that a flag names, to be written anew. Throws REPRISE_USAGE when it cannot be, which names `named`. */
export async function openFile(
  path: string,
  { named = path, fix = 'Name a file in a folder that is there, or `-` for stdout.' } = {},
): Promise<WriteStream> {
  const file = createWriteStream(path, { flags: 'w' });
  try {
    await once(file, 'open');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'its folder is not there' : fileReason(error);
    throw usageError(`The file ${named} cannot be written: ${why}.`, {
      cause: error,
      fix,
    });
  }
  asked.set(file, named);
  // Between two writes nobody listens: whoever writes or closes next is told (`errored`).
  file.on('error', () => undefined);
  return file;
}

/** What a file that is written under another name first is called by whoever asked for it. */
const asked = new WeakMap<WriteStream, string>();

const notWritten = (file: WriteStream, cause: unknown): RepriseError =>
  new RepriseError(
    'REPRISE_NOT_WRITABLE',
    `The file ${asked.get(file) ?? String(file.path)} could not be written to its end: ${fileReason(cause)}.`,
    { cause, fix: 'Make room, or name a file that can be written, and run the command again.' },
  );

/** Resolves when there is room for more. Rejects with REPRISE_NOT_WRITABLE: the disk is full, say. */
export async function writeTo(file: WriteStream, text: string): Promise<void> {
  try {
    if (file.errored !== null) throw file.errored;
    if (!file.write(text)) await once(file, 'drain');
  } catch (error) {
    throw notWritten(file, error);
  }
}

/** Resolves when all of it is written. Rejects as writing does. */
export async function closeFile(file: WriteStream): Promise<void> {
  file.end();
  try {
    await finished(file);
  } catch (error) {
    throw notWritten(file, error);
  }
}

/** What is in it is on disk once this returns. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
