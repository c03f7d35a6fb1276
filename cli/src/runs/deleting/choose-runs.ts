import {
  bothOf,
  type DeletedRun,
  lookAtDeletion,
  parseDuration,
  parseQuery,
  type Query,
  type RunReader,
  type Storage,
  systemClock,
  toErrorData,
} from '@reprise/core';
import { usageError } from '../../errors/usage-error.ts';
import { resolveRun } from '../../store/resolve-run.ts';
import { allRuns, queryFor } from '../one-or-many.ts';
import { pipedIds, runsNamed } from '../piped-ids.ts';

const ENDED = ['completed', 'failed', 'cancelled'];

export interface ChoosingFlags {
  readonly query?: string | undefined;
  /** Only what ended so long ago. */
  readonly 'older-than'?: string | undefined;
}

/** A run that is to go, with the child runs that go with it: the run itself is the first. */
export interface Doomed {
  readonly runId: string;
  readonly family: readonly DeletedRun[];
}

/** A run that cannot go, or could not. */
export interface Refused {
  readonly runId: string;
  readonly code: string;
  readonly message: string;
}

export interface Chosen {
  readonly doomed: readonly Doomed[];
  readonly refused: readonly Refused[];
  /** Undefined: the runs were named. */
  readonly where: Query | undefined;
}

/**
 * The runs that are meant, each looked at: by their ids, as ids on stdin (`-`), or by a query, which is narrowed to runs that have ended. Newest first, so that what goes on from
 * a run goes before it. Throws REPRISE_USAGE when nothing is named, REPRISE_RUN_NOT_FOUND.
 */
export async function chooseRuns(
  reader: RunReader,
  storage: Storage,
  typed: readonly string[],
  flags: ChoosingFlags,
): Promise<Chosen> {
  const where = whereOf(typed, flags);
  const ids = where === undefined ? await idsOf(reader, storage, typed) : await rootsOf(reader, where);
  const doomed: Doomed[] = [];
  const refused: Refused[] = [];
  const going = new Set<string>();
  for (const runId of ids) {
    // With the run that started it.
    if (going.has(runId)) continue;
    try {
      const family = await lookAtDeletion({ reader, storage }, runId);
      for (const one of family) going.add(one.runId);
      doomed.push({ runId, family });
    } catch (error) {
      const { code, message } = toErrorData(error, 'REPRISE_COMMAND_INVALID');
      refused.push({ runId, code, message });
    }
  }
  // One that was refused may go with its parent, which came later.
  return { doomed, refused: refused.filter(({ runId }) => !going.has(runId)), where };
}

function whereOf(typed: readonly string[], { query, 'older-than': age }: ChoosingFlags): Query | undefined {
  if (typed.length > 0 && (query !== undefined || age !== undefined))
    throw usageError('Name runs, or give --query or --older-than: not both.');
  if (typed.length > 0) return undefined;
  if (query === undefined && age === undefined)
    throw usageError('Name runs (their ids), or give --query or --older-than for many, or - for ids on stdin.');
  if (query?.trim() === '')
    throw usageError("The query is empty, which every run would fit. Say which are meant; 'id:*' is for all that fit.");
  const ended = queryFor(query === undefined ? {} : { query }, ENDED);
  if (age === undefined) return ended;
  const ms = parseDuration(age);
  if (ms === undefined) throw usageError(`--older-than ${JSON.stringify(age)} is no duration: write 12h, 30d or 8w.`);
  const now = systemClock.now();
  return bothOf(ended, parseQuery(`ended<=${new Date(now - ms).toISOString()}`, { now }));
}

async function idsOf(reader: RunReader, storage: Storage, typed: readonly string[]): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (const one of typed) {
    const named =
      one === '-' ? await runsNamed(reader, await pipedIds()) : [{ runId: await resolveRun(storage, reader, one) }];
    for (const { runId } of named) ids.add(runId);
  }
  return [...ids];
}

/** Child runs go with whoever started them, where that is there. */
async function rootsOf(reader: RunReader, where: Query): Promise<readonly string[]> {
  const runs = await allRuns(reader, where);
  const fitting = new Set(runs.map(({ runId }) => runId));
  return runs.flatMap(({ runId, parent }) => (parent !== undefined && fitting.has(parent) ? [] : runId));
}
