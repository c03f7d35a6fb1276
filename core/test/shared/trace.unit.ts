import { createReprise, defineAgent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isTraceparent, traceparentOf } from '../../src/shared/trace.ts';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

describe('trace context', () => {
  it('takes the trace and the flags of its parent, and a span of its own', () => {
    const own = traceparentOf('run', PARENT, 'task/1');
    expect(own).to.match(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
    expect(own).to.not.equal(PARENT);
    expect(traceparentOf('run', PARENT, 'task/2')).to.not.equal(own);
  });

  it('is the same whenever it is derived again, and follows from the run without a parent', () => {
    const own = traceparentOf('run', undefined, 'task/1');
    expect(isTraceparent(own)).to.equal(true);
    expect(traceparentOf('run', undefined, 'task/1')).to.equal(own);
    expect(traceparentOf('other', undefined, 'task/1').slice(3, 35)).to.not.equal(own.slice(3, 35));
  });

  it('refuses what is not a traceparent', () => {
    for (const bad of ['', 'x', PARENT.replace('00-', '01-'), PARENT.replace(/[1-9a-f]/g, '0')]) {
      expect(isTraceparent(bad), bad).to.equal(false);
    }
  });

  it('reaches agents, on every attempt, in the trace that the run was started in', async () => {
    const seen: (string | undefined)[] = [];
    const agent = defineAgent({
      name: 'flaky',
      handle: (task: { readonly input: unknown; readonly attempt: number }, { traceparent }) => {
        seen.push(traceparent);
        if (task.attempt === 1) throw new Error('once');
        return null;
      },
    });
    const traced = workflow('traced', { version: '1' })
      .task('a', agent, { retry: { maxAttempts: 2, initialDelay: 0 } })
      .build();
    const reprise = await createReprise({ workflows: [traced] });
    await reprise.start();
    const run = await reprise.startRun<unknown>('traced', null, { traceparent: PARENT });
    await run.result();
    const refused = await reprise
      .startRun<unknown>('traced', null, { traceparent: 'x' })
      .catch((error: unknown) => error);
    await reprise.stop();
    expect(seen.map((context) => context?.slice(0, 36))).to.deep.equal([PARENT.slice(0, 36), PARENT.slice(0, 36)]);
    expect(new Set(seen).size).to.equal(2);
    expect(refused).to.have.property('code', 'REPRISE_INVALID_ID');
  });
});
