import { readFileSync, writeFileSync } from 'node:fs';

// The part of docs/dashboard.md that shows the pictures is written by the script that takes them: a new view is shown there without anybody thinking of it.

const [BEGIN, END] = ['<!-- pictures: npm run screenshots -->', '<!-- end of the pictures -->'];

/** What a picture shows, in words: they are its text for those who do not see it, too. */
const CAPTIONS: Readonly<Record<string, string>> = {
  overview:
    'Overview: runs by state, the last hour, where the time of attempts goes, latency, failures and the lag of views',
  runs: 'Runs: the query language with suggestions; many runs are paused, cancelled or retried at once, with a look before',
  inbox: 'Inbox: forms that wait for a person, answered there',
  'dead-letters':
    'Dead letters: messages that nobody could do anything with, and why; edited, delivered again, discarded',
  agents: 'Agents: load and failures of each, and who tells whom',
  analytics: 'Analytics: any view, built in or your own, as plot and table, and as CSV and NDJSON',
  workflows: 'Workflows of the project, started by a form from the schema of their input',
  health: 'Health: the store, who drives it, plugins, and how far views are behind',
  'run-graph': 'A run as a graph, beside it why it ended: the root failure apart from what failed because of it',
  'run-timeline': 'Its timeline: when each attempt waited and when it worked',
  'run-flame': 'Its flame graph: where its time went, block by block',
  'run-history': 'Its history, event by event, with who and why',
  'run-messages': 'The messages of its agents, with what became of each',
  'run-decisions':
    'What the strategy of a team decided and why, one by one, with what it remembered then; budgets and refused commands beside',
  'run-logs': 'What its agents logged, by attempt',
  'run-state': 'Its state at any revision: the slider goes back and forth in all tabs',
  'run-cost': 'What it costs, by agent and task, as agents report it, and what its budgets have left',
  diff: 'Two runs side by side, from where they part',
};

const captionOf = (name: string): string => CAPTIONS[name] ?? name.replace(/^run-/, 'A run: ').replaceAll('-', ' ');

/** Writes the pictures into the page. Throws Error when it has no place for them. */
export function showOnPage(page: string, names: readonly string[]): void {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${page} has no lines ${BEGIN} and ${END}.`);
  const shown = names.map((name) => `${captionOf(name)}.\n\n![${captionOf(name)}](images/dashboard/${name}.webp)`);
  writeFileSync(page, `${text.slice(0, from)}${BEGIN}\n\n${shown.join('\n\n')}\n\n${text.slice(to)}`);
}
