import {
  BEGINNING,
  type Deletion,
  deletions,
  EVERYTHING,
  type EventStore,
  isEnd,
  type Position,
  type Query,
  Replay,
  type RunReader,
  type RunSummary,
  type RunView,
  runStream,
  runsWhere,
  streamRunId,
  toErrorData,
} from '@reprise/core';

/** Something that is not as the history has it, or in the history itself. */
export interface Difference {
  /** Undefined: it is about the store. */
  readonly runId: string | undefined;
  /** The first event from which on it is so; undefined: it is about the run as a whole. */
  readonly revision: number | undefined;
  readonly detail: string;
}

export interface RunsVerified {
  runs: number;
  events: number;
  /** Runs that have ended, with the state that is on record. */
  ended: number;
  open: number;
  /** Whether all events can be read in their order, as views do. */
  readable: boolean;
  /** Runs whose deletion is on record, and the last of these. */
  deleted: number;
  lastDeleted: Pick<Deletion, 'runId' | 'at' | 'by' | 'reason'> | undefined;
  readonly differences: Difference[];
}

export interface Verifying {
  readonly store: EventStore;
  readonly reader: RunReader;
  /** Undefined: every run. */
  readonly where: Query | undefined;
  onProgress(report: RunsVerified): void;
}

const PAGE = 500;
/** How often a run that goes on is compared with the list before they differ. */
const LOOKS = 3;

type Listed = Pick<RunSummary, 'status' | 'workflow'>;

/**
 * Reads the history of each run, which checks what the store keeps beside its events (checksums and their chain), folds it, and compares: the state at
 * the end with the digest on record, and the list of runs with the history. One that differs does not end it. What is appended meanwhile is no difference.
 */
export async function verifyRuns({ store, reader, where, onProgress }: Verifying): Promise<RunsVerified> {
  const report: RunsVerified = {
    runs: 0,
    events: 0,
    ended: 0,
    open: 0,
    readable: true,
    deleted: 0,
    lastDeleted: undefined,
    differences: [],
  };
  const ids = new Set<string>();
  const unreadable = where === undefined ? await findRuns(store, ids) : undefined;
  report.readable = unreadable === undefined;
  // After the runs themselves: what was begun before is in it.
  const listed = await listedRuns(reader, where ?? EVERYTHING);
  for (const runId of ids) if (!listed.has(runId)) differs(report, runId, 'the list of runs does not have it');
  for (const runId of new Set([...ids, ...listed.keys()])) {
    const state = await verifyRun(reader, runId, report);
    if (state !== undefined) await compareListed(reader, state, listed.get(runId), report);
    onProgress(report);
  }
  if (where === undefined) await verifyDeletions(store, report);
  // Where it is the history of a run, that has told it.
  if (unreadable !== undefined && !report.differences.some(({ detail }) => detail.includes(unreadable)))
    differs(report, undefined, `the events cannot be read in their order: ${unreadable}`);
  return report;
}

const differs = ({ differences }: RunsVerified, runId: string | undefined, detail: string, revision?: number): void =>
  void differences.push({ runId, revision, detail });

/** By the streams of the store: a list may lack some. Returns why the store cannot be read as a whole; those that are listed are left then. */
async function findRuns(store: EventStore, ids: Set<string>): Promise<string | undefined> {
  try {
    for (let after: Position = BEGINNING; ; ) {
      const page = await store.readAll({ after, limit: PAGE });
      for (const { stream } of page) {
        const runId = streamRunId(stream);
        if (runId !== undefined) ids.add(runId);
      }
      const last = page.at(-1);
      if (last === undefined) return undefined;
      after = last.position;
    }
  } catch (error) {
    return toErrorData(error, 'REPRISE_STORE_CORRUPT').message;
  }
}

/** What is on record as deleted is not there, but for a run that began under that id after it. */
async function verifyDeletions(store: EventStore, report: RunsVerified): Promise<void> {
  try {
    for await (const { runId, at, by, reason, position } of deletions(store)) {
      report.deleted += 1;
      report.lastDeleted = { runId, at, by, reason };
      const [first] = await store.read(runStream(runId), { limit: 1 });
      if (first !== undefined && first.position < position)
        differs(report, runId, 'its deletion is on record, and its history is there');
    }
  } catch (error) {
    const { code, message } = toErrorData(error, 'REPRISE_STORE_CORRUPT');
    differs(report, undefined, `the record of deleted runs cannot be read: ${code}: ${message}`);
  }
}

async function listedRuns(reader: RunReader, where: Query): Promise<ReadonlyMap<string, Listed>> {
  const runs = new Map<string, Listed>();
  for (let after: string | undefined; ; ) {
    const page = await reader.list({ where, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { runId, status, workflow } of page) runs.set(runId, { status, workflow });
    after = page.at(-1)?.cursor;
    if (after === undefined || page.length < PAGE) return runs;
  }
}

/** Returns what the history comes to; undefined when it cannot be folded. */
async function verifyRun(reader: RunReader, runId: string, report: RunsVerified): Promise<RunView | undefined> {
  const replay = new Replay();
  report.runs += 1;
  let next = 0;
  let end: number | undefined;
  try {
    for await (const { revision, event } of reader.history(runId)) {
      if (revision !== next) {
        differs(report, runId, `after event ${next - 1} comes event ${revision}`, next);
        return undefined;
      }
      if (end !== undefined) differs(report, runId, `the run ended with event ${end}, and goes on`, revision);
      replay.fold(event);
      if (isEnd(event)) end = revision;
      next += 1;
      report.events += 1;
    }
  } catch (error) {
    const { code, message } = toErrorData(error, 'REPRISE_EVENT_UNREADABLE');
    const detail = code === 'REPRISE_RUN_NOT_FOUND' ? 'it is listed, and has no history' : `${code}: ${message}`;
    // Of what a store says of itself, the message has the place: it reads many events at once.
    const isWhole = code === 'REPRISE_RUN_NOT_FOUND' || code.startsWith('REPRISE_STORE_');
    differs(report, runId, detail, isWhole ? undefined : next);
    return undefined;
  }
  const { state, matches, recordedDigest, replayedDigest } = replay.result();
  if (matches === false) {
    const recorded = recordedDigest === '' ? 'none' : recordedDigest;
    differs(
      report,
      runId,
      `its events come to another state than that on record: digest ${replayedDigest}, recorded ${recorded}`,
      end,
    );
  } else if (matches === true) report.ended += 1;
  else report.open += 1;
  return state;
}

async function compareListed(
  reader: RunReader,
  state: RunView,
  listed: Listed | undefined,
  report: RunsVerified,
): Promise<void> {
  if (listed === undefined || isSame(state, listed)) return;
  let now: Listed | undefined = listed;
  let again = state;
  // It may have gone on since the list was read, or between the two.
  for (let look = 0; look < LOOKS; look += 1) {
    again = await reader.state(state.runId);
    [now] = await reader.list({ where: runsWhere('id', [state.runId]), limit: 1 });
    if (now !== undefined && isSame(again, now)) return;
  }
  const said = now === undefined ? 'nothing' : `${now.workflow}, ${now.status}`;
  differs(report, state.runId, `the list of runs says ${said}; its history ${again.definition.name}, ${again.status}`);
}

const isSame = ({ definition, status }: RunView, listed: Listed): boolean =>
  listed.workflow === definition.name && listed.status === status;
