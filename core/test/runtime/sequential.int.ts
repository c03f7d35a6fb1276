import { defineAgent, workflow } from '@reprise/core';
import { simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { orchestrators } from './support.ts';

const inOrder = () =>
  workflow<number[]>('in-order', { strategy: 'sequential' })
    .task('each', 'worker', {
      forEach: ({ input }) => input,
      retry: { maxAttempts: 3, initialDelay: '1m', jitter: 0 },
    })
    .task('urgent', 'worker', { priority: 1 })
    .task('other', 'other')
    .task('last', 'worker', { after: ['each', 'other'] })
    .build();

describe('strategy: sequential, through the engine', () => {
  const { start } = orchestrators();

  it('has one attempt under way at a time, over retries of a minute, in the same order whatever agents take', async () => {
    for (const slow of ['worker', 'other']) {
      let underWay = 0;
      let most = 0;
      const order: string[] = [];
      const { outcome, calls, history } = await simulate(inOrder(), {
        input: [1, 2, 3],
        agents: {
          worker: async ({ taskId, attempt }, { sleep }) => {
            await sleep(slow === 'worker' ? '10m' : '1s');
            if (taskId === 'each[1]' && attempt === 1) throw Object.assign(new Error('busy'), { code: 'BUSY' });
            return taskId;
          },
          other: { delay: slow === 'other' ? '10m' : '1s', output: 'other' },
        },
      });
      for (const event of history) {
        if (event.type === 'TaskScheduled') {
          order.push(event.taskId);
          underWay += 1;
        }
        if (event.type === 'TaskCompleted' && event.via === 'agent') underWay -= 1;
        if (event.type === 'TaskAttemptFailed') underWay -= 1;
        most = Math.max(most, underWay);
      }
      expect(outcome.status).to.equal('completed');
      expect(most).to.equal(1);
      expect(calls).to.have.length(order.length);
      expect(order).to.deep.equal(['urgent', 'each[0]', 'each[1]', 'each[1]', 'each[2]', 'other', 'last']);
    }
  });

  it('goes through child runs one after the other', async () => {
    const seen: string[] = [];
    const echo = defineAgent({
      name: 'echo',
      handle: async ({ runId, input }: { runId: string; input: string }) => {
        seen.push(runId.startsWith('top') ? 'own' : input);
        return input;
      },
    });
    const child = workflow<string>('child').task('say', echo).build();
    const top = workflow<string>('top', { strategy: 'sequential' })
      .workflow('one', child, { input: () => 'first' })
      .workflow('two', child, { input: () => 'second' })
      .task('own', echo)
      .build();
    const reprise = await start({ workflows: [top, child] });
    const run = await reprise.startRun(top, 'in', { id: 'top-1' });
    expect(await run.result()).to.deep.include({ own: 'in' });
    expect(seen).to.deep.equal(['first', 'second', 'own']);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });
});
