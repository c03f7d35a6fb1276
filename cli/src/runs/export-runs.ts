import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { type EventStore, RepriseError, type RunReader, readStream, runStream, systemClock } from '@reprise/core';
import type { Terminal } from '../output/terminal.ts';
import { count, isoTime } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { EXPORT_FORMAT, type ExportedEvent, type ExportHeader } from './export-format.ts';

type WriteLine = (line: string) => Promise<void>;

/** Writes whole histories as NDJSON: for each run a header, then its events. */
export async function exportRuns(
  typed: readonly string[],
  flags: Whereabouts & { readonly output?: string | undefined },
  terminal: Terminal,
): Promise<void> {
  await withReader(flags, async ({ reader, store }) => {
    const runIds: string[] = [];
    for (const one of typed) runIds.push(await resolveRun(store, reader, one));
    const file = flags.output === undefined || flags.output === '-' ? undefined : await openFile(flags.output);
    const write: WriteLine = file === undefined ? (line) => terminal.out.line(line) : (line) => writeTo(file, line);
    let events = 0;
    for (const runId of new Set(runIds)) {
      events += await exportRun(store, reader, runId, write);
      if (terminal.out.broken) return;
    }
    if (file === undefined) return;
    file.end();
    await once(file, 'close');
    await terminal.err.line(
      `Wrote ${count(new Set(runIds).size, 'run')} (${count(events, 'event')}) to ${flags.output}.`,
    );
  });
}

async function exportRun(store: EventStore, reader: RunReader, runId: string, write: WriteLine): Promise<number> {
  const stream = runStream(runId);
  const [last] = await store.read(stream, { direction: 'backwards', limit: 1 });
  const { name, version } = await reader.definition(runId);
  const events = (last?.revision ?? -1) + 1;
  const header: ExportHeader = {
    ...EXPORT_FORMAT,
    runId,
    workflow: name,
    version,
    events,
    exportedAt: isoTime(systemClock.now()),
  };
  await write(JSON.stringify(header));
  for await (const { revision, id, type, time, data, metadata } of readStream(store, stream)) {
    // A run that goes on is exported as it was when the export began.
    if (revision >= events) break;
    const exported: ExportedEvent = { revision, id, type, time, data, metadata };
    await write(JSON.stringify(exported));
  }
  return events;
}

async function openFile(path: string): Promise<WriteStream> {
  const file = createWriteStream(path, { flags: 'w' });
  try {
    await once(file, 'open');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RepriseError('REPRISE_USAGE', `The file ${path} cannot be written: ${why}.`, { cause: error });
  }
  return file;
}

async function writeTo(file: WriteStream, line: string): Promise<void> {
  if (!file.write(`${line}\n`)) await once(file, 'drain');
}
