import { type BigIntStats, statSync } from 'node:fs';
import { replaced, type StoreFault } from './store-fault.ts';

/** A path, and the file that it named when somebody looked. */
export interface WatchedFile {
  readonly path: string;
  readonly identity: string;
}

const keyOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;

/** Device and inode of what a path names; undefined when it names nothing. Throws what else stat meets. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : keyOf(stats);
}

/** The path with what it names now; undefined when it names nothing. */
export function watched(path: string): WatchedFile | undefined {
  const identity = identityOf(path);
  return identity === undefined ? undefined : { path, identity };
}

type Displacement = 'is gone' | 'was replaced by another file';

/** Why files that a process has open are no longer the ones at their paths, as a fault; undefined while they are. */
export function lookFor(files: readonly WatchedFile[]): StoreFault | undefined {
  for (const file of files) {
    try {
      const what = displacement(file);
      if (what !== undefined) return replaced(file.path, what);
    } catch (error) {
      return {
        code: 'REPRISE_STORE_UNKNOWN_OUTCOME',
        message: `Whether ${file.path} is still the file that was opened cannot be seen (${String(error)}).`,
      };
    }
  }
  return undefined;
}

/** What became of the file, when the path no longer names it. */
function displacement({ path, identity }: WatchedFile): Displacement | undefined {
  const now = identityOf(path);
  if (now === identity) return undefined;
  return now === undefined ? 'is gone' : 'was replaced by another file';
}
