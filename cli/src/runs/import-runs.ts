import {
  type EventStore,
  isRepriseError,
  isTerminal,
  NO_STREAM,
  RepriseError,
  runStream,
  summaryOf,
  UntrustedHistory,
} from '@reprise/core';
import { openToSteer } from '../drive/open-project.ts';
import type { Terminal } from '../output/terminal.ts';
import { count } from '../output/text.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import {
  type ExportedEvent,
  type ExportHeader,
  eventInvalid,
  type Fields,
  importInvalid,
  isHeader,
  parseLine,
  readHeader,
} from './export-format.ts';
import { linesOf } from './read-lines.ts';

export interface ImportFlags extends Whereabouts {
  /** Open runs are welcome: whoever drives the store will go on with them. */
  readonly open?: boolean;
}

/** A run in the file, whole and checked. */
export interface ReadRun {
  readonly header: ExportHeader;
  readonly line: number;
  readonly events: ExportedEvent[];
  readonly history: UntrustedHistory;
}

/** Puts exported runs into a store, each in one append: all of its events, or none. `-` is stdin. */
export async function importRuns(file: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const access = await locateStore(flags, process.cwd());
  const { orchestrator, storage } = await openToSteer(access);
  try {
    let runs = 0;
    for await (const run of readRuns(file)) {
      await append(storage.events, run, flags, terminal);
      runs += 1;
    }
    if (runs === 0) throw importInvalid(1, 'the file is empty.', {}, 'Name a file that `reprise run export` wrote.');
  } finally {
    await orchestrator.stop();
  }
}

/** The runs of a file that `run export` wrote, each checked from its first event to its last. Throws REPRISE_IMPORT_INVALID. */
export async function* readRuns(file: string): AsyncGenerator<ReadRun, void, undefined> {
  let run: ReadRun | undefined;
  let last = 1;
  for await (const { text, number } of linesOf(file)) {
    if (text.trim() === '') continue;
    last = number;
    const fields = parseLine(text, number);
    if (isHeader(fields)) {
      if (run !== undefined) yield complete(run, number);
      const header = readHeader(fields, number);
      run = { header, line: number, events: [], history: new UntrustedHistory(header.runId) };
    } else if (run === undefined) {
      throw importInvalid(
        number,
        'the first line must be the header that `reprise run export` writes.',
        {},
        'Name a file that `reprise run export` wrote, as it is.',
      );
    } else {
      const flaw = run.history.add(fields);
      if (flaw !== undefined) throw eventInvalid(number, fields, flaw);
      run.events.push(fields as unknown as ExportedEvent);
    }
  }
  if (run !== undefined) yield complete(run, last);
}

function complete(run: ReadRun, line: number): ReadRun {
  const { header, events, history } = run;
  if (events.length !== header.events) {
    throw importInvalid(
      line,
      `run '${header.runId}' has ${events.length} of the ${header.events} events that its header speaks of.`,
    );
  }
  const flaw = history.end();
  if (flaw !== undefined) throw eventInvalid(line, (events.at(-1) as Fields | undefined) ?? {}, flaw);
  return run;
}

async function append(
  store: EventStore,
  run: ReadRun,
  flags: ImportFlags,
  { out, err, json }: Terminal,
): Promise<void> {
  const { header, events, history, line } = run;
  const { state, matches } = history.result();
  const { runId } = header;
  if (!isTerminal(state.status) && flags.open !== true) {
    throw importInvalid(
      line,
      `run '${runId}' is ${state.status}: whoever drives the store would go on with it. Say --open if that is what you want.`,
      {},
      'Say --open, or export the run again once it has ended.',
    );
  }
  const stream = runStream(runId);
  if (await exists(store, stream)) throw runExists(runId);
  const fresh = events.map(({ id, type, time, data, metadata }) => ({ id, type, time, data, metadata }));
  try {
    await store.append(stream, fresh, NO_STREAM, { summary: summaryOf(state) });
  } catch (error) {
    // Somebody else was faster.
    if (isRepriseError(error, 'REPRISE_STORE_CONFLICT') && (await exists(store, stream))) throw runExists(runId);
    throw error;
  }
  if (json) {
    await out.json({ runId, status: state.status, events: events.length, matches: matches ?? null });
    return;
  }
  await out.line(runId);
  await err.line(
    `Imported ${state.definition.name}@${state.definition.version}, ${state.status}, ${count(events.length, 'event')}.`,
  );
}

const exists = async (store: EventStore, stream: string): Promise<boolean> =>
  (await store.read(stream, { limit: 1 })).length > 0;

const runExists = (runId: string): RepriseError =>
  new RepriseError('REPRISE_RUN_EXISTS', `Run '${runId}' is in this store already. Nothing of it was imported.`, {
    details: { runId },
    fix: `Read the run that is there (\`reprise run show ${runId}\`), or import into another store: --store PATH.`,
  });
