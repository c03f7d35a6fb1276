import {
  BUILT_IN_VIEWS,
  EVERYTHING,
  type JsonObject,
  jsonSchemaOfInput,
  listByView,
  lookForDrivers,
  parseQuery,
  RepriseError,
  RUN_FIELDS,
  type RunQuery,
  type RunReader,
  type RunSummary,
  runIndex,
  runsWhere,
  type Storage,
  silentText,
  systemClock,
  type ViewQuery,
  type ViewStore,
  type Views,
  withoutMailboxes,
  workflowGraph,
} from '@reprise/core';
import { type DashboardSource, RUN_ORDERS, type RunsPage } from '@reprise/monitor-dashboard';
import { knownAgents, type Project } from '../config/load-project.ts';
import { deadLettersWhere } from '../dead-letters/read-dead-letters.ts';
import { pluginShapes } from '../plugins/list-plugins.ts';
import type { StoreAccess } from '../store/store-access.ts';
import { sortOrder } from '../views/sort-order.ts';
import { plainJson, runShape } from './shapes.ts';

export interface ListSourceParts {
  readonly reader: RunReader;
  readonly storage: Storage;
  readonly views: Views;
  /** Where the views are kept. */
  readonly store: ViewStore;
  readonly access: StoreAccess;
  readonly project: Project | undefined;
}

type ListSource = Pick<
  DashboardSource,
  | 'runs'
  | 'fields'
  | 'overview'
  | 'agents'
  | 'forms'
  | 'deadLetters'
  | 'workflows'
  | 'workflowGraph'
  | 'views'
  | 'viewRows'
  | 'health'
>;

const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_VIEWS.map(({ name }) => name));
/** Runs of a state that are counted; more are told as so many or more. */
const COUNTED = 1000;
const MINUTE_MS = 60_000;
const PAGE = 500;
const NEW_MS = { withinMs: 1000 } as const;

/** Runs that failed last, among which causes are counted. */
const LOOKED_AT = 200;

/** What runs failed of, the most frequent first; each with the run that failed of it last. */
function causesOf(failed: readonly RunSummary[]): readonly object[] {
  const causes = new Map<
    string,
    { code: string; count: number; runId: string; workflow: string; message: string; at: number }
  >();
  for (const { runId, workflow, error, endedAt, updatedAt } of failed) {
    const { code, message } = error ?? { code: '(unknown)', message: '' };
    const known = causes.get(code);
    if (known === undefined) causes.set(code, { code, count: 1, runId, workflow, message, at: endedAt ?? updatedAt });
    else known.count += 1;
  }
  return [...causes.values()].toSorted((a, b) => b.count - a.count);
}

