import { type HistoryEntry, systemClock } from '@reprise/core';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { taskRowShape } from '../output/json-shapes.ts';
import { RunProgress } from '../output/run-progress.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { count } from '../output/text.ts';
import { Timeline } from '../output/timeline.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { createPace } from './replay-pace.ts';

export interface ReplayFlags extends Whereabouts {
  readonly to?: number | undefined;
  /** Times as fast as it was. */
  readonly speed?: number | undefined;
  /** One event at a time, when asked for it. */
  readonly step?: boolean;
}

/** Folds a run again, draws it, and compares with what was recorded. Returns the exit code. */
export function replayRun(typed: string, flags: ReplayFlags, terminal: Terminal): Promise<number> {
  const { speed } = flags;
  if (speed !== undefined && !(speed > 0))
    throw usageError(`--speed ${speed} must be above 0: 1 is as fast as it was, 10 ten times that.`);
  return withReader(flags, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const stream = `run-${runId}`;
    const [first] = await storage.events.read(stream, { limit: 1 });
    const [last] = await storage.events.read(stream, {
      direction: 'backwards',
      limit: 1,
      ...(flags.to === undefined ? {} : { from: flags.to }),
    });
    const timeline = new Timeline(first?.time ?? 0, last?.time ?? 0, terminal.out.columns);
    const progress = new RunProgress();
    const began = systemClock.now();
    const interrupted = await unfold(reader.history(runId), {
      flags,
      terminal,
      timeline,
      progress,
      until: last?.revision ?? 0,
    });
    if (interrupted !== undefined) {
      await terminal.err.freshLine();
      return exitCodeOfSignal(interrupted);
    }
    return report(progress, timeline, systemClock.now() - began, terminal);
  });
}

interface Unfolding {
  readonly flags: ReplayFlags;
  readonly terminal: Terminal;
  readonly timeline: Timeline;
  readonly progress: RunProgress;
  /** The last revision to fold. */
  readonly until: number;
}

async function unfold(
  entries: AsyncIterable<HistoryEntry>,
  unfolding: Unfolding,
): Promise<InterruptSignal | undefined> {
  const { flags, terminal, timeline, progress, until } = unfolding;
  const draw = (): readonly string[] => timeline.draw(terminal.out, progress.rows());
  const pace = terminal.json ? undefined : await createPace(flags, terminal, draw);
  let interruptedBy: InterruptSignal | undefined;
  const ignore = onInterrupt((signal) => {
    interruptedBy = signal;
    pace?.hurry();
  });
  try {
    for await (const entry of entries) {
      if (entry.revision > until || interruptedBy !== undefined) break;
      await pace?.before(entry);
      if (interruptedBy !== undefined) break;
      progress.fold(entry.event);
      timeline.fold(entry.event);
      await pace?.after(entry, progress);
    }
  } finally {
    await pace?.end();
    ignore();
  }
  return interruptedBy;
}

async function report(
  progress: RunProgress,
  timeline: Timeline,
  tookMs: number,
  { out, json }: Terminal,
): Promise<number> {
  const { state, matches, recordedDigest, replayedDigest, events } = progress.result();
  const exit = matches === false ? EXIT.failed : EXIT.ok;
  if (json) {
    const shape = {
      runId: state.runId,
      workflow: state.definition.name,
      version: state.definition.version,
      status: state.status,
      revision: state.revision,
      events,
      matches: matches ?? null,
      recordedDigest: recordedDigest ?? null,
      replayedDigest,
      tasks: progress.rows().map(taskRowShape),
    };
    await out.json(shape);
    return exit;
  }
  const { name, version } = state.definition;
  await out.line(`${out.style('bold', `${name}@${version}`)}  ${state.runId}  ${statusText(out, state.status)}`);
  for (const line of timeline.draw(out, progress.rows())) await out.line(line);
  await out.line();
  await out.line(`Folded ${count(events, 'event')} in ${tookMs} ms; no agent was called.`);
  if (matches === undefined) {
    await out.line(
      `At revision ${state.revision} the run had not ended, so there is no recorded state to compare with.`,
    );
  } else if (matches) {
    await out.line(
      `${out.style('green', '✔')} The replayed state equals the recorded one (${replayedDigest.slice(0, 16)}).`,
    );
  } else {
    await out.line(
      `${out.style('red', '✖')} The replayed state differs from the recorded one: the history was changed, or this build folds it otherwise.`,
    );
    await out.line(`  recorded ${recordedDigest ?? ''}`);
    await out.line(`  replayed ${replayedDigest}`);
  }
  return exit;
}
