import { once } from 'node:events';
import { closeSync, createWriteStream, fsyncSync, openSync, type WriteStream } from 'node:fs';
import { fileReason } from '../config/read-text-file.ts';
import { usageError } from '../errors/usage-error.ts';

/** Opens a file that a flag names, to be written anew. Throws REPRISE_USAGE when it cannot be. */
export async function openFile(path: string): Promise<WriteStream> {
  const file = createWriteStream(path, { flags: 'w' });
  try {
    await once(file, 'open');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'its folder is not there' : fileReason(error);
    throw usageError(`The file ${path} cannot be written: ${why}.`, {
      cause: error,
      fix: 'Name a file in a folder that is there, or `-` for stdout.',
    });
  }
  return file;
}

/** Resolves when there is room for more. */
export async function writeTo(file: WriteStream, text: string): Promise<void> {
  if (!file.write(text)) await once(file, 'drain');
}

/** Resolves when all of it is written. */
export async function closeFile(file: WriteStream): Promise<void> {
  file.end();
  await once(file, 'close');
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
