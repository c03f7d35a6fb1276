import type { AttemptsByTask, Query, TimelineAttempt, TimelineRow, Views } from '@reprise/core';

/** Rows of a run that are read at most. */
const MAX_PARTS = 1000;
const PAGE = 200;

/** Every attempt of a run, as the view has them once it is as far as the store, or after a second; `left`: those that it has no room for. */
export async function readAttempts(
  views: Views,
  runId: string,
): Promise<{ readonly tasks: AttemptsByTask; readonly left: number }> {
  await views.reachEnd('timelines', { withinMs: 1000 });
  const tasks = new Map<string, readonly TimelineAttempt[]>();
  let left = 0;
  let after: string | undefined;
  for (let parts = 0; parts < MAX_PARTS; ) {
    const page = await views.list('timelines', {
      where: partsOf(runId),
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const { row } of page.rows) {
      const part = row as TimelineRow;
      for (const [taskId, attempts] of Object.entries(part.tasks)) tasks.set(taskId, attempts);
      left += part.left;
    }
    parts += page.rows.length;
    after = page.next;
    if (after === undefined) break;
  }
  return { tasks: Object.fromEntries(tasks), left };
}

const partsOf = (runId: string): Query => ({
  terms: [{ field: 'run', type: 'text', path: ['run'], operator: ':', values: [{ equals: runId }] }],
});
