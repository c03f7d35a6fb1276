import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { installFailed } from './packed-package.ts';

/**
 * Keeps other processes from changing the plugins of a project meanwhile: a file beside reprise.plugins.json with the id of this process. One that a
 * killed process left is taken over. Returns the function that ends it. Throws REPRISE_PLUGIN_INSTALL_FAILED when another process has it.
 */
export function lockProject(pluginFile: string): () => void {
  const file = `${pluginFile}.lock`;
  if (!take(file)) {
    const holder = holderOf(file);
    if (holder !== undefined)
      throw installFailed(
        `Another process (${holder}) is changing the plugins of this project. Try again when it has ended; when there is none, remove ${file}.`,
      );
    rmSync(file, { force: true });
    if (!take(file)) throw installFailed('Another process has begun to change the plugins of this project. Try again.');
  }
  return () => rmSync(file, { force: true });
}

function take(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that has the lock; undefined when it has ended. */
function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Between its making and its first byte, the file is empty: its maker lives.
    if (!Number.isSafeInteger(pid) || pid <= 0) return 0;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 0 : undefined;
  }
}
