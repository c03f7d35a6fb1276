import { oneLine, type RunView } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { budgetLines } from '../output/budget-lines.ts';
import { stateShape } from '../output/json-shapes.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { briefJson, isoTime } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { loadProgress } from './load-progress.ts';
import { taskTable } from './task-table.ts';

/** Prints the state that a run's events fold to, at revision `at` or now. With `--json`: all of it, items included. */
export async function showState(
  typed: string,
  flags: Whereabouts & { readonly at?: number | undefined },
  { out, json }: Terminal,
): Promise<void> {
  await withReader(flags, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const progress = await loadProgress(reader, runId, flags.at);
    const { state } = progress;
    assertRevision(state, flags.at);
    if (json) {
      await out.json(stateShape(state));
      return;
    }
    const at = `revision ${state.revision}, ${isoTime(state.updatedAt)}`;
    await out.line(`${out.style('bold', runId)}  ${statusText(out, state.status)}  ${out.style('dim', at)}`);
    await out.line();
    for (const line of taskTable(out, progress)) await out.line(line);
    const results = progress.rows().flatMap(({ id }) => {
      const task = state.tasks.get(id);
      return task?.status === 'completed' ? [`  ${id}  ${briefJson(task.output ?? null, 120)}`] : [];
    });
    await section(out, 'Results so far', results);
    const mailboxes = [...state.mailboxes].flatMap(([name, { messages, waiting }]) => [
      ...messages.slice(0, SHOWN).map(({ from, data, holder }) => {
        const whose = holder === undefined ? '' : `, which ${holder} has`;
        return oneLine(`  ${name}  from ${from}: ${briefJson(data, 80)}${whose}`);
      }),
      ...(messages.length > SHOWN ? [`  ${name}  and ${messages.length - SHOWN} more`] : []),
      ...(waiting.length === 0 ? [] : [`  ${name}  ${waiting.join(', ')} waits`]),
    ]);
    await section(out, 'Messages', mailboxes);
    const topics = [...state.subscriptions].flatMap(([topic, all]) => {
      const some = [...all].slice(0, SHOWN).map(([mailbox, filter]) => {
        const which = filter === undefined ? '' : `, ${briefJson({ ...filter }, 80)}`;
        return oneLine(`  ${topic}  ${mailbox}${which}`);
      });
      return [...some, ...(all.size > SHOWN ? [`  ${topic}  and ${all.size - SHOWN} more`] : [])];
    });
    await section(out, 'Subscriptions', topics);
    await section(out, 'Spent', budgetLines(state));
  });
}

/** Messages of a mailbox that are told one by one. */
const SHOWN = 5;

async function section(out: Terminal['out'], title: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await out.line();
  await out.line(out.style('dim', title));
  for (const line of lines) await out.line(line);
}

/** Throws REPRISE_USAGE when a run has no revision `at`, of which `state` is to be. */
export function assertRevision({ runId, revision }: RunView, at: number | undefined): void {
  if (at !== undefined && at > revision)
    throw usageError(`Run '${runId}' has no revision ${at}; its last one is ${revision}.`);
}
