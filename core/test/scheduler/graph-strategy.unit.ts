import { graphStrategy } from '@reprise/core';
import {
  type AgentView,
  assignInOrder,
  type ReadyGroup,
  type ReadyTask,
  type SchedulingView,
} from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const agent = (name: string, load = 0, capabilities: readonly string[] = []): AgentView => ({
  name,
  load,
  capabilities,
  rested: false,
});
const task = (taskId: string, wants: Partial<ReadyTask>): ReadyTask => ({
  taskId,
  priority: 0,
  readySince: 0,
  order: 0,
  agent: undefined,
  capability: undefined,
  tried: [],
  ...wants,
});

/** Groups as the engine makes them: by whom the tasks are for. */
function grouped(ready: readonly ReadyTask[]): readonly ReadyGroup[] {
  const groups = new Map<string, ReadyTask[]>();
  for (const [order, one] of ready.entries()) {
    const key = `${one.agent}/${one.capability}`;
    groups.set(key, [...(groups.get(key) ?? []), { ...one, order }]);
  }
  return [...groups.values()].map((tasks) => ({ agent: tasks[0]?.agent, capability: tasks[0]?.capability, tasks }));
}

const view = (
  groups: readonly ReadyGroup[],
  agents: readonly AgentView[],
  { slots = 10, room = () => 10 }: Partial<Pick<SchedulingView, 'slots' | 'room'>> = {},
): SchedulingView => ({
  runId: 'r',
  region: '',
  now: 0,
  groups,
  ready: [],
  slots,
  inFlight: 0,
  agents: new Map(agents.map((one) => [one.name, one])),
  room,
});

describe('the graph strategy', () => {
  it('gives tasks to their agents, in order, as many as there are slots', () => {
    const ready = ['a', 'b', 'c'].map((id) => task(id, { agent: 'x' }));
    expect(graphStrategy.select(view(grouped(ready), [agent('x')], { slots: 2 }))).to.deep.equal([
      { taskId: 'a', agent: 'x' },
      { taskId: 'b', agent: 'x' },
    ]);
  });

  it('gives a capability to the least loaded agent that has it, counting what it just gave; ties by name', () => {
    const ready = ['a', 'b', 'c', 'd'].map((id) => task(id, { capability: 'read' }));
    const agents = [agent('z', 0, ['read']), agent('y', 1, ['read']), agent('other', 0, ['write'])];
    expect(graphStrategy.select(view(grouped(ready), agents)).map((assigned) => assigned.agent)).to.deep.equal([
      'z',
      'y',
      'z',
      'y',
    ]);
  });

  describe('given a task at which agents have failed', () => {
    const agents = [agent('a', 0, ['read']), agent('b', 5, ['read']), agent('c', 9, ['read'])];
    const given = (tried: readonly string[], room?: SchedulingView['room']) =>
      graphStrategy.select(
        view(grouped([task('t', { capability: 'read', tried })]), agents, room === undefined ? {} : { room }),
      )[0]?.agent;

    it('goes to one that has not, however loaded; of several to the least loaded', () => {
      expect([given([]), given(['a']), given(['b', 'a']), given(['c'])]).to.deep.equal(['a', 'b', 'c', 'a']);
    });

    it('goes to the one that failed longest ago, when all have', () => {
      expect([given(['b', 'c', 'a']), given(['c', 'a', 'b'])]).to.deep.equal(['b', 'c']);
    });

    it('goes to one that has, when no other has room', () => {
      const onlyA = (name: string): number => (name === 'a' ? 1 : 0);
      expect(given(['a'], onlyA)).to.equal('a');
    });

    it('does not matter to other tasks of the group', () => {
      const ready = [task('t', { capability: 'read', tried: ['a'] }), task('u', { capability: 'read' })];
      expect(graphStrategy.select(view(grouped(ready), agents))).to.deep.equal([
        { taskId: 't', agent: 'b' },
        { taskId: 'u', agent: 'a' },
      ]);
    });
  });

  it('passes over what nobody can do', () => {
    const ready = [
      task('a', { agent: 'gone' }),
      task('b', { capability: 'fly' }),
      task('c', { agent: 'x' }),
      task('d', {}),
    ];
    expect(graphStrategy.select(view(grouped(ready), [agent('x', 0, ['read'])]))).to.deep.equal([
      { taskId: 'c', agent: 'x' },
    ]);
  });

  it('reads no more of the ready tasks than it needs', () => {
    let read = 0;
    function* many(): Generator<ReadyTask> {
      for (;;) {
        read += 1;
        yield task(`t${read}`, { agent: 'x' });
      }
    }
    const group = () => [{ agent: 'x', capability: undefined, tasks: many() }];
    expect(assignInOrder(view(group(), [agent('x')]), 3)).to.have.length(3);
    expect(read).to.equal(3);
    expect(assignInOrder(view(group(), [agent('x')]), 0)).to.deep.equal([]);
    expect(read).to.equal(3);
  });

  it('takes tasks of all agents by priority, then by when they became ready', () => {
    const ready = [
      task('a', { agent: 'x' }),
      task('b', { agent: 'y' }),
      task('c', { agent: 'x', priority: 5 }),
      task('d', { agent: 'y' }),
    ];
    const groups = grouped(ready).map((group) => ({
      ...group,
      tasks: [...group.tasks].sort((one, other) => other.priority - one.priority || one.order - other.order),
    }));
    const taken = graphStrategy.select(view(groups, [agent('x'), agent('y')], { slots: 3 }));
    expect(taken.map(({ taskId }) => taskId)).to.deep.equal(['c', 'a', 'b']);
  });

  it('passes over an agent without room, and reads no more of what is for it than one task', () => {
    let read = 0;
    function* many(): Generator<ReadyTask> {
      for (;;) {
        read += 1;
        yield task(`t${read}`, { agent: 'full', priority: 1 });
      }
    }
    const groups: readonly ReadyGroup[] = [
      { agent: 'full', capability: undefined, tasks: many() },
      ...grouped([task('other', { agent: 'x' })]),
    ];
    const room = (name: string): number => (name === 'full' ? 2 : 10);
    const taken = graphStrategy.select(view(groups, [agent('full'), agent('x')], { room }));
    expect(taken.map(({ taskId }) => taskId)).to.deep.equal(['t1', 't2', 'other']);
    expect(read).to.equal(3);
  });

  it('gives a capability to whoever has room for it, however loaded', () => {
    const ready = ['a', 'b', 'c'].map((id) => task(id, { capability: 'read' }));
    const agents = [agent('idle', 0, ['read']), agent('busy', 9, ['read'])];
    const room = (name: string, capability?: string): number => (capability !== 'read' ? 0 : name === 'idle' ? 1 : 1);
    const taken = graphStrategy.select(view(grouped(ready), agents, { room }));
    expect(taken.map((assigned) => assigned.agent)).to.deep.equal(['idle', 'busy']);
  });
});
