import {
  bothOf,
  type Drivers,
  lookForDrivers,
  parseDuration,
  parseQuery,
  type Query,
  RepriseError,
  RUN_FIELDS,
  type RunReader,
  type RunSummary,
  runsWhere,
  systemClock,
  withoutMailboxes,
} from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { commandText } from '../output/command-text.ts';
import { heldShape, summaryShape } from '../output/json-shapes.ts';
import type { Terminal } from '../output/terminal.ts';
import { isoOrNull, isoTime, plain } from '../output/text.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { type Awaited, Holds, NO_STANDING, type Standing } from '../store/run-holds.ts';
import { driverLines, driversShape } from '../store/silent-drivers.ts';
import { sortOrder } from '../views/sort-order.ts';
import { durationOf, isFinished, runTable } from './run-table.ts';
import { unknownWorkflow } from './unknown-workflow.ts';

export interface ListFlags extends Whereabouts {
  readonly query?: string | undefined;
  readonly status?: readonly string[] | undefined;
  readonly workflow?: string | undefined;
  readonly since?: string | undefined;
  /** A field, with `:desc` behind it for the greatest first. */
  readonly sort?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** When nothing is open, it matters to nobody who drives. */
const NO_DRIVERS: Drivers = { driven: undefined, silent: [], draining: false };

/** Prints a page of runs, newest first unless they are sorted. A project without a store has none, which is no mistake. */
export async function listRuns(flags: ListFlags, terminal: Terminal): Promise<void> {
  const where = queryOf(flags, systemClock.now());
  const order = flags.sort === undefined ? undefined : sortOrder('Runs', RUN_FIELDS, flags.sort);
  const access = await locateStore(flags, process.cwd());
  if (access.exists === false && flags.store === undefined) {
    return print([], undefined, flags, terminal, await nowhere(undefined, where, flags));
  }
  const storage = await access.openReader();
  const { reader, close } = openRunReader(storage, access);
  try {
    const runs = await reader.list({
      limit: flags.limit + 1,
      where,
      ...(order === undefined ? {} : { order }),
      ...(flags.after === undefined ? {} : { after: flags.after }),
    });
    const page = runs.slice(0, flags.limit);
    const unknown = runs.length === 0 ? await nowhere(reader, where, flags) : undefined;
    const standing = await standingOf(page, reader, flags);
    const isOpen = page.some((run) => !isFinished(run));
    const drivers = isOpen ? await lookForDrivers(storage) : NO_DRIVERS;
    const next = runs.length > page.length ? page.at(-1)?.cursor : undefined;
    await print(page, next, flags, terminal, unknown, standing, drivers);
  } finally {
    await close();
    await storage.events.close();
  }
}

/** The query with what the flags ask for beside it. Throws REPRISE_QUERY_INVALID, and REPRISE_USAGE for a flag. */
function queryOf({ query = '', status, workflow, since }: ListFlags, now: number): Query {
  const flags: Query[] = [
    ...(status === undefined ? [] : [runsWhere('status', status)]),
    ...(workflow === undefined ? [] : [runsWhere('workflow', [workflow])]),
    ...(since === undefined ? [] : [parseQuery(`started>=${new Date(parseSince(since, now)).toISOString()}`, { now })]),
  ];
  return withoutMailboxes(flags.reduce(bothOf, parseQuery(query, { now })));
}

/** A workflow that is asked for and is nowhere, in words. Throws REPRISE_WORKFLOW_UNKNOWN when a flag names it. */
async function nowhere(reader: RunReader | undefined, where: Query, flags: ListFlags): Promise<string | undefined> {
  const unknown = await unknownWorkflow(reader, where, flags);
  if (unknown === undefined || unknown.name !== flags.workflow) return unknown?.problem;
  const { name, problem, known } = unknown;
  throw new RepriseError('REPRISE_WORKFLOW_UNKNOWN', problem, {
    details: { wanted: name, known },
    fix: 'Correct --workflow. Neither the store nor the configuration has a workflow of that name.',
  });
}

/** How runs stand: why an open one does not move, what it waits for, and how much of each has failed. */
async function standingOf(
  runs: readonly RunSummary[],
  reader: RunReader,
  flags: ListFlags,
): Promise<ReadonlyMap<string, Standing>> {
  const holds = new Holds(flags);
  const found = new Map<string, Standing>();
  for (const run of runs) {
    const { runId, status, revision } = run;
    if (status === 'forking') continue;
    const standing = isFinished(run)
      ? await holds.ofEnded(reader, runId, revision)
      : await holds.ofRun(reader, runId, revision);
    if (standing !== undefined) found.set(runId, standing);
  }
  return found;
}

async function print(
  runs: readonly RunSummary[],
  next: string | undefined,
  flags: ListFlags,
  { out, err, json }: Terminal,
  unknown?: string,
  standing: ReadonlyMap<string, Standing> = new Map(),
  drivers: Drivers = NO_DRIVERS,
): Promise<void> {
  const now = systemClock.now();
  if (json) {
    await out.json({
      runs: runs.map((run) => ({
        ...summaryShape(run),
        durationMs: durationOf(run, now),
        ...standingShape(standing.get(run.runId)),
      })),
      next: next ?? null,
      ...driversShape(drivers),
    });
    return;
  }
  if (runs.length === 0) {
    const narrowed = [flags.query, flags.status, flags.workflow, flags.since, flags.after].some(
      (flag) => flag !== undefined,
    );
    await err.line(
      narrowed
        ? `No run fits.${unknown === undefined ? '' : ` ${plain(unknown)}`}`
        : `There are no runs yet. Start one: ${commandText('run start <workflow>', flags)}`,
    );
    return;
  }
  for (const line of runTable(out, runs, standing, now)) await out.line(line);
  for (const [runId, { stuck }] of standing)
    if (stuck !== undefined) await err.line(err.style('dim', plain(`${runId} is ${stuck.status}: ${stuck.message}`)));
  for (const line of driverLines(err, drivers)) await err.line(line);
  if (next !== undefined)
    await err.line(err.style('dim', `There are more: --after ${/^[\w-]+$/.test(next) ? next : `'${next}'`}`));
}

function standingShape({ stuck, awaited, failedTasks }: Standing = NO_STANDING): object {
  const waitsFor = awaited.map(awaitedShape);
  return {
    waitsFor,
    failedTasks: failedTasks ?? null,
    ...(stuck?.status === 'held' && { held: heldShape(stuck) }),
    ...(stuck?.status === 'parked' && { parked: { message: stuck.message } }),
  };
}

function awaitedShape(one: Awaited): object {
  const { taskId, reason } = one;
  switch (one.reason) {
    case 'form':
      return { taskId, reason, assignee: one.assignee ?? null };
    case 'signal':
      return { taskId, reason, signal: one.signal };
    case 'message':
      return { taskId, reason, mailbox: one.mailbox };
    case 'child':
      return { taskId, reason, run: one.run };
    case 'rested':
      return { taskId, reason, agent: one.agent, until: isoOrNull(one.until) };
    case 'retry':
      return { taskId, reason, at: isoTime(one.at) };
    case 'sleep':
      return { taskId, reason, until: isoTime(one.until) };
  }
}

/** What is before the year 0 cannot be written in a query. */
const FIRST_YEAR = Date.parse('0000-01-01T00:00:00Z');

/** Whether there is such a day: Date.parse() takes the 30th of February for one in March. */
const isDay = (text: string): boolean => {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
};

/** A time (ISO 8601) or how long ago (`2h`, `7d`), in ms since the epoch. Throws REPRISE_USAGE. */
export function parseSince(text: string, now: number): number {
  const ago = parseDuration(text);
  const at = ago === undefined ? Date.parse(text) : now - ago;
  const day = text.slice(0, 10);
  if (ago === undefined ? /^\d{4}-/.test(text) && isDay(day) : at >= FIRST_YEAR) return at;
  throw usageError(
    `--since ${text} is neither a time (2026-01-31, 2026-01-31T14:00:00Z) nor how long ago (30m, 2h, 7d).`,
  );
}
