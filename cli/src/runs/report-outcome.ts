import { formatDuration, type RunView, taskPaths } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import { commandText } from '../output/command-text.ts';
import type { Failures } from '../output/failures.ts';
import { outcomeLine, outcomeShape } from '../output/json-shapes.ts';
import { notable, shortened } from '../output/notable.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';

export interface Reporting {
  /** Events were printed, one JSON a line. */
  readonly streamed: boolean;
  /** Why it failed or was cancelled stands there already. */
  readonly told?: boolean;
  /** Where agents of this process failed. */
  readonly failures?: Failures;
}

/** Tasks of the definition that failed. */
const failedTasks = ({ tasks, rules }: RunView): readonly string[] => [
  ...new Set(
    [...tasks.values()].filter(({ status }) => status === 'failed').map(({ id }) => taskPaths(rules).definition(id)),
  ),
];

/** Says how a run ended: its output on stdout. Returns the exit code. */
export async function reportOutcome(
  terminal: Terminal,
  state: RunView,
  where: Whereabouts,
  { streamed, told = false, failures }: Reporting,
): Promise<number> {
  const { out, err, json } = terminal;
  const exit = state.status === 'completed' ? EXIT.ok : EXIT.failed;
  if (json) {
    await out.json(streamed ? outcomeLine(state.runId, state) : outcomeShape(state.runId, state));
    return exit;
  }
  const took = formatDuration(Math.max(0, (state.endedAt ?? state.updatedAt) - state.startedAt));
  await err.line(`Run ${err.style('bold', state.runId)} ${statusText(err, state.status)} in ${took}.`);
  if (state.status === 'completed') {
    for (const line of notable(state.output ?? null)) await out.line(line);
    const more = shortened(state.output ?? null, state.runId, where);
    if (more !== undefined) await err.line(err.style('dim', more));
  }
  if (told) return exit;
  if (state.status === 'failed' && state.error !== undefined) {
    await err.line(`  ${plain(`${state.error.code}: ${state.error.message}`)}`);
    const frame = failedTasks(state)
      .map((task) => failures?.frameOf(state.runId, task))
      .find((one) => one !== undefined);
    if (frame !== undefined) await err.line(`  ${frame}`);
  }
  if (state.status === 'cancelled' && state.cancelReason !== undefined)
    await err.line(`  ${plain(state.cancelReason)}`);
  return exit;
}

/** What to try next with a run, spelled so that it works from here. */
export async function suggestNext(
  { err, json }: Terminal,
  runId: string,
  failed: boolean,
  where: Whereabouts,
): Promise<void> {
  if (json) return;
  const next: (readonly [string, string])[] = [
    [commandText(`run history ${runId}`, where), 'every event of it'],
    [commandText(`run replay ${runId}`, where), 'the run as it unfolded, checked against its record'],
    [commandText(`run graph ${runId}`, where), 'the run as a Mermaid graph, coloured by outcome'],
  ];
  if (failed) next.push([commandText(`run retry ${runId} --follow`, where), 'a new run that goes on from this one']);
  const width = Math.max(...next.map(([command]) => command.length));
  await err.line();
  for (const [command, what] of next) {
    await err.line(`  ${err.style('cyan', command.padEnd(width))}  ${err.style('dim', what)}`);
  }
}
