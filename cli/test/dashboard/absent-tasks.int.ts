import { createReprise, defineAgent, parseWorkflow, RunFrames } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { runSource } from '../../src/dashboard/run-source.ts';

const WORKFLOW = `
name: later
tasks:
  hold: { wait: { signal: go } }
  block: { after: hold, scope: { inner: { agent: agent } } }
  list: { after: hold, agent: agent, forEach: input.items }
`;

describe('a task that a run of the dashboard does not have', () => {
  it('is said to be planned, to come later, or not to be at all', async () => {
    const agent = defineAgent({ name: 'agent', handle: () => 1 });
    const reprise = await createReprise({ agents: [agent], workflows: [parseWorkflow(WORKFLOW)] });
    await reprise.start();
    try {
      const run = await reprise.startRun('later', { items: [1, 2] }, { id: 'r1' });
      const frames = new RunFrames(reprise.runs);
      const { task } = runSource({ reader: reprise.runs, frames, storage: {} } as never);
      const said = async (id: string, at?: number): Promise<string> => {
        const error: unknown = await task('r1', id, at).catch((reason) => reason);
        expect(error, id).to.have.property('code', 'REPRISE_TASK_UNKNOWN');
        return (error as Error).message;
      };
      expect(await said('block/inner')).to.match(/^Planned/);
      expect(await said('list[1]')).to.match(/^'list' has no items at revision \d+: whether 'list\[1\]' comes/);
      for (const id of ['nope', 'nope[0]', 'block/nope', '__proto__', 'list[x]'])
        expect(await said(id), id).to.equal(
          `Run 'r1' has no task '${id}' at revision ${(await reprise.runs.last('r1')).revision}, and none that is planned.`,
        );
      await run.signal('go', null);
      await run.result();
      for (const id of ['block/inner', 'list[1]']) {
        expect(await task('r1', id, undefined)).to.include({ status: 'completed' });
        expect(await said(id, 0), id).to.match(/^Later/);
      }
      expect(await said('list[2]')).to.match(/has no task 'list\[2\]'/);
    } finally {
      await reprise.stop();
    }
  });
});
