import { createInterface } from 'node:readline';
import {
  bothOf,
  parseQuery,
  printQuery,
  type Query,
  type RunReader,
  type RunSummary,
  runsWhere,
  systemClock,
  toErrorData,
  withoutMailboxes,
} from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, number, plain } from '../output/text.ts';
import { type NamedRun, pipedIds, runsNamed } from './piped-ids.ts';

export interface BulkFlags {
  readonly query?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** What is done to each run. */
export interface BulkAction {
  /** "cancel", and "cancelled" for what was done. */
  readonly verb: string;
  readonly done: string;
  /** The statuses that it is for, unless the query names some itself. */
  readonly statuses: readonly string[];
  /** More members of the JSON, for a run that it was done to. */
  apply(runId: string): Promise<Readonly<Record<string, string>>>;
}

/** In place of a run: their ids are on stdin. */
const PIPED = '-';

/** Runs that are worked on at once. */
const AT_ONCE = 8;
const PAGE = 500;
/** Runs that are named before it is asked, and failures that are told one by one. */
const NAMED = 10;
/** How often progress is told, in runs. */
const TOLD_EVERY = 100;

/**
 * The run that is meant, undefined when a query is given instead, or ids on stdin. Throws REPRISE_USAGE when both are, or neither; for an empty
 * query: what a script left out must not become every run; and for a query without a reason, unless it is only looked at what it would be: why many
 * runs were told something has to be on record.
 */
export function oneRun(typed: string | undefined, flags: BulkFlags): string | undefined {
  const { query } = flags;
  if (typed === PIPED && query === undefined) return undefined;
  if (typed !== undefined && query === undefined && /[\s:=<>"]/.test(typed))
    throw usageError(`'${typed}' is no id of a run. A query for many is given by --query '${typed}'.`);
  if (query === undefined && (flags.yes === true || flags['dry-run'] === true))
    throw usageError('--yes and --dry-run are for many runs, which are given by --query, or as ids on stdin (-).');
  if (typed === undefined && query === undefined)
    throw usageError(
      'Name a run (its id, the beginning of it, or `last`), or give --query for many, or - for ids on stdin.',
    );
  if (typed !== undefined && query !== undefined) throw usageError('Name a run, or give --query: not both.');
  if (query?.trim() === '')
    throw usageError("The query is empty, which every run would fit. Say which are meant; 'id:*' is for all that fit.");
  if (query !== undefined && flags['dry-run'] !== true && (flags.reason ?? '').trim() === '')
    throw usageError(
      'Why, for every run that fits? Say --reason TEXT: it is put on record. (--dry-run only shows which they would be.)',
    );
  return typed;
}

/** The query of the flags, narrowed to what the action is for; without mailboxes, unless it names them. */
export function queryFor({ query = '' }: BulkFlags, statuses: readonly string[]): Query {
  const given = parseQuery(query, { now: systemClock.now() });
  const namesStatus = given.terms.some((term) => 'field' in term && term.field === 'status');
  return withoutMailboxes(namesStatus ? given : bothOf(given, runsWhere('status', statuses)));
}

/**
 * Does something to every run that fits, after a question; or, without a query, to those whose ids are on stdin: they are named, so nobody is asked, and
 * whatever status they have. One that fails does not stop the others. Returns the exit code: 1 when some failed.
 */
export async function actOnMany(
  reader: RunReader,
  flags: BulkFlags,
  action: BulkAction,
  terminal: Terminal,
): Promise<number> {
  const { out, err, json } = terminal;
  const where = flags.query === undefined ? undefined : queryFor(flags, action.statuses);
  const runs = where === undefined ? await runsNamed(reader, await pipedIds()) : await allRuns(reader, where);
  const dryRun = flags['dry-run'] === true;
  const shape = { query: where === undefined ? null : printQuery(where), matched: runs.length };
  if (dryRun || runs.length === 0) {
    if (json) await out.json({ ...shape, dryRun, done: [], failed: [], runs: runs.map(({ runId }) => runId) });
    else
      await tell(
        runs,
        runs.length === 0
          ? where === undefined
            ? 'There was no id on stdin'
            : 'No run fits'
          : `It would ${action.verb} ${count(runs.length, 'run')}`,
        terminal,
        runs.length,
      );
    return EXIT.ok;
  }
  const what = `${action.verb} ${count(runs.length, 'run')}`;
  if (
    where !== undefined &&
    !(await isAgreed(flags, what, terminal, () => tell(runs, `This will ${what}`, terminal, NAMED)))
  ) {
    await err.line('Nothing was done.');
    return EXIT.failed;
  }
  const done: object[] = [];
  const failed: { readonly runId: string; readonly code: string; readonly message: string }[] = [];
  await inParallel(runs, async ({ runId }) => {
    try {
      done.push({ runId, ...(await action.apply(runId)) });
    } catch (error) {
      const { code, message } = toErrorData(error, 'REPRISE_COMMAND_INVALID');
      failed.push({ runId, code, message });
      if (failed.length <= NAMED) await err.line(`${plain(runId)}: ${err.style('red', plain(`${code}: ${message}`))}`);
    }
    const ended = done.length + failed.length;
    if (ended % TOLD_EVERY === 0) await err.line(err.style('dim', `${number(ended)} of ${number(runs.length)}`));
  });
  if (json) await out.json({ ...shape, dryRun, done, failed });
  const more = failed.length > NAMED ? ` (${number(failed.length - NAMED)} of them not told above)` : '';
  const worse = failed.length === 0 ? '' : `, ${number(failed.length)} failed${more}`;
  await err.line(`${count(done.length, 'run')} ${action.done}${worse}.`);
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Every run that fits, newest first. */
export async function allRuns(reader: RunReader, where: Query): Promise<readonly RunSummary[]> {
  const runs: RunSummary[] = [];
  for (let after: string | undefined; ; ) {
    const page = await reader.list({ where, limit: PAGE, ...(after === undefined ? {} : { after }) });
    runs.push(...page);
    after = page.at(-1)?.cursor;
    if (after === undefined || page.length < PAGE) return runs;
  }
}

async function tell(runs: readonly NamedRun[], what: string, { err }: Terminal, most: number): Promise<void> {
  await err.line(runs.length === 0 ? `${what}.` : `${what}:`);
  for (const { runId, workflow, status } of runs.slice(0, most))
    await err.line(`  ${plain(runId)}  ${plain(workflow)}  ${statusText(err, status)}`);
  if (runs.length > most) await err.line(`  and ${number(runs.length - most)} more`);
}

/** Whether somebody wants `what` ("cancel 3 runs"), who is told about it before. Throws REPRISE_USAGE where nobody can be asked, which says how else to `look` at it. */
export async function isAgreed(
  { yes }: BulkFlags,
  what: string,
  { err }: Terminal,
  tellAbout: () => Promise<void>,
  look = '--dry-run',
): Promise<boolean> {
  if (yes === true) return true;
  if (process.stdin.isTTY !== true)
    throw usageError(`That would ${what}, and nobody can be asked here: say --yes, or look first with ${look}.`);
  await tellAbout();
  await err.line('Go on? [y/N]');
  for await (const answer of createInterface({ input: process.stdin })) return /^y(es)?$/i.test(answer.trim());
  return false;
}

/** Some at once, in order of the items. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
