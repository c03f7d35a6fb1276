import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { decideLimit, isToPass, type LimitCommand } from '../../../src/orchestration/runtime/permits/limit-decide.ts';
import type { LimitEvent } from '../../../src/orchestration/runtime/permits/limit-events.ts';
import { evolveLimit, heldInAll, initialLimit } from '../../../src/orchestration/runtime/permits/limit-state.ts';

const ask = (holder: string, wants = 1, more: Partial<LimitCommand & { kind: 'ask' }> = {}): LimitCommand => ({
  kind: 'ask',
  limit: 'l',
  most: 1,
  holder,
  request: `${holder}/1`,
  by: 'o',
  has: 0,
  wants,
  ...more,
});
const release = (holder: string, left = 0, request = `${holder}/1`): LimitCommand => ({
  kind: 'release',
  holder,
  request,
  left,
  why: 'released',
});

/** What the commands lead to, one after another; then the state. */
function given(...commands: readonly LimitCommand[]) {
  const state = initialLimit();
  for (const command of commands) decideLimit(state, command);
  return {
    state,
    when: (command: LimitCommand) =>
      decideLimit(state, command).map((event) =>
        event.type === 'PermitsGranted' ? `granted ${event.holder} ${event.held}` : event.type,
      ),
  };
}

describe('a limit over all orchestrators', () => {
  it('is granted at once while there is some, then in the order of asking', () => {
    const { when, state } = given();
    expect(when(ask('a'))).to.deep.equal(['PermitsAsked', 'granted a 1']);
    expect(when(ask('b'))).to.deep.equal(['PermitsAsked']);
    expect(when(ask('c'))).to.deep.equal(['PermitsAsked']);
    expect(when(release('a'))).to.deep.equal(['PermitsReleased', 'granted b 1']);
    expect(when(release('b'))).to.deep.equal(['PermitsReleased', 'granted c 1']);
    expect(when(release('c'))).to.deep.equal(['PermitsReleased']);
    expect(state.entries.size).to.equal(0);
  });

  it('says nothing of what comes again, and of what was asked for by another name', () => {
    const { when } = given(ask('a'), ask('b'));
    expect(when(ask('a'))).to.deep.equal([]);
    expect(when(release('a', 0, 'a/0'))).to.deep.equal([]);
    expect(when(release('z'))).to.deep.equal([]);
    expect(when(release('a'))).to.deep.equal(['PermitsReleased', 'granted b 1']);
    expect(when(release('a'))).to.deep.equal([]);
  });

  it('stays with a holder for whom another process asks, and so does a place in line', () => {
    const { when } = given(ask('a'), ask('b'), ask('c'));
    expect(when(ask('a', 1, { request: 'a/2', by: 'p' }))).to.deep.equal(['PermitsAsked']);
    expect(when(ask('b', 1, { request: 'b/2', by: 'p' }))).to.deep.equal(['PermitsAsked']);
    expect(when(release('a')), 'of the process before').to.deep.equal([]);
    expect(when(release('a', 0, 'a/2'))).to.deep.equal(['PermitsReleased', 'granted b 1']);
  });

  it('takes what is had by history for granted, and grants no more before that is given back', () => {
    const { when, state } = given(ask('a'));
    expect(when(ask('b', 1, { has: 1 }))).to.deep.equal(['PermitsAsked']);
    expect(heldInAll(state)).to.equal(2);
    expect(when(ask('c'))).to.deep.equal(['PermitsAsked']);
    expect(when(release('a'))).to.deep.equal(['PermitsReleased']);
    expect(when(release('b'))).to.deep.equal(['PermitsReleased', 'granted c 1']);
  });

  it('is shared out evenly: to whoever has least goes next', () => {
    const { when, state } = given(ask('a', 9, { most: 4 }));
    expect(state.entries.get('a')?.held).to.equal(4);
    expect(when(ask('b', 2, { most: 4 }))).to.deep.equal(['PermitsAsked']);
    expect(isToPass(state, 'a', 4)).to.equal(true);
    expect(when(release('a', 3))).to.deep.equal(['PermitsReleased', 'granted b 1']);
    expect(isToPass(state, 'a', 3)).to.equal(true);
    expect(when(release('a', 2))).to.deep.equal(['PermitsReleased', 'granted b 2']);
    expect(isToPass(state, 'a', 2)).to.equal(false);
  });

  it('ends with a holder that is silent, and not with one that shows itself meanwhile', () => {
    const { when, state } = given(ask('a'), ask('b'));
    const revision = state.entries.get('a')?.revision ?? -1;
    expect(when({ kind: 'renew', holder: 'a' })).to.deep.equal(['PermitsRenewed']);
    expect(when({ kind: 'expire', holder: 'a', revision })).to.deep.equal([]);
    const renewed = state.entries.get('a')?.revision ?? -1;
    expect(when({ kind: 'expire', holder: 'a', revision: renewed })).to.deep.equal(['PermitsReleased', 'granted b 1']);
  });

  it('hands out no more tokens than its rate has, whatever the clocks say', () => {
    const rate = { limit: 10, perMs: 1000, burst: 5 };
    const take = (wants: number, now: number): LimitCommand => ({
      kind: 'take',
      limit: 'l',
      holder: 'a',
      rate,
      wants,
      now,
    });
    const taken = (state: ReturnType<typeof initialLimit>, wants: number, now: number): number =>
      decideLimit(state, take(wants, now)).reduce((sum, one) => sum + (one.type === 'TokensTaken' ? one.count : 0), 0);
    const { state } = given();
    expect(taken(state, 9, 1000)).to.equal(5);
    expect(taken(state, 9, 1000)).to.equal(0);
    expect(taken(state, 9, 1250)).to.equal(2);
    expect(taken(state, 9, 200), 'a clock that is behind').to.equal(0);
    expect(taken(state, 9, 1300)).to.equal(1);
    expect(taken(state, 9, 99_000)).to.equal(5);
  });

  it('never grants beyond itself, loses nobody, and is the same to whoever reads it from its sums on', () => {
    const holder = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const request = fc.integer({ min: 0, max: 2 });
    const command = fc.oneof(
      fc.record({ kind: fc.constantFrom('ask' as const), holder, request, wants: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ kind: fc.constantFrom('release' as const), holder, request, left: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constantFrom('expire' as const), holder, ago: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constantFrom('renew' as const), holder }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(command, { maxLength: 400 }), (most, commands) => {
        const state = initialLimit();
        const history: LimitEvent[] = [];
        for (const one of commands) {
          const { holder: name } = one;
          const made: LimitCommand =
            one.kind === 'ask'
              ? ask(name, one.wants, { most, request: `${name}/${one.request}` })
              : one.kind === 'release'
                ? release(name, one.left, `${name}/${one.request}`)
                : one.kind === 'expire'
                  ? { kind: 'expire', holder: name, revision: (state.entries.get(name)?.revision ?? 0) - one.ago }
                  : { kind: 'renew', holder: name };
          history.push(...decideLimit(state, made));
          expect(heldInAll(state)).to.be.at.most(most);
          const waiting = [...state.entries.values()].some(({ held, wants }) => wants > held);
          expect(waiting && heldInAll(state) < most, 'somebody waits for what is there').to.equal(false);
        }
        const sum = history.findLastIndex(({ type }) => type === 'LimitSummed');
        const read = initialLimit();
        read.revision = Math.max(0, sum) - 1;
        for (const event of history.slice(Math.max(0, sum))) evolveLimit(read, event);
        const seen = ({ entries, most: all, revision }: typeof read) => ({
          entries: [...entries.values()].sort((x, y) => x.order - y.order).map(({ order: _, ...entry }) => entry),
          all,
          revision,
        });
        expect(seen(read)).to.deep.equal(seen(state));
      }),
      { numRuns: 300 },
    );
  });
});
