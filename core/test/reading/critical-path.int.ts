import {
  createReprise,
  criticalPath,
  criticalPaths,
  defineAgent,
  type Orchestrator,
  RunAttempts,
  timelines,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Works for as long as its task is called: `ms30`. */
const worker = defineAgent({
  name: 'worker',
  handle: async ({ taskId, attempt }: { taskId: string; attempt: number }) => {
    await pause(Number(/ms(\d+)/.exec(taskId)?.[1] ?? 1));
    if (taskId.includes('flaky') && attempt === 1) throw new Error('not yet');
    return [1, 2];
  },
});

async function pathIn(reprise: Orchestrator, runId: string) {
  const state = await reprise.runs.state(runId);
  const attempts = new RunAttempts();
  for await (const { event } of reprise.runs.history(runId)) attempts.fold(event);
  return criticalPath(state, attempts.tasks);
}

describe('the critical path of runs', () => {
  it('is that of the run, through blocks, lists, retries and sleeps; its view sums it up', async () => {
    const definition = workflow('dinner')
      .task('quick-ms1', worker)
      .task('slow-ms60', worker)
      .task('flaky-ms10', worker, { after: ['quick-ms1', 'slow-ms60'], retry: { maxAttempts: 2, initialDelay: 30 } })
      .scope('block', (block) => block.task('in-ms5', worker).sleep('rest', { for: 40 }, { after: 'in-ms5' }), {
        after: 'flaky-ms10',
      })
      .task('each-ms10', worker, { after: 'block', forEach: { items: () => [1, 2] } })
      .build();
    const reprise = await createReprise({ workflows: [definition], projections: [criticalPaths, timelines] });
    await reprise.start();
    const run = await reprise.startRun(definition, null);
    await run.result();
    const path = await pathIn(reprise, run.id);
    const ids = path.links.map(({ taskId, attempt }) => `${taskId}#${attempt}`);
    expect(ids.slice(0, 5)).to.deep.equal([
      'slow-ms60#1',
      'flaky-ms10#1',
      'flaky-ms10#2',
      'block/in-ms5#1',
      'block/rest#1',
    ]);
    expect(ids[5]).to.match(/^each-ms10\[[01]\]#1$/);
    const parts = new Map(path.links.map(({ taskId, attempt, parts }) => [`${taskId}#${attempt}`, parts]));
    expect(parts.get('flaky-ms10#2')?.map(({ part }) => part)).to.include('retrying');
    expect(parts.get('block/rest#1')?.map(({ part }) => part)).to.deep.equal(['outside']);
    const state = await run.state();
    expect(path.workingMs + path.waitingMs + path.restMs).to.equal((state.endedAt ?? 0) - state.startedAt);
    expect(path.waitingMs).to.be.at.least(65);
    expect(path.workingMs).to.be.at.least(60);

    await reprise.views.reachEnd('critical-paths', { withinMs: 5000 });
    const { rows } = await reprise.views.list('critical-paths');
    const told = Object.fromEntries(rows.map(({ row }) => [row['task'], row]));
    expect(Object.keys(told).toSorted()).to.deep.equal([
      'block/in-ms5',
      'block/rest',
      'each-ms10',
      'flaky-ms10',
      'slow-ms60',
    ]);
    const sums = rows.map(({ row }) => [row['working'], row['waiting']] as { sumMs: number }[]);
    expect(sums.flat().reduce((sum, { sumMs }) => sum + sumMs, 0)).to.equal(path.workingMs + path.waitingMs);
    // A fork's time is not its own.
    await (await reprise.forkRun(run.id)).result();
    await reprise.views.reachEnd('critical-paths', { withinMs: 5000 });
    expect((await reprise.views.list('critical-paths')).rows.map(({ row }) => row['runs'])).to.deep.equal([
      1, 1, 1, 1, 1,
    ]);
    await reprise.stop();
  });
});
