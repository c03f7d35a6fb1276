import { formatDuration, type RunSummary } from '@reprise/core';
import { statusText } from '../output/status.ts';
import { type Column, leastWidth, table } from '../output/table.ts';
import type { Screen } from '../output/terminal.ts';
import { clip, count, localTime, number, plain } from '../output/text.ts';
import { type Awaited, NO_STANDING, type Standing } from '../store/run-holds.ts';

const HOW_FINISHED: readonly string[] = ['completed', 'failed', 'cancelled'];

export const isFinished = ({ status }: RunSummary): boolean => HOW_FINISHED.includes(status);

/** How long it took, or has taken until `now`, in ms. */
export const durationOf = (run: RunSummary, now: number): number =>
  Math.max(0, (isFinished(run) ? run.updatedAt : now) - run.startedAt);

/** Beginnings of ids that are shown where there is no room for the whole: no shorter. */
const SHORT = 12;

/** A column that a list of runs may have. */
interface RunColumn extends Column {
  cell(run: RunSummary): string;
}

/**
 * Lines about runs. Where a terminal has no room for all columns, those that say least are left out, what a run waits for stands below it, and ids are
 * cut to a beginning that no other run of the list has.
 */
export function runTable(
  screen: Screen,
  runs: readonly RunSummary[],
  standing: ReadonlyMap<string, Standing>,
  now: number,
): readonly string[] {
  const of = ({ runId }: RunSummary): Standing => standing.get(runId) ?? NO_STANDING;
  const some = (has: (run: RunSummary) => boolean, column: RunColumn): readonly RunColumn[] =>
    runs.some(has) ? [column] : [];
  const shared: readonly RunColumn[] = [
    { title: 'WORKFLOW', flexible: true, cell: ({ workflow }) => workflow },
    { title: 'STATUS', cell: (run) => statusText(screen, of(run).stuck?.status ?? run.status) },
  ];
  const took: RunColumn = { title: 'TOOK', align: 'right', cell: (run) => formatDuration(durationOf(run, now)) };
  const wide: readonly RunColumn[] = [
    { title: 'RUN', cell: ({ runId }) => runId },
    ...shared,
    ...some((run) => of(run).awaited.length > 0, {
      title: 'WAITS FOR',
      flexible: true,
      cell: (run) => awaitedText(of(run).awaited, now) ?? '-',
    }),
    ...some((run) => (of(run).failedTasks ?? 0) > 0, {
      title: 'FAILED',
      align: 'right',
      cell: (run) => (of(run).failedTasks === undefined ? '?' : number(of(run).failedTasks ?? 0)),
    }),
    { title: 'STARTED', cell: ({ startedAt }) => localTime(startedAt) },
    took,
    { title: 'EVENTS', align: 'right', cell: ({ revision }) => number(revision + 1) },
    ...some(({ tenant }) => tenant !== undefined, {
      title: 'TENANT',
      flexible: true,
      cell: ({ tenant }) => plain(tenant ?? '-'),
    }),
    ...some(({ labels }) => Object.keys(labels).length > 0, { title: 'LABELS', flexible: true, cell: labelsText }),
  ];
  const cellsOf = (columns: readonly RunColumn[]) => runs.map((run) => columns.map(({ cell }) => cell(run)));
  if (!screen.isTTY || leastWidth(wide, cellsOf(wide)) <= screen.columns) return table(screen, wide, cellsOf(wide));
  const whole: readonly RunColumn[] = [{ title: 'RUN', cell: ({ runId }) => runId }, ...shared, took];
  const short = beginnings(runs.map(({ runId }) => runId));
  const cut: readonly RunColumn[] = [{ title: 'RUN', cell: ({ runId }) => short.get(runId) ?? runId }, ...shared, took];
  const narrow = leastWidth(whole, cellsOf(whole)) <= screen.columns ? whole : cut;
  const [head = '', ...lines] = table(screen, narrow, cellsOf(narrow));
  return [head, ...lines.flatMap((line, index) => [line, ...below(screen, of(runs[index] as RunSummary), now)])];
}

/** What of a run has no column, on one line. */
function below(screen: Screen, { awaited, failedTasks = 0 }: Standing, now: number): readonly string[] {
  const waits = awaitedText(awaited, now);
  const parts = [
    ...(failedTasks === 0 ? [] : [`${count(failedTasks, 'task')} failed`]),
    ...(waits === undefined ? [] : [`waits for ${waits}`]),
  ];
  return parts.length === 0 ? [] : [screen.style('dim', clip(`  ${parts.join(', ')}`, screen.columns))];
}

/** By id, the shortest beginning that no other has, of SHORT characters at least. */
function beginnings(ids: readonly string[]): ReadonlyMap<string, string> {
  const sorted = [...new Set(ids)].sort();
  const common = (a: string, b = ''): number => {
    let length = 0;
    while (length < a.length && a[length] === b[length]) length += 1;
    return length;
  };
  return new Map(
    sorted.map((id, index) => {
      const needed = Math.max(common(id, sorted[index - 1]), common(id, sorted[index + 1])) + 1;
      return [id, id.slice(0, Math.max(SHORT, needed))];
    }),
  );
}

function labelsText({ labels }: RunSummary): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '-' : plain(pairs.join(', '));
}

/** People come before signals, and both before what comes by itself. */
const FIRST: readonly Awaited['reason'][] = ['form', 'signal', 'message', 'child', 'rested', 'retry', 'sleep'];

/** The first, in a few words, and how many more there are. */
function awaitedText(awaited: readonly Awaited[], now: number): string | undefined {
  const [first] = awaited.toSorted((one, other) => FIRST.indexOf(one.reason) - FIRST.indexOf(other.reason));
  if (first === undefined) return undefined;
  const words = plain(wordsOf(first, now));
  return awaited.length === 1 ? words : `${words} and ${awaited.length - 1} more`;
}

function wordsOf(one: Awaited, now: number): string {
  const left = (at: number | undefined): string =>
    at === undefined ? '' : ` ${formatDuration(Math.max(0, at - now))}`;
  switch (one.reason) {
    case 'form':
      return `form ${one.taskId} (${one.assignee ?? 'anybody'})`;
    case 'signal':
      return `signal ${one.signal} (${one.taskId})`;
    case 'message':
      return `message in ${one.mailbox} (${one.taskId})`;
    case 'child':
      return `run ${one.run} (${one.taskId})`;
    case 'rested':
      return `agent ${one.agent}, which rests${left(one.until)} (${one.taskId})`;
    case 'retry':
      return `retry of ${one.taskId} in${left(one.at)}`;
    case 'sleep':
      return `time${left(one.until)} (${one.taskId})`;
  }
}
