import type { Json, JsonObject } from '@reprise/core/plugin';
import fc from 'fast-check';
import type { ManagerTask } from '../src/index.ts';
import { SPEC } from './support.ts';

// Managers that lie, stall, repeat themselves, give no JSON, and name what is not there.

const STEPS = ['a', 'b', 'c', 'plan-1', 'a-2', 'ghost'];
const WORKERS = ['writer', 'critic', 'crew', 'audit', 'nobody'];
export const CODES = [
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

export const action: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ plan: steps }) },
  { weight: 2, arbitrary: fc.record({ assign: step, to: worker }) },
  { weight: 4, arbitrary: fc.record({ accept: step }) },
  { weight: 4, arbitrary: fc.record({ reject: step, feedback: json }) },
  { weight: 1, arbitrary: fc.record({ replan: steps }) },
  { weight: 1, arbitrary: fc.record({ finish: json }) },
  { weight: 1, arbitrary: fc.record({ finishWith: step }) },
  { weight: 1, arbitrary: json },
);

export const progress = fc.record({
  satisfied: fc.constant(false),
  progressing: fc.boolean(),
  looping: fc.boolean(),
  next: fc.string(),
});

export const answer: fc.Arbitrary<unknown> = fc.oneof(
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
export function fitting({ ask, news, ledger, workers }: ManagerTask, dice: number, n: number): unknown {
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

export interface Bounds {
  readonly delegations: number;
  readonly stalls: number;
  readonly resets: number;
  readonly nonsense: number;
  readonly rejections: number;
}

export const bounds: fc.Arbitrary<Bounds> = fc.record({
  delegations: fc.integer({ min: 1, max: 12 }),
  stalls: fc.integer({ min: 0, max: 3 }),
  resets: fc.integer({ min: 0, max: 2 }),
  nonsense: fc.integer({ min: 0, max: 3 }),
  rejections: fc.integer({ min: 0, max: 3 }),
});

export const specOf = (limits: Bounds, review: string): JsonObject => ({
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
