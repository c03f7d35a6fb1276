import {
  BUILT_IN_VIEWS,
  bothOf,
  EVERYTHING,
  MAILBOX_WORKFLOW,
  runsFrom,
  runsWhere,
  withoutMailboxes,
} from '@reprise/core';
import { knownAgents, loadProject } from '../config/load-project.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { type OpenReader, withReader } from '../store/with-reader.ts';
import type { Wanted } from './suggest.ts';

/** Names that are offered at most. */
const MOST = 100;

/** Names of what there is in the store or the project, that begin so. Where neither can be read, there are none: nobody wants to read errors at a prompt. */
export async function namesOf(wanted: Wanted, beginning: string): Promise<readonly string[]> {
  try {
    const names = await find(wanted, beginning);
    return names.filter((name) => name.startsWith(beginning)).slice(0, MOST);
  } catch {
    return [];
  }
}

async function find({ command, kind, before, flags }: Wanted, beginning: string): Promise<readonly string[]> {
  const where = { config: flags['config'], store: flags['store'] };
  const reading = <T>(use: (open: OpenReader) => Promise<T>): Promise<T> => withReader(where, use);
  const ofRun = <T>(use: (open: OpenReader, runId: string) => Promise<T>): Promise<T> =>
    reading(async (open) => use(open, await resolveRun(open.storage, open.reader, before[0] ?? 'last')));
  switch (kind) {
    case 'run':
    case 'a':
    case 'b':
    case '--from':
      return reading(async ({ reader }) => {
        const all = withoutMailboxes(beginning === '' ? EVERYTHING : runsFrom(beginning));
        return ['last', ...(await reader.list({ where: all, limit: MOST })).map(({ runId }) => runId)];
      });
    case 'task':
    case '--task':
    case '--again':
      return ofRun(async ({ reader }, runId) => [...(await reader.state(runId)).tasks.keys()]);
    case 'to':
      return ofRun(async ({ reader }, runId) => {
        const { tasks, mailboxes } = await reader.state(runId);
        return [...tasks.keys(), ...mailboxes.keys()];
      });
    case 'message':
      return ofRun(async ({ reader }, runId) => (await reader.messages(runId)).map(({ id }) => id));
    case 'workflow':
    case '--workflow':
      return (await loadProject(where.config, process.cwd())).workflows.map(({ workflow }) => workflow.definition.name);
    case 'agent':
    case '--agent':
      return knownAgents(await loadProject(where.config, process.cwd())).map(({ name }) => name);
    case 'view':
      return BUILT_IN_VIEWS.map(({ name }) => name);
    case 'name':
      if (command === 'run signal')
        return ofRun(async ({ reader }, runId) =>
          [...(await reader.state(runId)).tasks.values()].flatMap(({ signal, endedAt }) =>
            signal === undefined || endedAt !== undefined ? [] : [signal],
          ),
        );
      if (!command.startsWith('mailbox ')) return [];
      return reading(async ({ reader }) => {
        const open = bothOf(runsWhere('workflow', [MAILBOX_WORKFLOW]), EVERYTHING);
        return (await reader.list({ where: open, limit: MOST })).flatMap(({ labels }) => labels['mailbox'] ?? []);
      });
    default:
      return [];
  }
}
