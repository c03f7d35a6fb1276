import type { HistoryEntry } from '@reprise/core';
import type { RunProgress } from './run-progress.ts';
import type { Screen } from './terminal.ts';

/** Shows a run while it goes on. */
export interface ProgressView {
  /** An event that `progress` has folded already. */
  onEvent(entry: HistoryEntry, progress: RunProgress): void | Promise<void>;
  /** Something to say beside the run's own events. */
  note(line: string): void | Promise<void>;
  /** Whether it tells failures of attempts by their events, with where they happened. */
  readonly tellsFailures?: true;
  /** Whether it has told why the run ended as it did, when it has ended. */
  readonly tellsEnd?: true;
  /** What an agent says about its attempt: shown while it is the latest, kept nowhere. */
  onAgentProgress?(taskId: string, text: string): void;
  /** Shows the last state, and lets the terminal go. */
  close(): Promise<void>;
}

/** A view for `--quiet` waiting: notes only. */
export const quietView = (screen: Screen): ProgressView => ({
  onEvent: () => undefined,
  note: (line) => screen.note(line),
  close: async () => undefined,
});
