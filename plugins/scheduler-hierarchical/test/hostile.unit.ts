import type { Json, JsonObject } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createHierarchicalStrategy, type ManagerTask } from '../src/index.ts';
import { Failed, type Played, SPEC, TeamPlay } from './support.ts';

// Managers that lie, stall, repeat themselves, give no JSON, and name what is not there: every play ends within its bounds, nothing that is decided is refused by
// the port three times in a row, and the strategy is pure all the while (the play throws otherwise).

const strategy = createHierarchicalStrategy();

const STEPS = ['a', 'b', 'c', 'plan-1', 'a-2', 'ghost'];
const WORKERS = ['writer', 'critic', 'crew', 'audit', 'nobody'];
const CODES = [
  'REPRISE_TEAM_FAILED',
  'REPRISE_MANAGER_FAILED',
  'REPRISE_MANAGER_NONSENSE',
  'REPRISE_MANAGER_STALLED',
  'REPRISE_DELEGATIONS_EXHAUSTED',
  'REPRISE_BUDGET_EXHAUSTED',
  'REPRISE_DECISION_INVALID',
];

const step = fc.constantFrom(...STEPS);
const worker = fc.constantFrom(...WORKERS);
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> =>
  fc.option(fc.option(value, { nil: null }), { nil: undefined });

const steps = fc.array(
  fc.record(
    {
      step,
      work: fc.string({ minLength: 1, maxLength: 8 }),
      to: maybe(worker),
      after: maybe(fc.array(step, { maxLength: 2 })),
      input: json,
    },
    { requiredKeys: ['step', 'work'] },
  ),
  { maxLength: 4 },
);

const action: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ plan: steps }) },
  { weight: 2, arbitrary: fc.record({ assign: step, to: worker }) },
  { weight: 4, arbitrary: fc.record({ accept: step }) },
  { weight: 4, arbitrary: fc.record({ reject: step, feedback: json }) },
  { weight: 1, arbitrary: fc.record({ replan: steps }) },
  { weight: 1, arbitrary: fc.record({ finish: json }) },
  { weight: 1, arbitrary: fc.record({ finishWith: step }) },
  { weight: 1, arbitrary: json },
);

const progress = fc.record({
  satisfied: fc.constant(false),
  progressing: fc.boolean(),
  looping: fc.boolean(),
  next: fc.string(),
});

const answer: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      { progress, do: fc.array(action, { maxLength: 3 }), facts: json },
      { requiredKeys: ['progress', 'do'] },
    ),
  },
  { weight: 1, arbitrary: json },
  { weight: 1, arbitrary: fc.constant('no JSON at all') },
);

/** An answer to whatever was asked that fits as far as possible: it accepts and rejects what is there, and gives steps to workers that are. */
function fitting({ ask, news, ledger, workers }: ManagerTask, dice: number, n: number): unknown {
  const name = (at: number): string => workers[at % workers.length]?.name ?? '';
  const more = { plan: [{ step: `s${n}`, work: 'more', to: name(dice) }] };
  if (ask !== 'next') return { do: [more] };
  const answers = news.flatMap(({ step, status, review }, index): unknown[] => {
    if (!review) return [];
    if ((dice >> index) % 3 === 0) return [{ reject: step, feedback: n }];
    return status === 'completed' || dice % 2 === 0 ? [{ accept: step }] : [{ assign: step, to: name(dice + 1) }];
  });
  const again = ledger.plan.length > 6 ? { replan: more.plan } : more;
  return {
    progress: { satisfied: false, progressing: dice % 5 !== 0, looping: dice % 7 === 0, next: '' },
    do: [...answers, ...(dice % 4 === 0 ? [again] : [])],
  };
}

interface Bounds {
  readonly delegations: number;
  readonly stalls: number;
  readonly resets: number;
  readonly nonsense: number;
  readonly rejections: number;
}

const bounds: fc.Arbitrary<Bounds> = fc.record({
  delegations: fc.integer({ min: 1, max: 12 }),
  stalls: fc.integer({ min: 0, max: 3 }),
  resets: fc.integer({ min: 0, max: 2 }),
  nonsense: fc.integer({ min: 0, max: 3 }),
  rejections: fc.integer({ min: 0, max: 3 }),
});

const specOf = (limits: Bounds, review: string): JsonObject => ({
  ...SPEC,
  workers: [
    'writer',
    { agent: 'critic', atOnce: 2 },
    { name: 'crew', team: { ...SPEC, name: 'hierarchical' } },
    { workflow: 'audit' },
  ],
  review,
  bounds: { ...limits },
});

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
