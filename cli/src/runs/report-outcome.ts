import { formatDuration, type RunState } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import { jsonLine, outcomeLine, outcomeShape } from '../output/json-shapes.ts';
import { notable } from '../output/notable.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';

/** Says how a run ended: its output on stdout. Returns the exit code. */
export async function reportOutcome(terminal: Terminal, state: RunState, streamed: boolean): Promise<number> {
  const { out, err, json } = terminal;
  const exit = state.status === 'completed' ? EXIT.ok : EXIT.failed;
  if (json) {
    await out.line(jsonLine(streamed ? outcomeLine(state.runId, state) : outcomeShape(state.runId, state)));
    return exit;
  }
  const took = formatDuration((state.endedAt ?? state.updatedAt) - state.startedAt);
  await err.line(`Run ${err.style('bold', state.runId)} ${statusText(err, state.status)} in ${took}.`);
  if (state.status === 'completed') for (const line of notable(state.output ?? null)) await out.line(line);
  if (state.status === 'failed' && state.error !== undefined) {
    await err.line(`  ${plain(`${state.error.code}: ${state.error.message}`)}`);
  }
  if (state.status === 'cancelled' && state.cancelReason !== undefined)
    await err.line(`  ${plain(state.cancelReason)}`);
  return exit;
}

/** What to try next with a run. */
export async function suggestNext({ err, json }: Terminal, runId: string, failed: boolean): Promise<void> {
  if (json) return;
  const next = [
    [`reprise run history ${runId}`, 'every event of it'],
    [`reprise run replay ${runId}`, 'the run as it unfolded, checked against its record'],
    [`reprise workflow graph --run ${runId}`, 'the workflow as a Mermaid graph, coloured by outcome'],
    ...(failed ? [[`reprise run retry ${runId} --follow`, 'a new run from the results so far']] : []),
  ] as const;
  const width = Math.max(...next.map(([command]) => command?.length ?? 0));
  await err.line('');
  for (const [command = '', what = ''] of next) {
    await err.line(`  ${err.style('cyan', command.padEnd(width))}  ${err.style('dim', what)}`);
  }
}
