import type { RunReader } from '@reprise/core';
import { RunProgress } from '../output/run-progress.ts';

/** A run folded up to revision `to`, or whole. */
export async function loadProgress(
  reader: RunReader,
  runId: string,
  to = Number.POSITIVE_INFINITY,
): Promise<RunProgress> {
  const progress = new RunProgress();
  for await (const { revision, event } of reader.history(runId)) {
    if (revision > to) break;
    progress.fold(event);
  }
  return progress;
}
