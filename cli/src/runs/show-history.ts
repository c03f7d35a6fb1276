import { didYouMean, EVENT_VERSIONS, formatDuration, type HistoryEntry } from '@reprise/core';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { usageError } from '../errors/usage-error.ts';
import { describeEvent, taskOf } from '../output/describe-event.ts';
import { eventLine, jsonLine } from '../output/json-shapes.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { clipStyled, pad, padStart } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';

export interface HistoryFlags extends Whereabouts {
  readonly follow?: boolean;
  readonly from?: number | undefined;
  readonly type?: readonly string[] | undefined;
  readonly task?: string | undefined;
}

/** Prints a run's events, one a line. Returns the exit code. */
export async function showHistory(typed: string, flags: HistoryFlags, { out, json }: Terminal): Promise<number> {
  for (const type of flags.type ?? []) assertType(type);
  return withReader(flags, async ({ reader, store }) => {
    const runId = await resolveRun(store, reader, typed);
    const [first] = await store.read(`run-${runId}`, { limit: 1 });
    const startedAt = first?.time ?? 0;
    const stopping = new AbortController();
    let interruptedBy: InterruptSignal | undefined;
    const ignore = onInterrupt((signal) => {
      interruptedBy = signal;
      stopping.abort();
    });
    try {
      const entries =
        flags.follow === true ? reader.follow(runId, flags.from, stopping.signal) : reader.history(runId, flags.from);
      for await (const entry of entries) {
        if (interruptedBy !== undefined || out.broken) break;
        if (fits(entry, flags)) await out.line(json ? jsonLine(eventLine(entry)) : line(out, entry, startedAt));
      }
    } finally {
      ignore();
    }
    return interruptedBy === undefined ? 0 : exitCodeOfSignal(interruptedBy);
  });
}

function assertType(type: string): void {
  if (Object.hasOwn(EVENT_VERSIONS, type)) return;
  const known = Object.keys(EVENT_VERSIONS);
  throw usageError(`There is no event type '${type}'${didYouMean(type, known)} (there are ${known.join(', ')}).`);
}

function fits({ event }: HistoryEntry, { type, task }: HistoryFlags): boolean {
  if (type !== undefined && !type.includes(event.type)) return false;
  if (task === undefined) return true;
  return taskOf(event)?.task === task || ('taskId' in event && event.taskId === task);
}

const COLOURS: readonly (readonly [RegExp, Parameters<Screen['style']>[0]])[] = [
  [/Failed|Rejected/, 'red'],
  [/FellBack|Ignored|Cancelled|Paused/, 'yellow'],
  [/Completed/, 'green'],
  [/^Run/, 'cyan'],
];

function line(screen: Screen, { revision, event }: HistoryEntry, startedAt: number): string {
  const elapsed = padStart(`+${formatDuration(Math.max(0, event.at - startedAt))}`, 8);
  const [, colour] = COLOURS.find(([pattern]) => pattern.test(event.type)) ?? [];
  const type = pad(event.type, 17);
  const task = 'taskId' in event && event.type !== 'RunFailed' ? `${event.taskId}  ` : '';
  const head = `${screen.style('dim', `${padStart(String(revision), 5)} ${elapsed}`)}  ${colour === undefined ? type : screen.style(colour, type)}`;
  const text = `${head}  ${screen.style('bold', task)}${describeEvent(event)}`.trimEnd();
  return screen.isTTY ? clipStyled(text, screen.columns) : text;
}
