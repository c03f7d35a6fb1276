import {
  type CriticalPath,
  criticalPath,
  type ErrorData,
  explainRun as explain,
  isTerminal,
  lookForDrivers,
  RunAttempts,
  type RunExplanation,
  type RunReader,
  type RunView,
  silentSummary,
  systemClock,
} from '@reprise/core';
import { commandText } from '../output/command-text.ts';
import { fixOf } from '../output/fix-of.ts';
import { explanationShape } from '../output/json-shapes.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { clip, pad, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { Holds } from '../store/run-holds.ts';
import { driverLines, driversShape } from '../store/silent-drivers.ts';
import { withReader } from '../store/with-reader.ts';
import { criticalPathLines, criticalPathShape } from './critical-path-lines.ts';
import { handOverLines } from './explanation-lines.ts';

/** Open tasks that are told; all of them are in the JSON. */
const TOLD = 100;
const MOST_ID = 40;

/**
 * Prints why a run does not end, or why it ended. From the store, and from what the project of the configuration has: a process that drives the
 * runs may have other agents.
 */
export async function explainRun(
  typed: string,
  where: Whereabouts,
  terminal: Terminal,
  { path: asksForPath = false }: { readonly path?: boolean } = {},
): Promise<void> {
  await withReader(where, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const state = await reader.state(runId);
    const ended = isTerminal(state.status);
    const drivers = ended ? { driven: undefined, silent: [], draining: false } : await lookForDrivers(storage);
    const { driven, draining } = drivers;
    const [silent] = drivers.silent.map(silentSummary);
    const facts = await new Holds(where).factsOf(state, systemClock.now(), !ended);
    const agentsKnown = facts.takers !== undefined;
    const explained = explain(state, { ...facts, driven, draining, silent });
    const path = asksForPath ? await pathOf(reader, state) : undefined;
    const { out, err, json } = terminal;
    if (json) {
      const { name, version } = state.definition;
      const { revision, status } = state;
      const head = {
        runId,
        workflow: name,
        version,
        status,
        revision,
        driven: driven ?? null,
        ...driversShape(drivers),
        agentsKnown,
      };
      await out.json({
        ...head,
        ...explanationShape(explained),
        ...(path === undefined ? {} : { criticalPath: criticalPathShape(path) }),
      });
      return;
    }
    await out.line(`${out.style('bold', plain(runId))}  ${statusText(out, state.status)}`);
    await out.line(plain(explained.summary));
    for (const line of failureLines(explained)) await out.line(line);
    for (const line of standInLines(terminal, explained)) await out.line(line);
    for (const line of taskLines(terminal, explained)) await out.line(line);
    const onTheirWay = handOverLines(out, explained.handOver, TOLD, runId, where);
    for (const line of onTheirWay.length === 0 ? [] : ['', ...onTheirWay]) await out.line(line);
    if (explained.failure !== undefined && ended)
      await out.line(`Fix          ${plain(fixOf(runId, explained.failure))}`);
    for (const line of path === undefined ? [] : criticalPathLines(terminal, path)) await out.line(line);
    if (ended) {
      if (state.status === 'completed') return;
      const retry = commandText(`run retry ${runId}`, where);
      await err.line(err.style('dim', `To go on from it, in a new run: ${retry}`));
      return;
    }
    const known = agentsKnown
      ? 'Who takes tasks is told by the agents of this configuration; a process elsewhere may have others.'
      : 'No configuration says which agents there are, so a task that nobody takes is told as ready.';
    await err.line(err.style('dim', known));
    // The summary says that it is stopping.
    for (const line of driverLines(err, { ...drivers, draining: false })) await err.line(line);
    if (driven === false || draining) await err.line(goOn(explained, where));
  });
}

async function pathOf(reader: RunReader, state: RunView): Promise<CriticalPath> {
  const attempts = new RunAttempts();
  for await (const { event, revision } of reader.history(state.runId)) {
    if (revision > state.revision) break;
    attempts.fold(event);
  }
  return criticalPath(state, attempts.tasks, { now: systemClock.now() });
}

/** A process that drives the run helps only where somebody it knows takes what the run waits for. */
const goOn = ({ waitsFor }: RunExplanation, where: Whereabouts): string =>
  waitsFor.length > 0 && waitsFor.every(({ reason }) => reason === 'nobody')
    ? 'Nobody of this configuration takes what the run waits for. To have it go on: drive it where somebody does'
    : `To have the run go on: ${commandText('worker start', where)}`;

function failureLines({ failure }: RunExplanation): readonly string[] {
  if (failure === undefined) return [];
  const { path, error } = failure;
  const lines = path.length > 1 ? [`Failed       ${plain(path.join(' › '))}`] : [];
  for (let at: ErrorData | undefined = error.cause; at !== undefined; at = at.cause)
    lines.push(`Cause        ${plain(`${at.code}: ${clip(at.message, 300)}`)}`);
  return lines.length === 0 ? [] : ['', ...lines];
}

function standInLines({ out }: Terminal, { standIns = [] }: RunExplanation): readonly string[] {
  if (standIns.length === 0) return [];
  const head = ['', out.style('dim', 'What failed, and a value stands in for')];
  return [
    ...head,
    ...standIns.map(
      ({ taskId, error: { code, message } }) =>
        `  ${out.style('bold', plain(taskId))}  ${plain(`${code}: ${clip(message, 300)}`)}`,
    ),
  ];
}

/** What somebody or something outside of the run moves comes first, each with what would move it; then what waits for that. */
function taskLines({ out }: Terminal, { tasks, waitsFor }: RunExplanation): readonly string[] {
  const roots = new Set(waitsFor);
  const others = tasks.filter((one) => !roots.has(one));
  const lines: string[] = [];
  const width = Math.min(MOST_ID, Math.max(0, ...tasks.slice(0, TOLD).map(({ taskId }) => taskId.length)));
  for (const [title, part] of [
    ['What the run waits for', waitsFor],
    ['What waits for that', others],
  ] as const) {
    if (part.length === 0) continue;
    lines.push('', out.style('dim', title));
    for (const { taskId, count, waits, moves } of part.slice(0, TOLD)) {
      const name = count > 1 ? `${taskId} (and ${count - 1} like it)` : taskId;
      const head = out.style('bold', pad(plain(name), width));
      lines.push(`  ${head}  ${plain(waits)}. ${out.style('dim', plain(moves))}`);
    }
    const left = part.length - TOLD;
    if (left > 0) lines.push(out.style('dim', `  and ${left} more; --json has all`));
  }
  return lines;
}
