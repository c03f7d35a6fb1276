import { didYouMean, ERROR_CODES, EVENT_VERSIONS, formatDuration, isRepriseError } from '@reprise/core';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { exitCodeOf } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { describeEntry, taskOf } from '../output/describe-event.ts';
import { eventLine } from '../output/json-shapes.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { clipStyled, count, pad, padStart, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { type RecordedEntry, recordedHistory } from '../store/recorded-history.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { assertTask } from './assert-task.ts';

export interface HistoryFlags extends Whereabouts {
  readonly follow?: boolean;
  readonly from?: number | undefined;
  readonly type?: readonly string[] | undefined;
  readonly task?: string | undefined;
}

/** Prints a run's events, one a line. Returns the exit code. */
export async function showHistory(typed: string, flags: HistoryFlags, { out, err, json }: Terminal): Promise<number> {
  for (const type of flags.type ?? []) assertType(type);
  return withReader(flags, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const { task, from } = flags;
    const [last] = await storage.events.read(`run-${runId}`, { limit: 1, direction: 'backwards' });
    if (from !== undefined && last !== undefined && from > last.revision && flags.follow !== true)
      throw usageError(`Run '${runId}' has no revision ${from}; its last one is ${last.revision}.`);
    // Where this build cannot read the history, it is shown all the same.
    if (task !== undefined)
      await assertTask(reader, runId, '--task', task).catch((error: unknown) => {
        if (!isRepriseError(error, 'REPRISE_EVENT_UNREADABLE')) throw error;
      });
    const [first] = await storage.events.read(`run-${runId}`, { limit: 1 });
    const startedAt = first?.time ?? 0;
    const rules = Number(first?.data['rules'] ?? 1);
    const stopping = new AbortController();
    let interruptedBy: InterruptSignal | undefined;
    let unreadable = 0;
    let shown = 0;
    const ignore = onInterrupt((signal) => {
      interruptedBy = signal;
      stopping.abort();
    });
    try {
      const entries: AsyncIterable<RecordedEntry> =
        flags.follow === true
          ? reader.follow(runId, flags.from, stopping.signal)
          : recordedHistory(storage.events, runId, flags.from);
      for await (const entry of entries) {
        if (interruptedBy !== undefined || out.broken) break;
        if ('unreadable' in entry) unreadable += 1;
        if (!fits(entry, flags, rules)) continue;
        shown += 1;
        await (json ? out.json(eventLine(entry)) : out.line(historyLine(out, entry, startedAt)));
      }
    } finally {
      ignore();
    }
    if (interruptedBy !== undefined) {
      await err.freshLine();
      return exitCodeOfSignal(interruptedBy);
    }
    if (shown === 0 && !json) await err.line('No event fits.');
    if (unreadable === 0) return 0;
    await err.line(`${count(unreadable, 'event')} of run ${plain(runId)} cannot be read by this build: ${FIX}`);
    return exitCodeOf('REPRISE_EVENT_UNREADABLE');
  });
}

function assertType(type: string): void {
  if (Object.hasOwn(EVENT_VERSIONS, type)) return;
  const known = Object.keys(EVENT_VERSIONS);
  throw usageError(`There is no event type '${type}'${didYouMean(type, known)} (there are ${known.join(', ')}).`);
}

const FIX = ERROR_CODES.REPRISE_EVENT_UNREADABLE.fix;

function fits(entry: RecordedEntry, { type, task }: HistoryFlags, rules: number): boolean {
  // Nobody can say what it is about; leaving it out would say that it is not there.
  if ('unreadable' in entry) return true;
  const { event } = entry;
  if (type !== undefined && !type.includes(event.type)) return false;
  if (task === undefined) return true;
  return taskOf(event, rules)?.task === task || ('taskId' in event && event.taskId === task);
}

const COLOURS: readonly (readonly [RegExp, Parameters<Screen['style']>[0]])[] = [
  [/Failed|Rejected/, 'red'],
  [/FellBack|Ignored|Cancelled|Paused/, 'yellow'],
  [/Completed/, 'green'],
  [/^Run/, 'cyan'],
];

/** An event in a line, as it is shown to people. */
export function historyLine(screen: Screen, entry: RecordedEntry, startedAt: number): string {
  const { revision, recorded } = entry;
  const elapsed = padStart(`+${formatDuration(Math.max(0, recorded.time - startedAt))}`, 8);
  if ('unreadable' in entry) {
    const head = `${screen.style('dim', `${padStart(String(revision), 5)} ${elapsed}`)}  ${plain(recorded.type)}`;
    return `${head}  ${screen.style('red', plain(entry.unreadable))}`;
  }
  const { event } = entry;
  const [, colour] = COLOURS.find(([pattern]) => pattern.test(event.type)) ?? [];
  const type = pad(event.type, 17);
  const task = 'taskId' in event && event.type !== 'RunFailed' ? `${event.taskId}  ` : '';
  const head = `${screen.style('dim', `${padStart(String(revision), 5)} ${elapsed}`)}  ${colour === undefined ? type : screen.style(colour, type)}`;
  const text = `${head}  ${screen.style('bold', task)}${describeEntry(entry)}`.trimEnd();
  return screen.isTTY ? clipStyled(text, screen.columns) : text;
}
