import {
  type ErrorData,
  explainRun,
  formatDuration,
  isTerminal,
  type Lineage,
  lookForDrivers,
  type RunExplanation,
  type RunSummary,
  systemClock,
} from '@reprise/core';
import { budgetLines } from '../output/budget-lines.ts';
import { explanationShape, heldShape, outcomeShape, successorShape, taskRowShape } from '../output/json-shapes.ts';
import { notable, shortened } from '../output/notable.ts';
import type { RunProgress } from '../output/run-progress.ts';
import { statusText } from '../output/status.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { briefJson, isoTime, localTime, number, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { Holds, type Stuck } from '../store/run-holds.ts';
import { driverLines, driversShape } from '../store/silent-drivers.ts';
import { withReader } from '../store/with-reader.ts';
import { explanationLines, handOverLines } from './explanation-lines.ts';
import { loadProgress } from './load-progress.ts';
import { taskTable } from './task-table.ts';

/** Prints a run: what it is, how its tasks do, what came of it. */
export async function showRun(typed: string, where: Whereabouts, { out, err, json }: Terminal): Promise<void> {
  await withReader(where, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const progress = await loadProgress(reader, runId);
    const { state } = progress;
    const holds = new Holds(where);
    const stuck = await holds.of(state);
    const explained = isTerminal(state.status)
      ? undefined
      : explainRun(state, await holds.factsOf(state, systemClock.now()));
    // Where the run index would have to be built for it, by reading all runs, `run list from:RUN` is there.
    const successors = storage.catalog === undefined ? undefined : await reader.successors(runId);
    const drivers =
      explained === undefined ? { driven: undefined, silent: [], draining: false } : await lookForDrivers(storage);
    if (json) {
      const shape = {
        ...outcomeShape(runId, state),
        updatedAt: isoTime(state.updatedAt),
        revision: state.revision,
        definitionHash: state.definitionHash,
        lineage: state.lineage ?? null,
        successors: successors?.map(successorShape) ?? null,
        parked: state.parked ?? null,
        pausedBy: state.pausedBy,
        held: stuck?.status === 'held' ? heldShape(stuck) : null,
        ...driversShape(drivers),
        input: state.input,
        parent: state.parent ?? null,
        tenant: state.tenant ?? null,
        labels: state.labels,
        budgets: Object.fromEntries(state.budgets),
        explanation: explained === undefined ? null : explanationShape(explained),
        tasks: progress.rows().map(taskRowShape),
      };
      await out.json(shape);
      return;
    }
    for (const line of drawRun(out, progress, successors ?? [], where, stuck, explained)) await out.line(line);
    for (const line of driverLines(err, drivers)) await err.line(line);
  });
}

/** The error with all that its agent gave it. */
function causeText({ code, message, status, details }: ErrorData): string {
  const more = [
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(details === undefined ? [] : [`details ${briefJson(details, 200)}`]),
  ];
  return plain(`${code}: ${message}${more.length === 0 ? '' : ` (${more.join(', ')})`}`);
}

const PAUSERS = { user: 'hand', parent: 'its parent' } as const;

/** Open tasks that are told with their reason; `run explain` tells more. */
const TOLD = 30;

/** Runs that go on from this one that are named. */
const TOLD_SUCCESSORS = 3;

function drawRun(
  screen: Screen,
  progress: RunProgress,
  successors: readonly RunSummary[],
  where: Whereabouts,
  stuck: Stuck | undefined,
  explained: RunExplanation | undefined,
): readonly string[] {
  const { state } = progress;
  const { name, version } = state.definition;
  const facts: (readonly [string, string])[] = [
    ['Run', screen.style('bold', plain(state.runId))],
    ['Workflow', plain(`${name}@${version}`)],
    ['Status', statusText(screen, state.status)],
    ['Started', localTime(state.startedAt)],
    [
      state.endedAt === undefined ? 'Last event' : 'Ended',
      `${localTime(state.updatedAt)} (after ${formatDuration(Math.max(0, state.updatedAt - state.startedAt))})`,
    ],
    ['Events', number(state.revision + 1)],
  ];
  if (state.lineage !== undefined) facts.push(['Goes on from', goesOnFrom(state.lineage)]);
  if (successors.length > 0) facts.push(['Goes on in', goesOnIn(successors, state.runId)]);
  if (state.parent !== undefined)
    facts.push(['Child of', `${plain(state.parent.runId)} (task ${plain(state.parent.taskId)})`]);
  if (state.tenant !== undefined) facts.push(['Tenant', plain(state.tenant)]);
  const labels = Object.entries(state.labels).map(([key, value]) => `${key}=${value}`);
  if (labels.length > 0) facts.push(['Labels', plain(labels.join(', '))]);
  facts.push(['Input', briefJson(state.input, 100)]);
  if (stuck !== undefined)
    facts.push([stuck.status === 'held' ? 'Held' : 'Parked', screen.style('red', plain(stuck.message))]);
  if (state.pausedBy.length > 0) facts.push(['Paused by', state.pausedBy.map((by) => PAUSERS[by]).join(', ')]);
  if (state.cancelReason !== undefined) facts.push(['Reason', plain(state.cancelReason)]);
  if (state.error !== undefined)
    facts.push(['Error', screen.style('red', plain(`${state.error.code}: ${state.error.message}`))]);
  for (let cause = state.error?.cause; cause !== undefined; cause = cause.cause)
    facts.push(['Cause', causeText(cause)]);
  const width = Math.max(...facts.map(([label]) => label.length));
  const lines = facts.map(([label, value]) => `${screen.style('dim', label.padEnd(width))}  ${value}`);
  lines.push('', ...taskTable(screen, progress));
  const spent = budgetLines(state);
  if (spent.length > 0) lines.push('', screen.style('dim', 'Spent'), ...spent);
  if (explained !== undefined && explained.tasks.length > 0)
    lines.push('', screen.style('dim', 'Open'), ...explanationLines(screen, explained.tasks, TOLD, state.runId, where));
  const onTheirWay = handOverLines(screen, explained?.handOver, TOLD, state.runId, where);
  if (onTheirWay.length > 0) lines.push('', ...onTheirWay);
  if (state.status === 'completed') {
    lines.push('', screen.style('dim', 'Output'), ...notable(state.output ?? null).map((line) => `  ${line}`));
    const more = shortened(state.output ?? null, state.runId, where);
    if (more !== undefined) lines.push(screen.style('dim', `  ${more}`));
  }
  return lines;
}

function goesOnFrom({ runId, revision, as, edited }: Lineage): string {
  const how = as === undefined ? `revision ${revision}` : `a ${as}, from revision ${revision} on`;
  return `${plain(runId)} (${edited === true ? `a ${as}, with another input` : how})`;
}

function goesOnIn(successors: readonly RunSummary[], runId: string): string {
  const named = successors.slice(0, TOLD_SUCCESSORS).map((run) => {
    const as = run.from?.as;
    return `${plain(run.runId)} (${as === undefined ? '' : `a ${as}, `}${run.status})`;
  });
  const more = successors.length > named.length ? `, and more: reprise run list from:${plain(runId)}` : '';
  return named.join(', ') + more;
}
