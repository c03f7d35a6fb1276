import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFileSystemError } from './read-files.ts';

export interface DiskUsage {
  readonly bytes: number;
  readonly files: number;
  /** There is a compiled addon (`*.node`). */
  readonly addon: boolean;
  /** Entries that could not be read. */
  readonly unreadable: number;
}

/** What keeps a long walk alive and stoppable. */
export interface WalkContext {
  readonly signal: AbortSignal;
  heartbeat(): void;
}

const HEARTBEAT_EVERY = 256;

/** Size of what a package brought itself: nested node_modules are left out, links are counted but not followed. */
export async function diskUsage(folder: string, context: WalkContext): Promise<DiskUsage> {
  const waiting = [folder];
  let bytes = 0;
  let files = 0;
  let unreadable = 0;
  let addon = false;
  let seen = 0;
  for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
    const entries = await orUndefined(readdir(current, { withFileTypes: true }));
    if (entries === undefined) unreadable += 1;
    const leaves: string[] = [];
    for (const entry of entries ?? []) {
      if (!entry.isDirectory()) leaves.push(join(current, entry.name));
      else if (!isNestedModules(entry)) waiting.push(join(current, entry.name));
    }
    for (let at = 0; at < leaves.length; at += HEARTBEAT_EVERY) {
      context.signal.throwIfAborted();
      context.heartbeat();
      const batch = leaves.slice(at, at + HEARTBEAT_EVERY);
      for (const [index, stats] of (await Promise.all(batch.map((path) => orUndefined(lstat(path))))).entries()) {
        if (stats === undefined) unreadable += 1;
        else {
          bytes += stats.size;
          files += 1;
          addon ||= batch[index]?.endsWith('.node') === true && stats.isFile();
        }
      }
    }
    seen += 1;
    if (seen % HEARTBEAT_EVERY === 0) context.heartbeat();
    context.signal.throwIfAborted();
  }
  return { bytes, files, addon, unreadable };
}

const isNestedModules = (entry: Dirent): boolean => entry.name === 'node_modules';

async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isFileSystemError(error)) return undefined;
    throw error;
  }
}
