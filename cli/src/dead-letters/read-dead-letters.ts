import { bothOf, type DeadLetterRow, deadLetters, parseQuery, type Query, systemClock } from '@reprise/core';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { withViews } from '../views/open-views.ts';

const VIEW = deadLetters.name;
const PAGE = 500;

interface DeadLetterPage {
  readonly rows: readonly DeadLetterRow[];
  readonly next?: string;
}

/** A query for dead letters: those with one of these statuses, unless it names some itself. Throws REPRISE_QUERY_INVALID. */
export function deadLettersWhere(query: string, statuses: readonly string[]): Query {
  const about = { fields: deadLetters.fields ?? {}, now: systemClock.now() };
  const given = parseQuery(query, about);
  const namesStatus = given.terms.some((term) => 'field' in term && term.field === 'status');
  return namesStatus ? given : bothOf(given, parseQuery(`status:${statuses.join(',')}`, about));
}

/** A page of dead letters, the oldest first. No run is loaded: they are rows of the view `dead-letters`, which is brought up to date. */
export async function pageOfDeadLetters(
  where: Query,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
  store: Whereabouts,
  terminal: Terminal,
): Promise<DeadLetterPage> {
  return withViews(store, terminal, async ({ views }) => {
    await views.start([VIEW]);
    await views.reachEnd(VIEW);
    const page = await views.list(VIEW, { where, limit, ...(after === undefined ? {} : { after }) });
    const rows = page.rows.map(({ row }) => row as unknown as DeadLetterRow);
    return { rows, ...(page.next === undefined ? {} : { next: page.next }) };
  });
}

/** Every dead letter that fits. */
export async function allDeadLetters(
  where: Query,
  store: Whereabouts,
  terminal: Terminal,
): Promise<readonly DeadLetterRow[]> {
  return withViews(store, terminal, async ({ views }) => {
    await views.start([VIEW]);
    await views.reachEnd(VIEW);
    const found: DeadLetterRow[] = [];
    for (let after: string | undefined; ; ) {
      const page = await views.list(VIEW, { where, limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { row } of page.rows) found.push(row as unknown as DeadLetterRow);
      if (page.next === undefined) return found;
      after = page.next;
    }
  });
}
