import { existsSync, renameSync, rmSync } from 'node:fs';
import type { DeletedRun, EventStore } from '@reprise/core';
import { RepriseError } from '@reprise/core';
import { usageError } from '../../errors/usage-error.ts';
import { closeFile, openFile, syncFile } from '../../output/output-file.ts';
import { exportRun, writeJsonTo } from '../export-runs.ts';
import { readRuns } from '../import-runs.ts';

/** Refuses a file that is there (an archive is never written over), and stdout, which cannot be read back. */
export function assertNew(path: string): void {
  if (path === '-') {
    throw usageError('An archive is read back before anything is deleted, and what was written to stdout cannot be.', {
      fix: 'Name a file with --output; `reprise run export` writes to stdout, and deletes nothing.',
    });
  }
  if (!existsSync(path)) return;
  throw usageError(`There is a file ${path} already, and an archive is not written over it.`, {
    fix: 'Name another file with --output.',
  });
}

/**
 * Writes runs to a new file, in the format of `run export`, reads it back, and compares what each run comes to with what the store has: only then it has its
 * name. Rejects, and leaves no file, when anything differs.
 */
export async function writeArchive(store: EventStore, runs: readonly DeletedRun[], path: string): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  try {
    const file = await openFile(partial, { named: path, fix: 'Name a file in a folder that is there.' });
    for (const { runId } of runs) await exportRun(store, runId, (value) => writeJsonTo(file, value));
    await closeFile(file);
    await compare(partial, runs);
    syncFile(partial);
    assertNew(path);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

async function compare(path: string, runs: readonly DeletedRun[]): Promise<void> {
  const found = new Map<string, { readonly events: number; readonly digest: string }>();
  for await (const { header, events, history } of readRuns(path)) {
    const { replayedDigest: digest } = history.result();
    found.set(header.runId, { events: events.length, digest });
  }
  for (const { runId, events, digest } of runs) {
    const there = found.get(runId);
    if (there?.events === events && there.digest === digest) continue;
    throw new RepriseError(
      'REPRISE_IMPORT_INVALID',
      `The archive was read back, and run '${runId}' in it is not what the store has: nothing was deleted.`,
      { details: { runId } },
    );
  }
}
