import { type TaskDefinition, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Addition, GrownGraph } from '../../src/definition/grown-graph.ts';
import { TaskGraph } from '../../src/definition/task-graph.ts';

const { definition } = workflow<unknown>('plan')
  .task('a', 'agent')
  .task('b', 'agent', { after: 'a' })
  .task('c', 'agent', { after: 'b' })
  .scope('book', (book) => book.task('pay', 'agent').task('ship', 'agent', { after: 'pay' }), {
    after: 'a',
    forEach: { items: () => [1, 2] },
  })
  .build();

const [model] = definition.tasks;
if (model === undefined) throw new Error('there is no task');

const task = (id: string, ...after: readonly string[]): TaskDefinition => ({ ...model, id, after });
const added = (scope: string, tasks: readonly TaskDefinition[], before: Addition['before'] = []): Addition => ({
  scope,
  tasks,
  before,
  clause: undefined,
  by: { commandId: 'c' },
});

describe('the graph of a run to which tasks were added', () => {
  const base = TaskGraph.of(definition);
  const seen = (graph: TaskGraph, block: string, id: string): readonly string[] => [...graph.names(block, id)].sort();

  it('leaves that of the definition as it is, and is one of its own for each run', () => {
    const one = GrownGraph.around(base);
    one.add(added('', [task('new', 'a')], [{ taskId: 'c', dependency: 'new' }]));
    expect(GrownGraph.around(one)).to.equal(one);
    expect(base.node('new')).to.equal(undefined);
    expect(base.isBefore('new', 'c')).to.equal(false);
    expect(base.node('a')?.dependents).to.deep.equal(['b', 'book']);
    expect(GrownGraph.around(base).node('new')).to.equal(undefined);
  });

  it('knows edges and order through what was added, and forgets it with its block', () => {
    const graph = GrownGraph.around(base);
    graph.add(added('', [task('new', 'b'), task('then', 'new')], [{ taskId: 'c', dependency: 'then' }]));
    const [b, c] = [graph.node('b'), graph.node('c')];
    if (b === undefined || c === undefined) throw new Error('there is no such task');
    expect(graph.dependentsOf('b', b)).to.deep.equal(['c', 'new']);
    expect(graph.dependenciesOf('c', c)).to.deep.equal(['b', 'then']);
    for (const [ancestor, id] of [
      ['a', 'then'],
      ['new', 'c'],
      ['b', 'c'],
      ['a', 'new'],
    ] as const)
      for (let again = 0; again < 2; again += 1)
        expect(graph.isBefore(ancestor, id), `${ancestor}, ${id}`).to.equal(true);
    expect([graph.isBefore('c', 'new'), graph.isBefore('nobody', 'c')]).to.deep.equal([false, false]);
    expect(seen(graph, '', 'c')).to.deep.equal(['a', 'b', 'new', 'then']);
    expect(graph.drop('').map(({ tasks }) => tasks.length)).to.deep.equal([2]);
    expect(graph.node('new')).to.equal(undefined);
    expect(graph.dependenciesOf('c', c)).to.deep.equal(['b']);
    expect(seen(graph, '', 'c')).to.deep.equal(['a', 'b']);
    expect([...graph.changes()]).to.deep.equal([]);
  });

  it('tells the blocks that are items apart, each with what was added to it', () => {
    const graph = GrownGraph.around(base);
    const inner = { ...task('inner'), scope: { tasks: [task('deep')] } };
    graph.add(added('book[0]', [task('new', 'pay'), inner], [{ taskId: 'book[0]/ship', dependency: 'new' }]));
    expect(graph.node('book[0]/new')?.path).to.equal('book[0]/new');
    expect(graph.node('book[1]/new')).to.equal(undefined);
    expect(graph.node('book[1]/ship')?.path).to.equal('book/ship');
    expect(graph.block('book[0]/inner')?.body.ids).to.deep.equal(['deep']);
    expect(seen(graph, 'book[0]', 'ship')).to.deep.equal(['a', 'new', 'pay']);
    expect(seen(graph, 'book[1]', 'ship')).to.deep.equal(['a', 'pay']);
    expect(graph.find('book[0]/inner', 'deep', 'a')).to.include({ levels: 2 });
    expect(graph.find('', 'c', 'book[0]'), 'an item is no task').to.equal(undefined);
    expect([
      graph.hasInside('', 'new'),
      graph.hasInside('book[0]', 'deep'),
      graph.hasInside('book[0]', 'new'),
    ]).to.deep.equal([true, true, false]);
    graph.add(added('book[0]/inner', [task('more', 'deep')]));
    expect(graph.isBefore('deep', 'book[0]/inner/more')).to.equal(true);
    graph.drop('book[0]/inner');
    graph.drop('book[0]');
    expect(graph.hasInside('', 'new')).to.equal(false);
    expect(graph.block('book[0]/inner')).to.equal(undefined);
  });

  it('has something outstanding from when something was added that may be, and afterwards', () => {
    const graph = GrownGraph.around(base);
    expect(graph.hasOutstanding).to.equal(false);
    graph.add(added('', [{ ...task('new'), workflow: { name: 'child' } }]));
    graph.drop('');
    expect(graph.hasOutstanding).to.equal(true);
    expect(base.hasOutstanding).to.equal(false);
  });
});
