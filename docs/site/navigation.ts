import type { DefaultTheme } from 'vitepress';
import { apiPages } from '../../scripts/docs/api/modules.ts';
import { sitePages } from '../../scripts/docs/pages.ts';

/** Pages by their path in the repository, in the order in which they are read, with what they are called there. */
interface Section {
  readonly title: string;
  /** Folded at first. */
  readonly folded?: true;
  readonly pages: Readonly<Record<string, string>>;
}

// Every page of the repository stands here once: a build without a place for one fails, and says so.
const SECTIONS: readonly Section[] = [
  {
    title: 'Start',
    pages: {
      'docs/getting-started.md': 'Five minutes',
      'docs/tutorial/first-workflow.md': 'Your first workflow',
      'docs/tutorial/distributed.md': 'A cluster, and a death',
      'docs/comparison.md': 'Beside its neighbours',
      'docs/README.md': 'All pages',
    },
  },
  {
    title: 'Recipes',
    pages: {
      'docs/recipes/README.md': 'All recipes',
      'docs/recipes/shape.md': 'The shape of work',
      'docs/recipes/failure.md': 'When things fail',
      'docs/recipes/people-and-time.md': 'People, time, the outside',
      'docs/recipes/agents.md': 'Models and teams',
      'docs/recipes/operation.md': 'Runs in operation',
    },
  },
  {
    title: 'Guides: workflows',
    pages: {
      'docs/task-chaining.md': 'Chaining tasks',
      'docs/workflow-patterns.md': 'Workflow patterns',
      'docs/what-happens-when.md': 'What happens when',
      'docs/signals-and-approvals.md': 'Signals and approvals',
      'docs/limits-and-priorities.md': 'Limits, priorities, budgets',
      'docs/testing.md': 'Tests',
    },
  },
  {
    title: 'Guides: agents',
    pages: {
      'docs/agents.md': 'Agents',
      'docs/models.md': 'Models as agents',
      'docs/scheduling-strategies.md': 'Strategies and teams',
      'docs/workers.md': 'Agents in other processes',
    },
  },
  {
    title: 'Guides: operation',
    pages: {
      'docs/runs.md': 'Runs: watch, steer, go on',
      'docs/command-line.md': 'The command line, a tour',
      'docs/production.md': 'In production',
      'docs/runbook.md': 'Runbook',
      'docs/upgrading.md': 'Deploy and upgrade',
      'docs/security.md': 'Security',
      'docs/event-stores.md': 'Where history is kept',
      'docs/cluster.md': 'In a cluster',
      'docs/scaling.md': 'Scaling a cluster',
      'docs/telemetry.md': 'Telemetry',
      'docs/dashboard.md': 'The dashboard',
      'plugins/monitor-dashboard/README.md': 'The dashboard: its package',
    },
  },
  {
    title: 'Reference',
    pages: {
      'docs/reference/cli.md': 'Command line',
      'docs/reference/typescript.md': 'Workflows in TypeScript',
      'docs/reference/workflow-format.md': 'Workflows in YAML',
      'docs/reference/run-api.md': 'Changing a run',
      'docs/reference/configuration.md': 'Configuration',
      'docs/reference/errors.md': 'Error codes',
      'docs/reference/events.md': 'Events',
      'docs/reference/queries.md': 'Queries',
      'docs/reference/views.md': 'Views',
    },
  },
  {
    title: 'Plugins',
    folded: true,
    pages: {
      'docs/plugins.md': 'Write a plugin',
      'docs/ports.md': 'The ports',
      'plugins/event-store-sqlite/README.md': 'Event store: SQLite',
      'plugins/event-store-eventstoredb/README.md': 'Event store: EventStoreDB',
      'plugins/view-store-sqlite/README.md': 'View store: SQLite',
      'plugins/transport-kafka/README.md': 'Transport: Kafka',
      'plugins/agent-llm/README.md': 'Agents: models',
      'plugins/scheduler-hierarchical/README.md': 'Scheduler: hierarchical',
      'plugins/scheduler-autonomous/README.md': 'Scheduler: autonomous',
      'plugins/monitor-log/README.md': 'Monitor: log',
      'plugins/monitor-opentelemetry/README.md': 'Monitor: OpenTelemetry',
    },
  },
  {
    title: 'Inside',
    folded: true,
    pages: {
      'docs/architecture.md': 'Architecture',
      'docs/communication_protocol.md': 'Communication protocol',
      'docs/worker-protocol.md': 'The worker protocol',
      'CONTRIBUTING.md': 'Contributing',
      'CHANGELOG.md': 'Changelog',
    },
  },
  {
    title: 'Examples and packages',
    folded: true,
    pages: {
      'README.md': 'The README',
      'docs/examples/dependency-dossier/README.md': 'The dependency dossier',
      'docs/examples/saga/README.md': 'The publication: a saga',
      'core/README.md': '@reprise/core',
      'cli/README.md': '@reprise/cli',
      'cli/create-reprise/README.md': 'create-reprise',
      'test/conformance/README.md': '@reprise/conformance',
    },
  },
];

const isRecord = (source: string): boolean => source.startsWith('docs/adr/');
const HOME = 'docs/site/home.md';

/** What is wrong with the places of pages: those without one, places without a page, two places of a page. */
export function navigationProblems(sources: readonly string[], sections = SECTIONS): readonly string[] {
  const placed = sections.flatMap(({ pages }) => Object.keys(pages));
  const there = new Set(sources);
  const missing = sources.filter((source) => source !== HOME && !isRecord(source) && !placed.includes(source));
  return [
    ...missing.map((source) => `${source} has no place in the navigation: give it one in docs/site/navigation.ts.`),
    ...placed
      .filter((source) => !there.has(source))
      .map((source) => `The navigation leads to ${source}, which is not there.`),
    ...placed.filter((source, at) => placed.indexOf(source) !== at).map((source) => `${source} has two places.`),
  ];
}

const linkOf = (site: string): string => `/${site.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`;

function recordTitle(source: string): string {
  const [, number = '', words = ''] = /(\d{4})-(.*)\.md$/.exec(source) ?? [];
  return number === '' ? 'All records' : `${number} ${words.replace(/-/g, ' ')}`;
}

export function sidebar(): DefaultTheme.SidebarItem[] {
  const pages = sitePages();
  const siteOf = new Map(pages.map(({ source, site }) => [source, site]));
  const items = SECTIONS.map(({ title, folded, pages: own }) => ({
    text: title,
    collapsed: folded === true,
    items: Object.entries(own).map(([source, text]) => ({ text, link: linkOf(siteOf.get(source) ?? source) })),
  }));
  const api = {
    text: 'API, from the code',
    collapsed: true,
    items: apiPages().map(({ site, title }) => ({ text: title, link: linkOf(site) })),
  };
  const records = {
    text: 'Decision records',
    collapsed: true,
    items: pages
      .filter(({ source }) => isRecord(source))
      .map(({ source, site }) => ({ text: recordTitle(source), link: linkOf(site) }))
      .sort((a, b) => Number(b.text === 'All records') - Number(a.text === 'All records')),
  };
  const at = items.findIndex(({ text }) => text === 'Plugins');
  return [...items.slice(0, at), api, ...items.slice(at), records];
}

export const navBar = (): DefaultTheme.NavItem[] => [
  { text: 'Five minutes', link: '/getting-started' },
  { text: 'Recipes', link: '/recipes/' },
  { text: 'Guides', link: '/task-chaining' },
  { text: 'Reference', link: '/reference/cli' },
  { text: 'API', link: '/api/' },
];
