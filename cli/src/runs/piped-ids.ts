import { createInterface } from 'node:readline';
import { isId, RepriseError, type RunReader, type RunSummary, runsWhere } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';

/** Ids that are asked about at once. */
const AT_ONCE = 200;

/** Ids of runs from stdin, one a line, each once; empty lines are passed over. Throws REPRISE_USAGE for what is no id: something else was piped in. */
export async function pipedIds(input: NodeJS.ReadableStream = process.stdin): Promise<readonly string[]> {
  const ids = new Set<string>();
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const id = line.trim();
    if (id === '') continue;
    if (!isId(id))
      throw usageError(`Line ${number} of stdin is no id of a run: ${JSON.stringify(line.slice(0, 100))}.`, {
        fix: 'Pipe in ids, one a line: `reprise run list --format ids`.',
      });
    ids.add(id);
  }
  return [...ids];
}

/** A run that is named, as far as it is listed. */
export type NamedRun = Pick<RunSummary, 'runId' | 'workflow' | 'status'>;

/** The runs of these ids, in their order. Throws REPRISE_RUN_NOT_FOUND before anything is done when one is not there. */
export async function runsNamed(reader: RunReader, ids: readonly string[]): Promise<readonly NamedRun[]> {
  const found = new Map<string, NamedRun>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    for (const run of await reader.list({ where: runsWhere('id', some), limit: AT_ONCE })) found.set(run.runId, run);
  }
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return ids.flatMap((id) => found.get(id) ?? []);
  const some = missing.slice(0, 10).map((id) => `'${id}'`);
  const more = missing.length > some.length ? ` and ${missing.length - some.length} more` : '';
  throw new RepriseError(
    'REPRISE_RUN_NOT_FOUND',
    `There is no run ${some.join(', ')}${more} in this store. Nothing was done.`,
    {
      details: { runIds: missing.slice(0, 1000) },
      fix: 'Ids that are piped in are whole: `reprise run list --format ids`.',
    },
  );
}
