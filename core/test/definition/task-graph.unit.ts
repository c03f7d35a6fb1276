import { workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { TaskGraph } from '../../src/definition/task-graph.ts';

const { definition } = workflow<unknown>('plan')
  .fallbackTask('rescue', 'agent')
  .task('a', 'agent')
  .task('b', 'agent', { after: 'a', fallback: { task: 'rescue' } })
  .task('c', 'agent', { after: ['a', 'b'], repeat: { from: 'b', until: () => true, max: 2 } })
  .task('d', 'agent', { after: 'a' })
  .build();

describe('the graph of tasks', () => {
  const graph = TaskGraph.of(definition);

  it('knows who comes after whom', () => {
    expect(graph.node('a')?.dependents).to.deep.equal(['b', 'c', 'd']);
    expect([...graph.ancestors('c')].sort()).to.deep.equal(['a', 'b']);
    expect([...graph.ancestors('a')]).to.deep.equal([]);
    expect([...graph.ancestors('nobody')]).to.deep.equal([]);
  });

  it('leaves fallback tasks out of what must end and of the leaves', () => {
    expect(graph.root.body.leaves).to.deep.equal(['c', 'd']);
    expect(graph.root.body.required).to.equal(4);
    expect(graph.node('rescue')?.fallbackFor).to.equal('b');
  });

  it('knows the segment of a repeat, fallback tasks included', () => {
    expect(graph.node('c')?.segment).to.deep.equal(['rescue', 'b', 'c']);
    expect(graph.node('b')?.repeatedBy).to.equal('c');
    expect(graph.node('a')?.repeatedBy).to.equal(undefined);
  });

  it('is made once for a definition', () => {
    expect(TaskGraph.of(definition)).to.equal(graph);
  });

  it('knows whether one task comes before another', () => {
    for (const [ancestor, id] of [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'c'],
      ['a', 'd'],
    ] as const)
      for (let again = 0; again < 2; again += 1)
        expect(graph.isBefore(ancestor, id), `${ancestor}, ${id}`).to.equal(true);
    for (const [ancestor, id] of [
      ['b', 'a'],
      ['b', 'd'],
      ['a', 'a'],
      ['a', 'rescue'],
      ['nobody', 'a'],
      ['a', 'nobody'],
    ] as const)
      expect(graph.isBefore(ancestor, id), `${ancestor}, ${id}`).to.equal(false);
  });
});
