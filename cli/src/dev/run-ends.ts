import { definePlugin, isEnd, MAILBOX_WORKFLOW, type Plugin, type RunEnd, type RunReader } from '@reprise/core';
import type { EndedRun } from './messages.ts';

const ENDS: ReadonlySet<string> = new Set<RunEnd['type']>(['RunCompleted', 'RunFailed', 'RunCancelled']);

/** Tells of each run that ends. `reader` is there once events come. */
export const runEnds = (reader: () => RunReader | undefined, tell: (run: EndedRun) => void): Plugin<'monitor'> =>
  definePlugin({
    name: 'dev-run-ends',
    kind: 'monitor',
    create: () => ({
      name: 'dev-run-ends',
      onEvent: async ({ runId, event }) => {
        const runs = reader();
        if (!ENDS.has(event.type) || runs === undefined) return;
        const run = await endedRun(runs, runId);
        if (run !== undefined) tell(run);
      },
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    }),
  });

/** By its first event and its last: a run may have begun in another process, or days ago. */
async function endedRun(runs: RunReader, runId: string): Promise<EndedRun | undefined> {
  const { event: last, recorded } = await runs.last(runId);
  if (!isEnd(last)) return undefined;
  for await (const { event, recorded: first } of runs.history(runId)) {
    if (event.type !== 'RunStarted' || event.definition.name === MAILBOX_WORKFLOW) return undefined;
    const ms = Math.max(0, recorded.time - first.time);
    return { runId, workflow: event.definition.name, ms, ...endOf(last) };
  }
  return undefined;
}

function endOf(end: RunEnd): Pick<EndedRun, 'status' | 'why'> {
  if (end.type === 'RunCompleted') return { status: 'completed' };
  if (end.type === 'RunFailed') return { status: 'failed', why: `${end.error.code}: ${end.error.message}` };
  return { status: 'cancelled', ...(end.reason === undefined ? {} : { why: end.reason }) };
}
