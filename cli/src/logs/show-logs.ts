import { resolve } from 'node:path';
import { isEnd, type RunReader, sleep } from '@reprise/core';
import { type KeptLevel, type KeptLine, readKeptLogs } from '@reprise/monitor-log';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { briefJson, isoTime, pad, plain } from '../output/text.ts';
import { assertTask } from '../runs/assert-task.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';

export interface LogsFlags extends Whereabouts {
  readonly task?: string | undefined;
  readonly attempt?: number | undefined;
  readonly level?: KeptLevel | undefined;
  readonly text?: string | undefined;
  readonly tail?: number | undefined;
  readonly follow?: boolean;
  /** The file, where a plugin of the project keeps them elsewhere. */
  readonly logs?: string | undefined;
}

const PAGE = 1000;
const LOOK_MS = 250;
/** A line may be kept a little after the event that ends its run. */
const LATE_MS = 600;
const FIELDS_WIDTH = 400;
const COLOURS: Partial<Record<KeptLevel, 'red' | 'yellow' | 'dim'>> = {
  error: 'red',
  warn: 'yellow',
  debug: 'dim',
  progress: 'dim',
};

/** Prints what the agents of a run logged and emitted, a line each. With `follow`, until the run ends. Returns the exit code. */
export async function showLogs(typed: string, flags: LogsFlags, { out, err, json }: Terminal): Promise<number> {
  return withReader(flags, async ({ reader, storage, access }) => {
    const runId = await resolveRun(storage, reader, typed);
    const { task, attempt, level, text } = flags;
    if (task !== undefined) await assertTask(reader, runId, '--task', task);
    const path = flags.logs === undefined ? access.logs : resolve(flags.logs);
    if (path === undefined) {
      await err.line('Nothing is known of where this store would have its logs: name the file, --logs PATH.');
      return 0;
    }
    const filter = { runId, taskId: task, attempt, level, text };
    let interruptedBy: InterruptSignal | undefined;
    const stopping = new AbortController();
    const ignore = onInterrupt((signal) => {
      interruptedBy = signal;
      stopping.abort();
    });
    let shown = 0;
    let after = 0;
    const print = async (lines: readonly KeptLine[]): Promise<void> => {
      for (const line of lines) {
        if (out.broken || interruptedBy !== undefined) return;
        after = line.id;
        shown += 1;
        await (json ? out.json(lineShape(line)) : out.line(textOf(out, line)));
      }
    };
    const printNew = async (): Promise<void> => {
      for (;;) {
        const lines = readKeptLogs(path, { ...filter, after, limit: PAGE }) ?? [];
        await print(lines);
        if (lines.length < PAGE || out.broken || interruptedBy !== undefined) return;
      }
    };
    try {
      if (flags.tail !== undefined) await print(readKeptLogs(path, { ...filter, limit: flags.tail, last: true }) ?? []);
      if (flags.tail === undefined || flags.follow === true) await printNew();
      if (flags.follow === true) await follow(reader, runId, stopping.signal, printNew, () => out.broken);
    } finally {
      ignore();
    }
    if (interruptedBy !== undefined) {
      await err.freshLine();
      return exitCodeOfSignal(interruptedBy);
    }
    if (shown === 0 && !json) await err.line(nothing(plain(runId), path, readKeptLogs(path, { runId, limit: 1 })));
    return 0;
  });
}

async function follow(
  reader: RunReader,
  runId: string,
  stopping: AbortSignal,
  printNew: () => Promise<void>,
  isBroken: () => boolean,
): Promise<void> {
  for (;;) {
    const ended = isEnd((await reader.last(runId)).event);
    if (ended) await sleep(LATE_MS);
    await printNew();
    if (ended || stopping.aborted || isBroken()) return;
    await sleep(LOOK_MS);
  }
}

function nothing(run: string, path: string, any: readonly KeptLine[] | undefined): string {
  if (any === undefined)
    return `No logs are kept in ${plain(path)}: its agents have logged nothing, or they run on another machine, where their logs are.`;
  if (any.length > 0) return 'No line fits.';
  return `Nothing is kept of run ${run} in ${plain(path)}: its agents have logged nothing, it is too long ago, or they run on another machine.`;
}

const lineShape = (line: KeptLine): object => ({
  kind: 'log',
  time: isoTime(line.at),
  task: line.taskId ?? null,
  attempt: line.attempt ?? null,
  agent: line.agent ?? null,
  level: line.level,
  message: line.message,
  fields: line.fields ?? null,
});

function textOf(out: Screen, { at, taskId, attempt, level, message, fields }: KeptLine): string {
  const place = taskId === undefined ? 'run' : `${plain(taskId)}${attempt === undefined ? '' : ` #${attempt}`}`;
  const colour = COLOURS[level];
  const name = pad(level, 8);
  const more = fields === undefined ? '' : ` ${out.style('dim', plain(briefJson(fields, FIELDS_WIDTH)))}`;
  const time = out.style('dim', isoTime(at).slice(11, 23));
  return `${time} ${colour === undefined ? name : out.style(colour, name)} ${out.style('bold', place)}  ${plain(message)}${more}`;
}
