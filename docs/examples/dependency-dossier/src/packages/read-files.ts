import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';

/**
 * The first `maxBytes` of a regular file as text; undefined when there is no such file, it is a link, a folder or a device,
 * cannot be read, or is binary. Links are not followed: a package must not lead its reader to a file outside itself.
 */
export async function readText(path: string, maxBytes: number): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    try {
      if (!(await file.stat()).isFile()) return undefined;
      const buffer = Buffer.alloc(maxBytes);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, maxBytes - length);
        length += bytesRead;
        if (bytesRead === 0 || length === maxBytes) break;
      }
      const bytes = buffer.subarray(0, length);
      return bytes.includes(0) ? undefined : bytes.toString('utf8').replace(/^\uFEFF/, '');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isFileSystemError(error)) return undefined;
    throw error;
  }
}

/** Names in a folder, sorted; empty when it cannot be read. */
export async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (isFileSystemError(error)) return [];
    throw error;
  }
}

/** Holds for errors of the operating system (ENOENT, EACCES, ELOOP …), not for mistakes in code. */
export const isFileSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
