import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  decodeEvent,
  type EventStore,
  isTerminal,
  NO_STREAM,
  Replay,
  RepriseError,
  runStream,
  summaryOf,
} from '@reprise/core';
import { openToSteer } from '../drive/open-project.ts';
import { usageError } from '../errors/usage-error.ts';
import { jsonLine } from '../output/json-shapes.ts';
import type { Terminal } from '../output/terminal.ts';
import { count } from '../output/text.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import {
  type ExportedEvent,
  type ExportHeader,
  importInvalid,
  isHeader,
  parseLine,
  readEvent,
  readHeader,
} from './export-format.ts';

export interface ImportFlags extends Whereabouts {
  /** Open runs are welcome: whoever drives the store will go on with them. */
  readonly open?: boolean;
}

/** A run in the file, whole and checked. */
interface ReadRun {
  readonly header: ExportHeader;
  readonly line: number;
  readonly events: ExportedEvent[];
  readonly replay: Replay;
}

/** Puts exported runs into a store, each in one append: all of its events, or none. `-` is stdin. */
export async function importRuns(file: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const access = await locateStore(flags, process.cwd());
  const { orchestrator, store } = await openToSteer(access);
  try {
    let runs = 0;
    for await (const run of readRuns(file)) {
      await append(store, run, flags, terminal);
      runs += 1;
    }
    if (runs === 0) throw importInvalid(1, 'the file is empty.');
  } finally {
    await orchestrator.stop();
  }
}

async function* readRuns(file: string): AsyncGenerator<ReadRun, void, undefined> {
  let run: ReadRun | undefined;
  let line = 0;
  for await (const text of await linesOf(file)) {
    line += 1;
    if (text.trim() === '') continue;
    const fields = parseLine(text, line);
    if (isHeader(fields)) {
      if (run !== undefined) yield complete(run, line);
      run = { header: readHeader(fields, line), line, events: [], replay: new Replay() };
    } else if (run === undefined) {
      throw importInvalid(line, 'the first line must be the header that `reprise run export` writes.');
    } else {
      fold(run, readEvent(fields, line), line);
    }
  }
  if (run !== undefined) yield complete(run, line);
}

async function linesOf(file: string): Promise<AsyncIterable<string>> {
  if (file === '-') return createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const input = createReadStream(file);
  try {
    await once(input, 'open');
  } catch (error) {
    throw usageError(`The file ${file} could not be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

function fold(run: ReadRun, event: ExportedEvent, line: number): void {
  const expected = run.events.length;
  if (event.revision !== expected) {
    throw importInvalid(
      line,
      `it has revision ${event.revision} where ${expected} must be: a line is missing, doubled or out of order.`,
    );
  }
  const { state } = run.replay;
  if (isTerminal(state.status))
    throw importInvalid(line, `it follows the end of run '${run.header.runId}' (${state.status}).`);
  try {
    run.replay.fold(decodeEvent(event));
  } catch (error) {
    throw importInvalid(line, error instanceof Error ? error.message : String(error));
  }
  if (expected === 0 && (event.type !== 'RunStarted' || state.runId !== run.header.runId)) {
    throw importInvalid(line, `the first event must be RunStarted of run '${run.header.runId}', as the header says.`);
  }
  run.events.push(event);
}

function complete(run: ReadRun, line: number): ReadRun {
  const { header, events } = run;
  if (events.length === header.events) return run;
  throw importInvalid(
    line,
    `run '${header.runId}' has ${events.length} of the ${header.events} events that its header speaks of.`,
  );
}

async function append(
  store: EventStore,
  run: ReadRun,
  flags: ImportFlags,
  { out, err, json }: Terminal,
): Promise<void> {
  const { header, events, replay, line } = run;
  const { state, matches } = replay.result();
  const { runId } = header;
  if (!isTerminal(state.status) && flags.open !== true) {
    throw importInvalid(
      line,
      `run '${runId}' is ${state.status}: whoever drives the store would go on with it. Say --open if that is what you want.`,
    );
  }
  const stream = runStream(runId);
  if ((await store.read(stream, { limit: 1 })).length > 0) {
    throw new RepriseError(
      'REPRISE_RUN_EXISTS',
      `Run '${runId}' is in this store already. Nothing of it was imported.`,
      { details: { runId } },
    );
  }
  const fresh = events.map(({ id, type, time, data, metadata }) => ({ id, type, time, data, metadata }));
  await store.append(stream, fresh, NO_STREAM, { summary: summaryOf(state) });
  if (matches === false) {
    await err.line(
      `Run ${runId}: its replayed state differs from the recorded one, so the file was altered. It was imported as it is.`,
    );
  }
  if (json) {
    await out.line(jsonLine({ runId, status: state.status, events: events.length, matches: matches ?? null }));
    return;
  }
  await out.line(runId);
  await err.line(
    `Imported ${state.definition.name}@${state.definition.version}, ${state.status}, ${count(events.length, 'event')}.`,
  );
}