/** What the dashboard shows of all runs: rows of views that are brought up to date, for a second at most. */
export function listSource({ reader, storage, views, store, access, project }: ListSourceParts): ListSource {
  const rowsOf = async (name: string, most: number, where: ViewQuery['where'] = EVERYTHING): Promise<JsonObject[]> => {
    await views.reachEnd(name, NEW_MS);
    const rows: JsonObject[] = [];
    for (let after: string | undefined; rows.length < most; ) {
      const page = await views.list(name, { where, limit: PAGE, ...(after === undefined ? {} : { after }) });
      rows.push(...page.rows.map(({ row }) => row));
      after = page.next;
      if (after === undefined) break;
    }
    return rows.slice(0, most);
  };
  // A projection of the project's own may have taken the name.
  const canSort = views.projection(runIndex.name) === runIndex;
  const runsBy = async (
    { by, descending }: NonNullable<RunsPage['order']>,
    query: RunQuery,
  ): Promise<{ readonly found: readonly RunSummary[]; readonly behind: boolean }> => {
    if (!canSort)
      throw new RepriseError(
        'REPRISE_CONFIG_INVALID',
        `Runs are listed newest first only: the project has a projection '${runIndex.name}' in the place of the index that sorts them.`,
      );
    let isNew = false;
    const list = listByView(store, async () => {
      isNew = await views.reachEnd(runIndex.name, NEW_MS);
    });
    const found = await list({ ...query, order: sortOrder('Runs', RUN_FIELDS, descending ? `${by}:desc` : by) });
    return { found, behind: !isNew };
  };
  const counted = async (status: string): Promise<number> =>
    (await reader.list({ where: withoutMailboxes(runsWhere('status', [status])), limit: COUNTED })).length;
  const openForms = async (): Promise<object[]> =>
    (await rowsOf('forms', 10_000)).flatMap(({ run, workflow, stopped, forms }) =>
      Object.values(forms as JsonObject).map((form) => ({
        runId: run,
        workflow,
        paused: stopped !== undefined,
        ...(form as JsonObject),
      })),
    );
  // They are what they were when this process began.
  const plugins = project === undefined ? Promise.resolve([]) : pluginShapes(project, project.standings);
  plugins.catch(() => undefined); // whoever asks is told
  return {
    runs: async (query, { limit, after, order }) => {
      const where = withoutMailboxes(parseQuery(query, { now: systemClock.now() }));
      const wanted = { where, limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const { found, behind } =
        order === undefined ? { found: await reader.list(wanted), behind: false } : await runsBy(order, wanted);
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.cursor ?? null) : null;
      return plainJson({ runs: page.map(runShape), next, behind });
    },
    fields: async () => plainJson({ fields: RUN_FIELDS, orders: canSort ? RUN_ORDERS : [] }),
    overview: async () => {
      const now = systemClock.now();
      const open = Object.fromEntries(
        await Promise.all(['running', 'paused', 'parked'].map(async (status) => [status, await counted(status)])),
      ) as JsonObject;
      const since = { fields: { minute: { type: 'time', path: ['minute'], about: '' } } as const, now };
      const hour = parseQuery('minute>=-60m', since);
      const failed = await reader.list({ where: withoutMailboxes(runsWhere('status', ['failed'])), limit: LOOKED_AT });
      const running = await reader.list({ where: withoutMailboxes(runsWhere('status', ['running'])), limit: 8 });
      return plainJson({
        now,
        minute: MINUTE_MS,
        counted: COUNTED,
        open,
        throughput: await rowsOf('throughput', 5000, hour),
        waiting: await rowsOf('waiting', 5000, hour),
        failed: failed.slice(0, 8).map(runShape),
        causes: causesOf(failed),
        running: running.map(runShape),
        forms: (await openForms()).length,
        deadLetters: (await rowsOf('dead-letters', COUNTED, deadLettersWhere('', ['open']))).length,
      });
    },
    agents: async () => {
      const known = new Map<string, readonly string[]>();
      for (const { name, capabilities = [] } of project === undefined ? [] : knownAgents(project))
        known.set(name, capabilities);
      const rows = await rowsOf('agents', 5000);
      const named = new Set(rows.map(({ agent }) => agent as string));
      const others = [...known.keys()].filter((name) => !named.has(name));
      const all = [...rows, ...others.map((agent) => ({ agent, attempts: 0, failed: 0, lost: 0 }))];
      const told = await rowsOf('who-told-whom', 2000);
      return plainJson({
        now: systemClock.now(),
        agents: all.map((row) => ({ ...row, capabilities: known.get(row['agent'] as string) })),
        told,
      });
    },
    forms: async () => plainJson({ forms: await openForms() }),
    deadLetters: async (query, { limit, after }) => {
      const where = deadLettersWhere(query, ['open']);
      await views.reachEnd('dead-letters', NEW_MS);
      const page = await views.list('dead-letters', { where, limit, ...(after === undefined ? {} : { after }) });
      return plainJson({ deadLetters: page.rows.map(({ row }) => row), next: page.next ?? null });
    },
    workflows: async () =>
      plainJson({
        project: project?.file,
        workflows: (project?.workflows ?? []).map(({ workflow: { definition, hash, inputSchema } }) => ({
          name: definition.name,
          version: definition.version,
          hash,
          description: definition.description,
          inputSchema: inputSchema === undefined ? undefined : jsonSchemaOfInput(inputSchema),
          strategy: definition.strategy,
          tasks: definition.tasks.map(({ id, agent, capability, after }) => ({ id, agent, capability, after })),
        })),
      }),
    workflowGraph: async (name, version) => {
      const found = project?.workflows.find(
        ({ workflow: { definition } }) =>
          definition.name === name && (version === undefined || definition.version === version),
      );
      if (found === undefined)
        throw new RepriseError(
          'REPRISE_WORKFLOW_UNKNOWN',
          `The project has no workflow '${name}'${version === undefined ? '' : ` of version ${version}`}.`,
        );
      return plainJson({ revision: 0, status: 'planned', ...workflowGraph(found.workflow.definition) });
    },
    views: async () =>
      plainJson({
        views: views.projections.map(({ name, about, fields = {} }) => {
          const { caughtUp, behindMs, failure } = views.lag(name);
          return { name, about, fields, builtIn: BUILT_IN.has(name), caughtUp, behindMs, failure: failure?.message };
        }),
      }),
    viewRows: async (name, query, { limit, after }) => {
      const { fields = {} } = views.projection(name);
      const where = parseQuery(query, { fields, now: systemClock.now() });
      if (after === undefined) await views.reachEnd(name, NEW_MS);
      const found = await views.list(name, { where, limit, ...(after === undefined ? {} : { after }) });
      return { rows: found.rows.map(({ key, row }) => ({ key, ...row })), next: found.next ?? null };
    },
    health: async () => {
      const drivers = await lookForDrivers(storage);
      return plainJson({
        store: access.where,
        project: project?.file,
        driven: drivers.driven ?? null,
        draining: drivers.draining,
        silent: drivers.silent.map(silentText),
        plugins: await plugins,
        views: views.projections.map(({ name, about }) => {
          const { caughtUp, behindMs, skipped, failure } = views.lag(name);
          return { name, about, caughtUp, behindMs, skipped, failure: failure?.message };
        }),
      });
    },
  };
}
