import type { Json, JsonObject } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createAutonomousStrategy } from '../src/index.ts';
import { type Deed, type Own, type Played, type Script, TeamPlay } from './team-play.ts';

// Members that lie, stall, bid wrongly, hand off in circles, never claim and throw: every play ends within its bounds, and `select` is pure in each of its
// askings. TeamPlay throws otherwise.

const NAMES = ['ann', 'bob', 'cid', 'dan', 'eve'];
const CODES = ['BUDGET_EXHAUSTED', 'TEAM_FAILED'];

const play = (script: Script): Played => new TeamPlay(createAutonomousStrategy(), script).play();
const codeOf = ({ end }: Played): string => ('code' in end ? end.code.replace('REPRISE_', '') : 'none');

/** Numbers below what is asked for, as fast-check has them; once they are used up, always the same circle. */
function drawer(numbers: readonly number[]): (below: number) => number {
  let at = 0;
  return (below) => {
    at += 1;
    return below <= 0 ? 0 : (numbers[at % numbers.length] ?? at) % below;
  };
}

const draws = fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 });
const BIDS = fc.oneof(
  fc.record({ price: fc.oneof(fc.double(), fc.constantFrom(-1, -0, 1e308, 5e-324, 1, 2)) }),
  fc.record({ price: fc.nat(9), estimateMs: fc.oneof(fc.double({ noNaN: true }), fc.constant('soon')) }),
  fc.record({ refuse: fc.anything({ maxDepth: 0 }) }),
  fc.constantFrom<Json>(null, 'cheap', 3, true, [], [3], {}, { price: '1' }, { price: null }, { price: [1] }),
);
/** What JSON makes of it: that is what gets on record. */
const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value) ?? 'null') as Json;
const bids = fc.array(BIDS.map(plain), { minLength: 1, maxLength: 20 });

/** Tasks for `paint`, some after others, of which some may be tried again. */
const works: fc.Arbitrary<readonly Own[]> = fc
  .array(
    fc.record({
      after: fc.nat(9),
      attempts: fc.integer({ min: 1, max: 4 }),
      priority: fc.integer({ min: -1, max: 1 }),
    }),
    {
      maxLength: 7,
    },
  )
  .map((all) =>
    all.map(({ after, ...one }, index) => ({
      ...one,
      id: `t${index}`,
      capability: 'paint',
      ...(after < index && { after: `t${after}` }),
    })),
  );
const agents = fc
  .array(fc.record({ able: fc.boolean(), concurrency: fc.integer({ min: 1, max: 3 }) }), { minLength: 5, maxLength: 5 })
  .map((all) =>
    all.map(({ able, concurrency }, index) => ({
      name: NAMES[index] ?? '',
      // Somebody is able to.
      capabilities: able || index === 0 ? ['paint'] : [],
      concurrency,
    })),
  );

const base = (numbers: readonly number[], resting: boolean) => {
  const draw = drawer(numbers);
  let asked = 0;
  // Mostly nobody; and nobody for ever.
  const rested = (): string | undefined => {
    asked += 1;
    return resting && asked < 100 && draw(4) === 0 ? NAMES[draw(NAMES.length)] : undefined;
  };
  return { draw, next: draw, rested };
};

/** A chance of nothing good. */
function mischief(draw: (below: number) => number): Deed | undefined {
  const chance = draw(12);
  if (chance === 0) return { kind: 'hang' };
  if (chance === 1) return { kind: 'fail', forGood: true };
  if (chance === 2) return { kind: 'fail', forGood: false };
  return chance === 3 ? { kind: 'handOff', to: NAMES[draw(NAMES.length)] ?? '' } : undefined;
}

