/** What the page shows. The address bar says it all: a link leads to the same selection at the same revision. */
export interface Place {
  readonly view: 'overview' | 'runs' | 'run' | 'inbox' | 'dead-letters' | 'agents' | 'workflows';
  readonly run?: string;
  /** The revision; absent: the last one, live. */
  readonly at?: number;
  readonly task?: string;
  readonly tab?: string;
  readonly query?: string;
}

const VIEWS: ReadonlySet<string> = new Set(['runs', 'inbox', 'dead-letters', 'agents', 'workflows']);

/** What an address says; of one that says nothing known, the overview. */
export function placeOf(path: string, search: string): Place {
  const [, first = '', second] = path.split('/');
  const given = new URLSearchParams(search);
  const text = (name: string): string | undefined => given.get(name) ?? undefined;
  const at = /^\d{1,9}$/.test(text('at') ?? '') ? Number(text('at')) : undefined;
  const rest = {
    ...(at === undefined ? {} : { at }),
    ...pick('task', text('task')),
    ...pick('tab', text('tab')),
    ...pick('query', text('q')),
  };
  if (first === 'runs' && second !== undefined && /^[A-Za-z0-9][\w.-]{0,127}$/.test(second))
    return { view: 'run', run: second, ...rest };
  if (VIEWS.has(first)) return { view: first as Place['view'], ...rest };
  return { view: 'overview' };
}

const pick = (name: string, value: string | undefined): object =>
  value === undefined || value === '' ? {} : { [name]: value };

/** The address of a place. */
export function addressOf({ view, run, at, task, tab, query }: Place): string {
  const path = view === 'overview' ? '/' : view === 'run' ? `/runs/${run ?? ''}` : `/${view}`;
  const search = new URLSearchParams();
  if (query !== undefined && query !== '') search.set('q', query);
  if (tab !== undefined) search.set('tab', tab);
  if (task !== undefined) search.set('task', task);
  if (at !== undefined) search.set('at', String(at));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
