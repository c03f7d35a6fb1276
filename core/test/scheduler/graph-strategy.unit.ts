import { graphStrategy } from '@reprise/core';
import { type AgentView, assignInOrder, type ReadyTask, type SchedulingView } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const agent = (name: string, load = 0, capabilities: readonly string[] = []): AgentView => ({
  name,
  load,
  capabilities,
});
const task = (taskId: string, wants: Partial<ReadyTask>): ReadyTask => ({
  taskId,
  priority: 0,
  readySince: 0,
  agent: undefined,
  capability: undefined,
  ...wants,
});

const view = (ready: Iterable<ReadyTask>, agents: readonly AgentView[], slots = 10): SchedulingView => ({
  runId: 'r',
  now: 0,
  ready,
  slots,
  inFlight: 0,
  agents: new Map(agents.map((one) => [one.name, one])),
});

describe('the graph strategy', () => {
  it('gives tasks to their agents, in order, as many as there are slots', () => {
    const ready = ['a', 'b', 'c'].map((id) => task(id, { agent: 'x' }));
    expect(graphStrategy.select(view(ready, [agent('x')], 2))).to.deep.equal([
      { taskId: 'a', agent: 'x' },
      { taskId: 'b', agent: 'x' },
    ]);
  });

  it('gives a capability to the least loaded agent that has it, counting what it just gave; ties by name', () => {
    const ready = ['a', 'b', 'c', 'd'].map((id) => task(id, { capability: 'read' }));
    const agents = [agent('z', 0, ['read']), agent('y', 1, ['read']), agent('other', 0, ['write'])];
    expect(graphStrategy.select(view(ready, agents)).map((assigned) => assigned.agent)).to.deep.equal([
      'z',
      'y',
      'z',
      'y',
    ]);
  });

  it('passes over what nobody can do', () => {
    const ready = [
      task('a', { agent: 'gone' }),
      task('b', { capability: 'fly' }),
      task('c', { agent: 'x' }),
      task('d', {}),
    ];
    expect(graphStrategy.select(view(ready, [agent('x', 0, ['read'])]))).to.deep.equal([{ taskId: 'c', agent: 'x' }]);
  });

  it('reads no more of the ready tasks than it needs', () => {
    let read = 0;
    function* many(): Generator<ReadyTask> {
      for (;;) {
        read += 1;
        yield task(`t${read}`, { agent: 'x' });
      }
    }
    expect(assignInOrder(view(many(), [agent('x')]), 3)).to.have.length(3);
    expect(read).to.equal(3);
    expect(assignInOrder(view(many(), [agent('x')]), 0)).to.deep.equal([]);
    expect(read).to.equal(3);
  });
});
