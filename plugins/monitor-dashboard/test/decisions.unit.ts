import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type DecisionRow, deciderOf, rowAt, titleOf, whyNone, withPage } from '../ui/pure/decisions.ts';
import { amount, saidOf } from '../ui/pure/text.ts';
import { type BudgetRow, budgetName, budgetText, fullest, shareOf, usedText } from '../ui/pure/usage.ts';

const row = (revision: number, more: Partial<DecisionRow> = {}): DecisionRow => ({
  revision,
  time: 0,
  type: 'DecisionMade',
  group: 'decision',
  kind: 'add',
  scope: '',
  text: '',
  ...more,
});

describe('what was decided in a run', () => {
  it('grows by pages, of which what is known already is left out', () => {
    const known = [row(2), row(5)];
    expect(withPage(known, [row(5), row(9)]).map(({ revision }) => revision)).to.deep.equal([2, 5, 9]);
    expect(withPage(known, [row(5)])).to.equal(known);
    expect(withPage(known, [])).to.equal(known);
    expect(withPage([], [row(0)])).to.have.length(1);
  });

  it('has a last one up to any revision', () => {
    const rows = [row(2), row(5), row(9)];
    expect([0, 1, 2, 4, 5, 8, 9, 99].map((revision) => rowAt(rows, revision))).to.deep.equal([
      -1, -1, 0, 0, 1, 1, 2, 2,
    ]);
    expect(rowAt([], 5)).to.equal(-1);
  });

  it('is said in a few words: what, to whom, by whom', () => {
    const told = (more: Partial<DecisionRow>) => `${titleOf(row(0, more))} | ${deciderOf(row(0, more))}`;
    expect(told({ kind: 'assign', to: 'writer', strategy: 'hierarchical', scope: 'team' })).to.equal(
      'assign to writer | hierarchical of team',
    );
    expect(told({ kind: 'ask', role: 'manager', to: 'lead', strategy: 'hierarchical' })).to.equal(
      'ask as manager to lead | hierarchical',
    );
    expect(told({ type: 'DecisionRefused', kind: 'fly', strategy: 'x' })).to.equal('refused: fly | x');
    expect(told({ kind: 'announce', about: 'team/draft', strategy: 'autonomous', scope: 'team' })).to.equal(
      'announce about team/draft | autonomous of team',
    );
    expect(told({ type: 'BudgetReached', group: 'budget', kind: 'budget reached', to: 'writer' })).to.equal(
      'budget reached for writer | budget of the run',
    );
    expect(told({ type: 'BudgetAsked', group: 'budget', kind: 'ask for more', to: 'ann', scope: 'a' })).to.equal(
      'ask for more to ann | budget of a',
    );
    expect(told({ type: 'CommandRejected', group: 'command', kind: 'CompleteTask', by: 'ann' })).to.equal(
      'refused: CompleteTask | ann',
    );
    expect(told({ type: 'CommandRejected', group: 'command', kind: 'CompleteTask' })).to.match(/a program$/);
  });

  it('is nothing for a reason that is told', () => {
    expect(whyNone('graph')).to.match(/^The strategy graph decides nothing/);
    expect(whyNone(undefined)).to.equal(whyNone('graph'));
    expect(whyNone(null)).to.equal(whyNone('graph'));
    expect(whyNone('sequential')).to.match(/^The strategy sequential decides nothing/);
    expect(whyNone({ name: 'hierarchical', goal: 'x' })).to.equal(
      'The strategy hierarchical has not decided anything yet.',
    );
  });
});

describe('what was used', () => {
  it('is said where an agent reports it, and not where none does', () => {
    expect(usedText({ tokens: 0, cost: 0, reported: 0 })).to.equal('');
    expect(usedText({ tokens: 1200, cost: 0.02, reported: 1 })).to.equal('1,200 tokens · cost 0.02');
    expect(usedText({ tokens: 0, cost: 0.000_001, reported: 1 })).to.equal('cost 0.000001');
    expect(usedText({ tokens: 5, cost: 0, reported: 3 })).to.equal('5 tokens');
    expect(usedText({ tokens: 0, cost: 0, reported: 3 })).to.equal('nothing used');
    expect(amount(0.1 + 0.2)).to.equal('0.3');
  });

  it('is held against budgets, the fullest first', () => {
    const one = (more: Partial<BudgetRow>): BudgetRow => ({
      scope: '',
      kind: 'tokens',
      limit: 100,
      spent: 10,
      ...more,
    });
    const budgets = [one({}), one({ scope: 'a', reserved: 80 }), one({ agent: 'w', kind: 'cost', limit: 0 })];
    expect(fullest(budgets).map(budgetName)).to.deep.equal(['cost of the run, w', 'tokens of a', 'tokens of the run']);
    expect(budgets.map(shareOf)).to.deep.equal([0.1, 0.9, 1]);
    expect(shareOf(one({ spent: 500 }))).to.equal(1);
    expect(budgets.map(budgetText)).to.deep.equal(['10 of 100 spent', '10 of 100 spent, 80 reserved', '10 of 0 spent']);
  });
});

describe('what an event says', () => {
  it('has who and why, where somebody said so, once', () => {
    expect(saidOf({ text: 'x' })).to.equal('x');
    expect(saidOf({ text: '', by: 'ann' })).to.equal('(by ann)');
    expect(saidOf({ text: 'the budget', by: 'ann', reason: 'the budget' })).to.equal('(by ann: the budget)');
    expect(saidOf({ text: 'cancel', by: 'ann', reason: 'too late' })).to.equal('cancel (by ann: too late)');
    expect(saidOf({ text: 'x', reason: 'y' })).to.equal('x (y)');
  });
});
