import { type Sort, sortOf } from './sort.ts';

/** What the page shows. The address bar says it all: a link leads to the same selection at the same revision. */
export interface Place {
  readonly view:
    | 'overview'
    | 'runs'
    | 'run'
    | 'diff'
    | 'inbox'
    | 'dead-letters'
    | 'agents'
    | 'workflows'
    | 'analytics'
    | 'health';
  readonly run?: string;
  /** Of a diff: the run that `run` is held against. */
  readonly other?: string;
  /** The revision; absent: the last one, live. */
  readonly at?: number;
  readonly task?: string;
  readonly tab?: string;
  /** Of a run: the message that is looked at. */
  readonly message?: string;
  /** Of a run: its critical path is shown. */
  readonly path?: true;
  readonly query?: string;
  /** Of the runs: what they are in the order of; absent: newest first. */
  readonly sort?: Sort;
}

const VIEWS: ReadonlySet<string> = new Set([
  'runs',
  'inbox',
  'dead-letters',
  'agents',
  'workflows',
  'analytics',
  'health',
]);

/** What an address says; of one that says nothing known, the overview. */
export function placeOf(path: string, search: string): Place {
  const [, first = '', second, third] = path.split('/');
  const given = new URLSearchParams(search);
  const text = (name: string): string | undefined => given.get(name) ?? undefined;
  const at = /^\d{1,9}$/.test(text('at') ?? '') ? Number(text('at')) : undefined;
  const rest = {
    ...(at === undefined ? {} : { at }),
    ...pick('task', text('task')),
    ...pick('tab', text('tab')),
    ...pick('message', text('message')),
    ...(text('path') === 'critical' ? { path: true as const } : {}),
    ...pick('query', text('q')),
  };
  if (first === 'runs' && isRunId(second)) return { view: 'run', run: second, ...rest };
  if (first === 'diff' && isRunId(second))
    return { view: 'diff', run: second, ...(isRunId(third) ? { other: third } : {}) };
  const sort = sortOf(text('sort'));
  if (first === 'runs') return { view: 'runs', ...rest, ...(sort === undefined ? {} : { sort }) };
  if (VIEWS.has(first)) return { view: first as Place['view'], ...rest };
  return { view: 'overview' };
}

const isRunId = (text: string | undefined): text is string =>
  text !== undefined && /^[A-Za-z0-9][\w.-]{0,127}$/.test(text);

const pick = (name: string, value: string | undefined): object =>
  value === undefined || value === '' ? {} : { [name]: value };

function pathOf(view: Place['view'], run = '', other?: string): string {
  if (view === 'overview') return '/';
  if (view === 'run') return `/runs/${run}`;
  if (view === 'diff') return other === undefined ? `/diff/${run}` : `/diff/${run}/${other}`;
  return `/${view}`;
}

/** The address of a place. */
export function addressOf({ view, run, other, at, task, tab, message, path: isPathShown, query, sort }: Place): string {
  const path = pathOf(view, run, other);
  const search = new URLSearchParams();
  if (query !== undefined && query !== '') search.set('q', query);
  if (sort !== undefined) search.set('sort', sort);
  if (tab !== undefined) search.set('tab', tab);
  if (task !== undefined) search.set('task', task);
  if (message !== undefined) search.set('message', message);
  if (isPathShown === true) search.set('path', 'critical');
  if (at !== undefined) search.set('at', String(at));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
