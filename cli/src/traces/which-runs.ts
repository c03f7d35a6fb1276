import { isId, parseQuery, type RunReader, type Storage, systemClock, withoutMailboxes } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { resolveRun } from '../store/resolve-run.ts';

const PAGE = 500;

export interface Wanted {
  readonly run?: string | undefined;
  readonly query?: string | undefined;
}

/** What only a query has in it. */
const QUERY = /[\s:=<>"]/;

/** Runs that are meant, one by one: by the name of one, or by a query, which stands for itself or in the place of the name. Throws REPRISE_USAGE at once. */
export function whichRuns(
  { run, query }: Wanted,
  { reader, storage }: { readonly reader: RunReader; readonly storage: Storage },
): AsyncIterable<string> {
  if (run !== undefined && query !== undefined) throw usageError('Name a run, or give a query: not both.');
  const asked = query ?? (run !== undefined && !isId(run) && QUERY.test(run) ? run : undefined);
  if (asked?.trim() === '')
    throw usageError("The query is empty, which every run would fit. Say which are meant; 'id:*' is for all that fit.");
  if (asked !== undefined) return fitting(reader, withoutMailboxes(parseQuery(asked, { now: systemClock.now() })));
  if (run === undefined)
    throw usageError('Name a run (its id, the beginning of it, or `last`), or give a query for many.');
  return one(() => resolveRun(storage, reader, run));
}

async function* one(find: () => Promise<string>): AsyncGenerator<string> {
  yield await find();
}

async function* fitting(reader: RunReader, where: ReturnType<typeof parseQuery>): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const page = await reader.list({ where, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { runId } of page) yield runId;
    after = page.at(-1)?.cursor;
    if (after === undefined || page.length < PAGE) return;
  }
}
