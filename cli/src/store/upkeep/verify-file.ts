import { systemClock } from '@reprise/core';
import type { Terminal } from '../../output/terminal.ts';
import { count } from '../../output/text.ts';
import { type RunsVerified, verifyRuns } from '../../verify/verify-runs.ts';
import { openRunReader } from '../open-run-reader.ts';
import { fileStore } from '../store-access.ts';

const PROGRESS_MS = 1000;

/** Folds every run of the SQLite store in a file, and compares it with what is on record. */
export async function verifyFile(path: string, { err, json }: Terminal): Promise<RunsVerified> {
  const access = fileStore(path);
  const storage = await access.openReader();
  const { reader, close } = openRunReader(storage, access);
  let said = systemClock.now();
  try {
    return await verifyRuns({
      store: storage.events,
      reader,
      where: undefined,
      onProgress: ({ runs, events }) => {
        if (json || systemClock.now() - said < PROGRESS_MS) return;
        said = systemClock.now();
        void err.note(err.style('dim', `verified ${count(runs, 'run')}, ${count(events, 'event')}`));
      },
    });
  } finally {
    await close();
    await storage.events.close();
  }
}

export const verifiedShape = ({ runs, events, differences }: RunsVerified): object => ({
  runs,
  events,
  differences: differences.map(({ runId, revision, detail }) => ({
    runId: runId ?? null,
    revision: revision ?? null,
    detail,
  })),
});
