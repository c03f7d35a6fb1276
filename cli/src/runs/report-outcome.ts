import { formatDuration, type RunView } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import { outcomeLine, outcomeShape } from '../output/json-shapes.ts';
import { notable, shortened } from '../output/notable.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';

/** Says how a run ended: its output on stdout. Returns the exit code. */
export async function reportOutcome(terminal: Terminal, state: RunView, streamed: boolean): Promise<number> {
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
    const more = shortened(state.output ?? null, state.runId);
    if (more !== undefined) await err.line(err.style('dim', more));
  }
  if (state.status === 'failed' && state.error !== undefined) {
    await err.line(`  ${plain(`${state.error.code}: ${state.error.message}`)}`);
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
  const reprise = process.env.npm_command === undefined ? 'reprise' : 'npx reprise';
  const flags = [flagText('--config', where.config), flagText('--store', where.store)].join('');
  const next: (readonly [string, string])[] = [
    [`${reprise} run history ${runId}${flags}`, 'every event of it'],
    [`${reprise} run replay ${runId}${flags}`, 'the run as it unfolded, checked against its record'],
    [`${reprise} workflow graph --run ${runId}${flags}`, 'the workflow as a Mermaid graph, coloured by outcome'],
  ];
  if (failed) next.push([`${reprise} run retry ${runId} --follow${flags}`, 'a new run that goes on from this one']);
  const width = Math.max(...next.map(([command]) => command.length));
  await err.line();
  for (const [command, what] of next) {
    await err.line(`  ${err.style('cyan', command.padEnd(width))}  ${err.style('dim', what)}`);
  }
}

const flagText = (flag: string, value: string | undefined): string =>
  value === undefined ? '' : ` ${flag} ${/^[\w@%+=:,./-]+$/.test(value) ? value : JSON.stringify(value)}`;