describe('an autonomous team, against a scripted view', () => {
  it('ends whatever its members hand on to whom', () => {
    const spec = fc.record({
      mode: fc.constant('hand-off'),
      members: fc.subarray(NAMES, { minLength: 1 }),
      bounds: fc.record({ handOffs: fc.integer({ min: 1, max: 30 }), circles: fc.integer({ min: 1, max: 15 }) }),
    });
    const long = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(spec, draws, fc.boolean(), fc.boolean(), long, (said, numbers, resting, hasBreaker, period) => {
        const { draw, ...more } = base(numbers, resting);
        const others: readonly Own[] = [{ id: 'other', agent: 'eve', attempts: 1 }];
        // To somebody who is no member, too, in circles as long as `period`, and now and then somewhere else.
        let turn = 0;
        const deed = (): Deed => {
          turn += 1;
          const wild = draw(10);
          if (wild === 0) return mischief(draw) ?? { kind: 'give', output: 'done' };
          return { kind: 'handOff', to: wild === 1 ? 'nobody' : (NAMES[turn % period] ?? 'nobody') };
        };
        const onCircle = hasBreaker ? { onCircle: said.members[0] ?? '' } : {};
        const all = NAMES.map((name) => ({ name, capabilities: [], concurrency: 1 }));
        const played = play({
          ...more,
          spec: { ...said, ...onCircle },
          tasks: others,
          agents: all,
          slots: 4,
          deed: (task) => (task.id === 'other' ? { kind: 'give', output: 1 } : deed()),
          evaluate: () => null,
        });
        expect(played.refused).to.deep.equal([]);
        expect(played.handOffs).to.be.at.most(said.bounds.handOffs + 1);
        expect(codeOf(played)).to.be.oneOf([...CODES, 'none', 'HAND_OFF_CIRCLE', 'HAND_OFFS_EXHAUSTED']);
        expect(played.decisions.length).to.be.at.most(2 * said.bounds.handOffs + 6);
      }),
      { numRuns: 500 },
    );
  });

  it('ends whatever its members bid, by output or by messages, and whether they do what they are awarded', () => {
    const spec = fc.record(
      {
        mode: fc.constant('bid'),
        members: fc.subarray(NAMES, { minLength: 1 }),
        rounds: fc.integer({ min: 1, max: 4 }),
        bidTimeout: fc.integer({ min: 1, max: 5000 }),
        onNoBid: fc.oneof(fc.constantFrom('assign', 'fail'), fc.constant({ agent: 'ann' })),
        onFailure: fc.constantFrom('fail', 'go-on'),
        award: fc.constant('weigh'),
      },
      { requiredKeys: ['mode', 'rounds'] },
    );
    const slots = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        spec,
        works,
        agents,
        bids,
        draws,
        slots,
        fc.boolean(),
        (said, tasks, all, offers, numbers, most, resting) => {
          const { draw, ...more } = base(numbers, resting);
          const played = play({
            ...more,
            spec: said as unknown as JsonObject,
            tasks,
            agents: all,
            slots: most,
            deed: ({ role }) => {
              const bad = mischief(draw);
              if (bad !== undefined) return bad;
              const bid = offers[draw(offers.length)] ?? null;
              if (role === undefined) return { kind: 'give', output: 'done' };
              // In a message: for itself, or in the name of another.
              return draw(3) === 0
                ? { kind: 'propose', bid, by: NAMES[draw(NAMES.length)] ?? '' }
                : { kind: 'give', output: bid };
            },
            evaluate: (_source, { bid }) => {
              if (typeof bid === 'string') throw new Error('it is no CEL of a text');
              return (bid as JsonObject | null)?.['price'] ?? -1;
            },
          });
          expect(played.refused).to.deep.equal([]);
          for (const [id, count] of played.calls) expect(count, id).to.be.at.most(said.rounds);
          expect(codeOf(played)).to.be.oneOf([...CODES, 'none', 'NO_BID']);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('ends whatever triggers say, and whether claimers do what they claimed', () => {
    const TRIGGERS: Readonly<Record<string, (names: JsonObject) => Json>> = {
      always: () => true,
      never: () => false,
      number: () => 1,
      tried: ({ work }) => Number((work as JsonObject)['tries']) > 0,
      after: ({ board }) => Object.keys(board as JsonObject).length > 0,
    };
    const member = fc.record(
      {
        agent: fc.constantFrom(...NAMES, 'nobody'),
        trigger: fc.constantFrom(...Object.keys(TRIGGERS), 'throws'),
        atOnce: fc.integer({ min: 1, max: 3 }),
      },
      { requiredKeys: ['agent'] },
    );
    const spec = fc.record(
      {
        mode: fc.constant('claim'),
        members: fc.uniqueArray(member, { minLength: 1, maxLength: 5, selector: ({ agent }) => agent }),
        onNoClaim: fc.constantFrom('assign', 'fail'),
        onFailure: fc.constantFrom('fail', 'go-on'),
      },
      { requiredKeys: ['mode', 'members'] },
    );
    const slots = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(spec, works, agents, draws, slots, fc.boolean(), (said, tasks, all, numbers, most, resting) => {
        const { draw, ...more } = base(numbers, resting);
        const played = play({
          ...more,
          spec: said as unknown as JsonObject,
          tasks,
          agents: all,
          slots: most,
          deed: () => mischief(draw) ?? { kind: 'give', output: 'done' },
          evaluate: (source, names) => {
            const trigger = TRIGGERS[source];
            if (trigger === undefined) throw new Error('it is no CEL');
            return trigger(names);
          },
        });
        expect(played.refused).to.deep.equal([]);
        expect(codeOf(played)).to.be.oneOf([...CODES, 'none', 'NOT_CLAIMED']);
        const attempts = tasks.reduce((sum, one) => sum + one.attempts, 0);
        expect(played.decisions.filter(({ kind }) => kind === 'assign' || kind === undefined).length).to.be.at.most(
          attempts,
        );
      }),
      { numRuns: 500 },
    );
  });
});
