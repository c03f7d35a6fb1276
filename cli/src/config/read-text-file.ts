import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Makes the error that says why a file cannot be taken: "it is a folder". */
export type Refuse = (why: string, cause?: unknown) => Error;

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'you have no permission for it',
  EPERM: 'you have no permission for it',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'its name is too long',
  EROFS: 'it is on a disk that is only read',
  ENOSPC: 'the disk is full',
};

/** Why the system would not have a file, in words. */
export function fileReason(error: unknown): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return WHY[String(code)] ?? (typeof message === 'string' ? message : String(error));
}

/** What the reason does not say in words already. */
const unknownCause = (error: unknown): unknown =>
  String((error as { readonly code?: unknown }).code) in WHY ? undefined : error;

/** What a file is that text is to be read from. Throws what `refuse` makes of a folder, a device, and what is not there. */
export async function lookAtFile(file: string, refuse: Refuse): Promise<Stats> {
  const found = await stat(file).catch((error: unknown) => {
    throw refuse(fileReason(error), unknownCause(error));
  });
  if (found.isDirectory()) throw refuse('it is a folder');
  if (found.isCharacterDevice() || found.isBlockDevice()) throw refuse('it is a device');
  return found;
}

/** The text of a file in UTF-8. Throws what `refuse` makes of anything else. */
export async function readTextFile(file: string, refuse: Refuse): Promise<string> {
  await lookAtFile(file, refuse);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw refuse(fileReason(error), unknownCause(error));
  });
  if (bytes.includes(0) || !isUtf8(bytes)) throw refuse('it is no text in UTF-8');
  const text = bytes.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
