import { type AgentTask, defineAgent, defineProjection, type Orchestrator, workflow } from '@reprise/core';

// #region versions
const add = defineAgent({
  name: 'add',
  handle: ({ input }: AgentTask<readonly number[]>) => input.reduce((a, b) => a + b, 0),
});

/** Runs that are open go on with what they began with: the old one stays registered until they have ended. */
export const invoiceV1 = workflow<{ readonly items: readonly number[] }>('invoice', { version: '1' })
  .wait('approved', { signal: 'approved' })
  .task('total', add, { after: 'approved', input: ({ input }) => input.items })
  .build();

/** New runs have the new one, which is registered last. */
export const invoiceV2 = workflow<{ readonly items: readonly number[] }>('invoice', { version: '2' })
  .wait('approved', { signal: 'approved', timeout: '7d' })
  .task('total', add, { after: 'approved', input: ({ input }) => input.items })
  .output(({ outputs }) => ({ cents: outputs.total * 100 }))
  .build();
// #endregion

// #region fixed-input
/** The run that failed stays as it is; another one is done with what it should have been given. */
export async function rerun(reprise: Orchestrator, runId: string, input: unknown): Promise<string> {
  const again = await reprise.forkRun(runId, { input, by: 'ops', reason: 'the amount was text' });
  return again.id;
}

/** Nothing that was done is done again, but for what comes after the task whose outcome is replaced. */
export async function replace(reprise: Orchestrator, runId: string, taskId: string, output: unknown): Promise<string> {
  const again = await reprise.retryRun(runId, { outcomes: { [taskId]: output }, by: 'ops' });
  return again.id;
}
// #endregion

// #region explain
/** Why a run does not go on: a sentence, and for each open task what it waits for. */
export async function whyNot(reprise: Orchestrator, runId: string): Promise<readonly string[]> {
  const { summary, tasks } = await reprise.run(runId).explain();
  return [summary, ...tasks.map(({ taskId, waits, moves }) => `${taskId} ${waits}. ${moves}`)];
}
// #endregion

// #region analytics
/** A table of your own, folded from the events of all runs: rebuilt whenever its version changes, queried like the others. */
export const durations = defineProjection<{ runs: number; totalMs: number }>({
  name: 'durations',
  version: 1,
  fields: { runs: { type: 'number', path: ['runs'], about: 'how many have completed' } },
  keyOf: ({ event, run }) => (event.type === 'RunCompleted' ? run.workflow : undefined),
  apply: (row, { time, run }) => ({
    runs: (row?.runs ?? 0) + 1,
    totalMs: (row?.totalMs ?? 0) + time - run.startedAt,
  }),
});

/** Or take the events themselves to where your analysts are: each has its revision, so what is loaded twice is told apart. */
export async function exportRun(reprise: Orchestrator, runId: string): Promise<readonly object[]> {
  const rows: object[] = [];
  for await (const { revision, recorded, event } of reprise.runs.history(runId))
    rows.push({ run: runId, revision, type: event.type, time: recorded.time });
  return rows;
}
// #endregion
