import { workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ancestorsOf, planOf } from '../../src/orchestration/task-chaining/plan.ts';

const { definition } = workflow<unknown>('plan')
  .fallbackTask('rescue', 'agent')
  .task('a', 'agent')
  .task('b', 'agent', { after: 'a', fallback: { task: 'rescue' } })
  .task('c', 'agent', { after: ['a', 'b'], repeat: { from: 'b', until: () => true, max: 2 } })
  .task('d', 'agent', { after: 'a' })
  .build();

describe('a plan', () => {
  const plan = planOf(definition);

  it('knows who comes after whom', () => {
    expect(plan.tasks.get('a')?.dependents).to.deep.equal(['b', 'c', 'd']);
    expect([...ancestorsOf(plan, 'c')].sort()).to.deep.equal(['a', 'b']);
    expect([...ancestorsOf(plan, 'a')]).to.deep.equal([]);
    expect([...ancestorsOf(plan, 'nobody')]).to.deep.equal([]);
  });

  it('leaves fallback tasks out of what must end and of the leaves', () => {
    expect(plan.leaves).to.deep.equal(['c', 'd']);
    expect(plan.required).to.equal(4);
    expect(plan.tasks.get('rescue')?.fallbackFor).to.equal('b');
  });

  it('knows the segment of a repeat, fallback tasks included', () => {
    expect(plan.tasks.get('c')?.segment).to.deep.equal(['rescue', 'b', 'c']);
    expect(plan.tasks.get('b')?.repeatedBy).to.equal('c');
    expect(plan.tasks.get('a')?.repeatedBy).to.equal(undefined);
  });

  it('is made once for a definition', () => {
    expect(planOf(definition)).to.equal(plan);
  });
});
