import { open, rename, rm } from 'node:fs/promises';

/**
 * Replaces `path` by a file with this content, durably: a reader (or a crash) finds the old content or the new, never a
 * part. `tag` keeps the temporary files of different writers apart; the same writer's next try takes over its own.
 */
export async function writeAtomically(path: string, content: string, tag: string): Promise<void> {
  const temporary = `${path}.${tag}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
