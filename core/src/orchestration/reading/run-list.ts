import type { ListedStream, StreamCatalog, StreamQuery } from '../../event-store/storage.ts';
import { runStream } from '../../shared/ids.ts';
import type { JsonObject } from '../../shared/json.ts';
import { MAILBOX_WORKFLOW } from '../workflow/messaging/elsewhere.ts';
import { matches } from './query/matches.ts';
import { bothOf, EVERYTHING, type FieldTerm, type Query, type QueryTerm } from './query/query.ts';
import { RUN_FIELDS } from './query/run-fields.ts';
import { type RunSummary, rowOfListed, summaryOfRow } from './run-summary.ts';
import { NEWEST_FIRST, type RunRow, runIndex } from './views/built-in/run-index.ts';
import type { ViewOrder, ViewStore } from './views/view-store.ts';

export interface RunQuery {
  /** Default: every run. */
  readonly where?: Query;
  /** Default: newest first. Another order is that of the run index, whatever the store: runs without the number come last, those with the same one are in order of their ids. */
  readonly order?: ViewOrder;
  /** Runs at most. Default 100. */
  readonly limit?: number;
  /** In the same order, from the last run of the page before: its `cursor`. */
  readonly after?: string;
}

/** Lists runs, newest first unless the query says otherwise. */
export type ListRuns = (query: RunQuery) => Promise<readonly RunSummary[]>;

const DEFAULT_LIMIT = 100;
/** Streams that are read at once to find runs that fit. */
const PAGE = 500;

/** By the view that is built of the run index, once `ready` says that it is as new as it has to be. */
export const listByView =
  (views: ViewStore, ready: () => Promise<unknown>): ListRuns =>
  async ({ where = EVERYTHING, order = NEWEST_FIRST, limit = DEFAULT_LIMIT, after }) => {
    await ready();
    const page = { where, order, limit, ...(after === undefined ? {} : { after }) };
    const { rows } = await views.list(runIndex, page);
    return rows.map(({ row, cursor }) => summaryOfRow(row as RunRow, cursor));
  };

/**
 * By the catalog of a store, which is never behind, and knows no order but newest first: `order` is not for it. It is asked for what it has indexes for; the rest of the query is asked of what it lists, page by
 * page.
 */
export const listByCatalog =
  (catalog: StreamCatalog): ListRuns =>
  async ({ where = EVERYTHING, limit = DEFAULT_LIMIT, after }) => {
    const found: RunSummary[] = [];
    const narrowed = narrow(where);
    const isAll = narrowed.left === 0;
    let from = after;
    while (found.length < limit) {
      const wanted = isAll ? limit - found.length : PAGE;
      const page = await catalog.list({
        ...narrowed.query,
        limit: wanted,
        ...(from === undefined ? {} : { after: from }),
      });
      for (const listed of page) {
        const row = rowOfListed(listed);
        if (!matches(where, row as JsonObject)) continue;
        found.push(summaryOfRow(row, listed.cursor));
        if (found.length === limit) break;
      }
      const last: ListedStream | undefined = page.at(-1);
      if (last === undefined || page.length < wanted) break;
      from = last.cursor;
    }
    return found;
  };

/** What a catalog can look for, and how many terms it cannot. Whatever it lists is compared with the whole query all the same. */
function narrow({ terms }: Query): { readonly query: StreamQuery; readonly left: number } {
  const query: { -readonly [key in keyof StreamQuery]: StreamQuery[key] } = { kind: 'run', prefix: runStream('') };
  let left = 0;
  for (const term of terms) {
    const wanted = wantedBy(term);
    const isNew =
      wanted !== undefined && Object.keys(wanted).every((key) => key === 'prefix' || !Object.hasOwn(query, key));
    if (isNew && (wanted.prefix === undefined || query.prefix === runStream(''))) Object.assign(query, wanted);
    else left += 1;
  }
  return { query, left };
}

function wantedBy(term: QueryTerm): Partial<StreamQuery> | undefined {
  if ('text' in term || term.not === true) return undefined;
  const [value, ...others] = term.values;
  const one = others.length === 0 && value !== undefined && 'equals' in value ? value.equals : undefined;
  switch (`${term.path.join('.')} ${term.operator}`) {
    case 'status :':
    case 'status =': {
      const statuses = term.values.flatMap((each) => ('equals' in each ? [String(each.equals)] : []));
      return statuses.length === term.values.length ? { statuses } : undefined;
    }
    case 'workflow :':
    case 'workflow =':
      return typeof one === 'string' ? { name: one } : undefined;
    case 'started >=':
      return typeof one === 'number' ? { since: one } : undefined;
    case 'id :':
      return others.length === 0 && value !== undefined && 'prefix' in value
        ? { prefix: runStream(value.prefix) }
        : undefined;
    default:
      return undefined;
  }
}

/** The query for runs whose text field has one of some values. */
export function runsWhere(field: 'status' | 'workflow' | 'id' | 'from' | 'tenant', values: readonly string[]): Query {
  const { type, path } = RUN_FIELDS[field] ?? { type: 'text', path: [field] };
  const term: FieldTerm = { field, type, path, operator: ':', values: values.map((equals) => ({ equals })) };
  return { terms: [term] };
}

/** The query without the runs that are mailboxes (`@desk`), which nobody has started. As it is when it names them: by `workflow`, a whole `id`, or `label.mailbox`. */
export const withoutMailboxes = (query: Query): Query =>
  query.terms.some(namesMailboxes)
    ? query
    : bothOf(query, { terms: runsWhere('workflow', [MAILBOX_WORKFLOW]).terms.map((term) => ({ ...term, not: true })) });

function namesMailboxes(term: QueryTerm): boolean {
  if (!('field' in term) || term.not === true || term.operator === '!=') return false;
  if (term.field === 'id') return term.values.every((value) => 'equals' in value);
  return term.field === 'workflow' || term.field === 'label.mailbox';
}

/** The query for runs whose id begins so. */
export const runsFrom = (prefix: string): Query => ({
  terms: [{ field: 'id', type: 'text', path: ['id'], operator: ':', values: [{ prefix }] }],
});

/** Open runs: those that recovery takes up. */
export const OPEN_RUNS: Query = runsWhere('status', ['forking', 'running', 'paused', 'parked']);
