import { createReprise, defineAgent, type TaskTimesRow, taskTimes, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

describe('the view task-times', () => {
  it('tells of each task and agent how attempts end, how long they work and what they cost', async () => {
    const agent = defineAgent({
      name: 'worker',
      handle: async ({ taskId, attempt }: { taskId: string; attempt: number }, { usage }) => {
        usage({ tokens: 10, cost: 0.5 });
        if (taskId === 'flaky' && attempt === 1) throw new Error('not yet');
        await new Promise((done) => setTimeout(done, 20));
        return [1, 2, 3];
      },
    });
    const definition = workflow('timed')
      .task('flaky', agent, { retry: { maxAttempts: 2, initialDelay: 1 } })
      .task('many', agent, { after: 'flaky', forEach: { items: () => [1, 2, 3] } })
      .build();
    const reprise = await createReprise({ workflows: [definition], projections: [taskTimes] });
    await reprise.start();
    const run = await reprise.startRun(definition, null);
    await run.result();
    // What a fork takes over happened once.
    await (await reprise.forkRun(run.id)).result();
    await reprise.views.reachEnd('task-times', { withinMs: 5000 });
    const { rows } = await reprise.views.list('task-times');
    const found = rows.map(({ row }) => row as TaskTimesRow).toSorted((a, b) => a.task.localeCompare(b.task));
    expect(
      found.map(({ workflow, task, agent, completed, failed, retries, tokens, cost }) => [
        workflow,
        task,
        agent,
        completed,
        failed,
        retries,
        tokens,
        cost,
      ]),
    ).to.deep.equal([
      ['timed', 'flaky', 'worker', 1, 1, 1, 20, 1],
      ['timed', 'many', 'worker', 3, 0, 0, 30, 1.5],
    ]);
    const many = found[1];
    expect(many?.working.count).to.equal(3);
    expect(many?.working.maxMs).to.be.at.least(15);
    expect(Object.values(many?.spread ?? {}).reduce((sum, count) => sum + count, 0)).to.equal(3);
    for (const bucket of Object.keys(many?.spread ?? {})) expect(Number(bucket)).to.be.at.least(16);
    await reprise.stop();
  });

  it('keeps nothing of a run that has ended, however its attempts were cut off', async () => {
    const agent = defineAgent({
      name: 'slow',
      handle: (_task, { signal }) =>
        new Promise((_done, failed) => signal.addEventListener('abort', () => failed(new Error('cut')))),
    });
    const definition = workflow('cut').task('a', agent).build();
    const reprise = await createReprise({ workflows: [definition], projections: [taskTimes] });
    await reprise.start();
    const run = await reprise.startRun(definition, null);
    await new Promise((done) => setTimeout(done, 50));
    await run.cancel('enough');
    await run.result().catch(() => undefined);
    await reprise.views.reachEnd('task-times', { withinMs: 5000 });
    expect(await reprise.views.get('task-times', `~${run.id}`)).to.equal(undefined);
    await reprise.stop();
  });
});
