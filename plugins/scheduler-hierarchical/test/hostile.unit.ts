import type { Json } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createHierarchicalStrategy } from '../src/index.ts';
import { action, answer, type Bounds, bounds, CODES, fitting, progress, specOf } from './hostile-managers.ts';
import { Failed, type Played, TeamPlay } from './support.ts';

// Every play ends within its bounds, nothing that is decided is refused by the port three times in a row, and the strategy is pure all the while (the play throws
// otherwise).

const strategy = createHierarchicalStrategy();

/** Answers that bring something forward are as many as delegations, ends and rejections allow; each of the others is bounded by itself. */
function mostAsked({ delegations, stalls, resets, nonsense, rejections }: Bounds): number {
  const forward = 3 * (delegations * (rejections + 2) + 1);
  return (nonsense + 1) * (forward + (stalls + 2) * (resets + 1) + forward);
}

function holds(played: Played, limits: Bounds): void {
  if ('code' in played.end) expect(CODES).to.include(played.end.code);
  const added = played.decisions.filter(({ kind }) => kind === 'add');
  expect(added.length).to.be.at.most(limits.delegations);
  for (const { again, role } of played.tasks.values())
    if (role === undefined) expect(again).to.be.at.most(limits.rejections);
  expect(played.asked.filter(({ ask }) => ask === 'replan').length).to.be.at.most(
    (limits.nonsense + 1) * limits.resets,
  );
  expect(played.asked.length).to.be.at.most(mostAsked(limits));
  for (const { left } of played.asked)
    for (const count of Object.values({ ...left, budget: 0 })) expect(count).to.be.at.least(0);
  expect(played.ledger).to.include({ state: 'over' });
}

const worked = (dice: number): Json => {
  if (dice % 4 === 0) throw new Failed('E');
  return dice;
};

describe('hierarchical, whatever its manager says', () => {
  it('ends within its bounds when answers are made up', () => {
    fc.assert(
      fc.property(
        bounds,
        fc.constantFrom('all', 'failed', 'none'),
        fc.array(answer, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 30 }),
        (limits, review, answers, dice) => {
          let turn = 0;
          const roll = (): number => dice[turn++ % dice.length] ?? 0;
          const played = new TeamPlay(strategy, {
            spec: specOf(limits, review),
            // Now and then one that fits, or most plays would be over at once.
            manager: (asked, n) => (roll() % 3 === 0 ? answers[n % answers.length] : fitting(asked, roll(), n)),
            worker: () => worked(roll()),
            next: roll,
          }).play();
          holds(played, limits);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('ends within its bounds when answers fit, and never finish', () => {
    fc.assert(
      fc.property(
        bounds,
        fc.constantFrom('all', 'failed', 'none'),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 50 }),
        fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        fc.constantFrom('add', 'reject', 'none'),
        (limits, review, dice, delegations, refused) => {
          let turn = 0;
          const roll = (): number => dice[turn++ % dice.length] ?? 0;
          const played = new TeamPlay(strategy, {
            spec: specOf(limits, review),
            manager: (asked, n) => fitting(asked, roll(), n),
            worker: () => worked(roll()),
            next: roll,
            refuse: ({ kind, ledger }) =>
              kind === refused && JSON.stringify(ledger).length % 3 === 0 ? 'it cannot be' : undefined,
            around: ['s1', 's3', 's3-2', 'plan-1', 'next-4', 'next-5'],
            ...(delegations !== undefined && { delegations }),
          }).play();
          holds(played, limits);
          expect('code' in played.end).to.equal(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('ends when the manager says the same again and again', () => {
    fc.assert(
      fc.property(bounds, fc.record({ progress, do: fc.array(action, { maxLength: 2 }) }), (limits, same) => {
        const played = new TeamPlay(strategy, {
          spec: specOf(limits, 'all'),
          manager: ({ ask }) => (ask === 'next' ? same : { do: [{ plan: [{ step: 'a', work: 'w', to: 'writer' }] }] }),
          worker: () => 1,
        }).play();
        holds(played, limits);
      }),
      { numRuns: 1_000 },
    );
  });
});
