import type { RunReader } from '@reprise/core';
import type { ProgressView } from '../output/progress-view.ts';
import { RunProgress } from '../output/run-progress.ts';

/** Shows a run from its first event to its end, or until `signal` aborts. Resolves to what was seen. */
export async function follow(
  reader: RunReader,
  runId: string,
  view: ProgressView,
  signal?: AbortSignal,
): Promise<RunProgress> {
  const progress = new RunProgress();
  for await (const entry of reader.follow(runId, 0, signal)) {
    progress.fold(entry.event);
    await view.onEvent(entry, progress);
  }
  return progress;
}
