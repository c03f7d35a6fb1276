import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { WorkingAgents } from '../src/working-agents.ts';
import { observed } from './support.ts';

const scheduled = (run: string, taskId: string, agent = 'a'): ReturnType<typeof observed> =>
  observed('TaskScheduled', { at: 1, taskId, attempt: 1, agent }, run);

describe('WorkingAgents', () => {
  it('forgets a task when it ends', () => {
    const agents = new WorkingAgents();
    agents.of(scheduled('r', 't'));
    expect(agents.of(observed('TaskFailed', { at: 1, taskId: 't' }, 'r'))).to.equal('a');
    expect(agents.size).to.equal(0);
    expect(agents.of(observed('TaskFailed', { at: 1, taskId: 't' }, 'r'))).to.equal(undefined);
  });

  it('forgets a run when it ends', () => {
    const agents = new WorkingAgents();
    agents.of(scheduled('r', 't'));
    agents.of(scheduled('r', 'u'));
    agents.of(scheduled('other', 't'));
    agents.of(observed('RunFailed', { at: 1, taskId: 't' }, 'r'));
    expect(agents.size).to.equal(1);
    agents.of(observed('RunCancelled', { at: 1 }, 'other'));
    expect(agents.size).to.equal(0);
  });

  it('never keeps more than its limit, whatever comes', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const event = fc.record({
      type: fc.constantFrom('TaskScheduled', 'TaskScheduled', 'TaskCompleted', 'RunCompleted'),
      run: name,
      task: name,
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const agents = new WorkingAgents(4);
        const model = new Map<string, true>();
        for (const { type, run, task } of events) {
          if (type === 'TaskScheduled') model.set(`${run}/${task}`, true);
          if (type === 'TaskCompleted') model.delete(`${run}/${task}`);
          if (type === 'RunCompleted')
            for (const key of [...model.keys()]) if (key.startsWith(`${run}/`)) model.delete(key);
          agents.of(observed(type, type === 'RunCompleted' ? { at: 1 } : { at: 1, taskId: task, agent: 'x' }, run));
          expect(agents.size).to.be.at.most(Math.min(4, Math.max(model.size, 0)));
          if (type === 'TaskScheduled')
            expect(agents.of(observed('TaskStarted', { at: 1, taskId: task }, run))).to.equal('x');
        }
      }),
    );
  });
});
