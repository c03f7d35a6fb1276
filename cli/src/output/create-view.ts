import type { HistoryEntry } from '@reprise/core';
import type { Failures } from './failures.ts';
import { eventLine } from './json-shapes.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import type { ProgressView } from './progress-view.ts';
import type { Screen, Terminal } from './terminal.ts';

/** Redrawn in place on a terminal, lines elsewhere. */
export const createView = (screen: Screen, failures?: Failures): ProgressView =>
  screen.isTTY ? new LiveView(screen, failures) : new PlainView(screen, failures);

/** Every event as a line of JSON on stdout; notes go to stderr. */
export const jsonView = ({ out, err }: Terminal): ProgressView => ({
  onEvent: (entry: HistoryEntry) => out.json(eventLine(entry)),
  note: (line) => err.note(line),
  close: async () => undefined,
});
