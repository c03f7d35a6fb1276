import type { WriteStream } from 'node:fs';
import {
  EventReader,
  type EventStore,
  isRepriseError,
  type Json,
  type JsonObject,
  RepriseError,
  type RunEvent,
  readStream,
  runStream,
  systemClock,
} from '@reprise/core';
import { EXIT, exitCodeOf } from '../errors/exit-codes.ts';
import { jsonPieces } from '../output/json-pieces.ts';
import { closeFile, openFile, writeTo } from '../output/output-file.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, isoTime, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { EXPORT_FORMAT, type ExportedEvent, type ExportHeader } from './export-format.ts';
import { pipedIds } from './piped-ids.ts';

/** Takes values as lines of JSON. */
export type WriteJson = (value: unknown) => Promise<void>;

/**
 * Writes whole histories as NDJSON: for each run a header, then its events. A run whose first event cannot be read is told and
 * passed over. Returns the exit code.
 */
export async function exportRuns(
  typed: readonly string[],
  flags: Whereabouts & { readonly output?: string | undefined },
  terminal: Terminal,
): Promise<number> {
  const { out, err } = terminal;
  return withReader(flags, async ({ reader, storage }) => {
    const runIds = new Set<string>();
    for (const one of typed)
      for (const id of one === '-' ? await pipedIds() : [one]) runIds.add(await resolveRun(storage, reader, id));
    const file = flags.output === undefined || flags.output === '-' ? undefined : await openFile(flags.output);
    const write: WriteJson = file === undefined ? (value) => out.json(value) : (value) => writeJsonTo(file, value);
    let runs = 0;
    let events = 0;
    let exit: number = EXIT.ok;
    for (const runId of runIds) {
      try {
        events += await exportRun(storage.events, runId, write);
        runs += 1;
      } catch (error) {
        if (!isRepriseError(error, 'REPRISE_EVENT_UNREADABLE')) throw error;
        exit = exitCodeOf(error.code);
        await err.line(plain(`Run ${runId} was not exported: ${error.message} ${error.fix}`));
      }
      if (out.broken) return exit;
    }
    if (file === undefined) return exit;
    await closeFile(file);
    await err.line(`Wrote ${count(runs, 'run')} (${count(events, 'event')}) to ${plain(flags.output ?? '')}.`);
    return exit;
  });
}

/** Writes a header and the events of a run. Gives the number of its events. */
export async function exportRun(store: EventStore, runId: string, write: WriteJson): Promise<number> {
  const stream = runStream(runId);
  const [last] = await store.read(stream, { direction: 'backwards', limit: 1 });
  const { definition, input } = await startOf(store, runId);
  const { name, version } = definition;
  const events = (last?.revision ?? -1) + 1;
  const header: ExportHeader = {
    ...EXPORT_FORMAT,
    runId,
    workflow: name,
    version,
    events,
    exportedAt: isoTime(systemClock.now()),
  };
  await write(header);
  for await (const { revision, id, type, time, data, metadata: all } of readStream(store, stream)) {
    // A run that goes on is exported as it was when the export began.
    if (revision >= events) break;
    const whole = revision === 0 ? withInput(data, input) : data;
    // Whoever drives the run where it is imported finds out by itself whether it sleeps.
    const { sleepsUntil: _sleepsUntil, ...metadata } = all;
    const exported: ExportedEvent = { revision, id, type, time, data: whole, metadata };
    await write(exported);
  }
  return events;
}

/** What an export has of another run is in it: the input of a child run that stands there. */
function withInput({ inputFrom, ...data }: JsonObject, input: Json): JsonObject {
  return inputFrom === undefined ? data : { ...data, input };
}

/** The first event: those after it are written as they are, whether this build can read them or not. */
async function startOf(store: EventStore, runId: string): Promise<Extract<RunEvent, { readonly type: 'RunStarted' }>> {
  const [first] = await store.read(runStream(runId), { limit: 1 });
  const event = first === undefined ? undefined : await new EventReader(store).read(first);
  if (event?.type === 'RunStarted') return event;
  throw new RepriseError('REPRISE_EVENT_UNREADABLE', `The history of run '${runId}' does not begin with RunStarted.`);
}

export async function writeJsonTo(file: WriteStream, value: unknown): Promise<void> {
  for (const piece of jsonPieces(value, undefined, '\n')) await writeTo(file, piece);
}
