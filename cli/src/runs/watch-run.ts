import { type HistoryEntry, isEnd, lookForDrivers, systemClock } from '@reprise/core';
import { follow } from '../drive/follow.ts';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { createView } from '../output/create-view.ts';
import { outcomeLine, taskRowShape } from '../output/json-shapes.ts';
import { sayNobodyDrives } from '../output/nobody-drives.ts';
import type { ProgressView } from '../output/progress-view.ts';
import type { RunProgress } from '../output/run-progress.ts';
import type { Terminal } from '../output/terminal.ts';
import { isoTime } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { driverLines } from '../store/silent-drivers.ts';
import { withReader } from '../store/with-reader.ts';

/** Shows a run, whoever drives it, until it ends. Returns the exit code: how the run ended. */
export function watchRun(typed: string, where: Whereabouts, terminal: Terminal): Promise<number> {
  return withReader(where, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    // A run that nobody drives, or a driver that is stuck, would be watched for ever, and nothing would say why.
    if (!isEnd((await reader.last(runId)).event)) {
      const { err } = terminal;
      const drivers = await lookForDrivers(storage);
      for (const line of driverLines(err, drivers)) await err.line(line);
      await sayNobodyDrives(drivers.driven, where, err);
    }
    const view = terminal.json ? new SnapshotView(terminal) : createView(terminal.out);
    const stopping = new AbortController();
    let interruptedBy: InterruptSignal | undefined;
    const ignore = onInterrupt((signal) => {
      interruptedBy = signal;
      stopping.abort();
    });
    let progress: RunProgress;
    try {
      progress = await follow(reader, runId, view, stopping.signal);
    } finally {
      await view.close();
      ignore();
    }
    const { state } = progress;
    if (interruptedBy !== undefined && state.endedAt === undefined) {
      await terminal.err.freshLine();
      return exitCodeOfSignal(interruptedBy);
    }
    if (terminal.json) await terminal.out.json(outcomeLine(runId, state));
    return state.status === 'completed' ? EXIT.ok : EXIT.failed;
  });
}

const SNAPSHOT_MS = 500;

/** The whole picture as a line of JSON, twice a second at most, and once more at the end. */
class SnapshotView implements ProgressView {
  readonly #terminal: Terminal;
  #last: RunProgress | undefined;
  #printedAt = 0;
  #fresh = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async onEvent(_entry: HistoryEntry, progress: RunProgress): Promise<void> {
    this.#last = progress;
    this.#fresh = true;
    if (systemClock.now() - this.#printedAt >= SNAPSHOT_MS) await this.#print(progress);
  }

  note(line: string): Promise<void> {
    return this.#terminal.err.line(line);
  }

  async close(): Promise<void> {
    if (this.#fresh && this.#last !== undefined) await this.#print(this.#last);
  }

  async #print(progress: RunProgress): Promise<void> {
    const { state } = progress;
    this.#printedAt = systemClock.now();
    this.#fresh = false;
    const tasks = progress.rows().map(taskRowShape);
    const { runId, status, revision, updatedAt } = state;
    await this.#terminal.out.json({ kind: 'progress', runId, status, revision, time: isoTime(updatedAt), tasks });
  }
}
