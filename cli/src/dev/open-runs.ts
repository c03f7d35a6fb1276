import { OPEN_RUNS, type RunReader, withoutMailboxes } from '@reprise/core';
import type { Project } from '../config/load-project.ts';
import { handsOf } from '../store/run-holds.ts';
import { verdictOf } from '../workflows/verdict-of.ts';
import type { OpenRunsReport } from './messages.ts';

/** Open runs whose histories are read: each costs its length. */
const MOST_RUNS = 200;
/** Runs that are named. */
const NAMED = 5;

/** What becomes of the newest open runs with what the project has now, as `workflow compat` says it. */
export async function openRunsWith(project: Project, runs: RunReader): Promise<OpenRunsReport> {
  const hands = handsOf(project);
  const open = await runs.list({ where: withoutMailboxes(OPEN_RUNS), limit: MOST_RUNS + 1 });
  const stuck: { runId: string; workflow: string; why: string }[] = [];
  let asRecorded = 0;
  for (const { runId } of open.slice(0, MOST_RUNS)) {
    const { next, why = '', workflow, changes } = await verdictOf(runs, runId, hands);
    if (next === 'held' || next === 'unreadable') stuck.push({ runId, workflow, why });
    else if (next === 'goes-on' && changes.some(({ taken }) => !taken)) asRecorded += 1;
  }
  return {
    runs: Math.min(open.length, MOST_RUNS),
    more: open.length > MOST_RUNS,
    asRecorded,
    stuck: stuck.slice(0, NAMED),
    stuckRuns: stuck.length,
  };
}
