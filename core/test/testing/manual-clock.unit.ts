import { DEFAULT_START, ManualClock, seededRandom, sequentialIds } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';

/** A clock and a list of what fired, when. */
function watched() {
  const clock = new ManualClock(0);
  const fired: string[] = [];
  const set = (name: string, delay: number, then?: () => void) =>
    clock.schedule(delay, () => {
      fired.push(`${name}@${clock.now()}`);
      then?.();
    });
  return { clock, fired, set };
}

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock();
    expect(clock.now()).to.equal(DEFAULT_START);
    clock.advance(5);
    expect(clock.now()).to.equal(DEFAULT_START + 5);
    expect(() => clock.advance(-1)).to.throw(RangeError);
    expect(() => clock.advance(Number.NaN)).to.throw(RangeError);
  });

  it('fires timers in the order of their times, then of their setting', () => {
    const { clock, fired, set } = watched();
    set('late', 30);
    set('first', 10);
    set('second', 10);
    set('now', 0);
    expect(fired, 'never inside schedule').to.deep.equal([]);
    clock.advance(10);
    expect(fired).to.deep.equal(['now@0', 'first@10', 'second@10']);
    clock.advance(100);
    expect(fired.at(-1)).to.equal('late@30');
    expect(clock.now()).to.equal(110);
  });

  it('fires what is set meanwhile, when it is due by then', () => {
    const { clock, fired, set } = watched();
    set('a', 10, () => {
      set('b', 5);
      set('c', 50);
    });
    clock.advance(20);
    expect(fired).to.deep.equal(['a@10', 'b@15']);
    expect(clock.nextAt).to.equal(60);
  });

  it('goes to the next timer and fires it alone', () => {
    const { clock, fired, set } = watched();
    set('a', 10);
    set('b', 10);
    expect(clock.advanceToNext()).to.equal(10);
    expect(fired).to.deep.equal(['a@10']);
    expect(clock.advanceToNext()).to.equal(0);
    expect(clock.advanceToNext()).to.equal(undefined);
  });

  it('takes back what is cancelled, before or after it fired', () => {
    const { clock, fired, set } = watched();
    const first = set('first', 10);
    set('second', 10);
    first.cancel();
    first.cancel();
    expect(clock.pending).to.equal(1);
    clock.advance(10);
    first.cancel();
    expect(fired).to.deep.equal(['second@10']);
    expect(clock.pending).to.equal(0);
  });

  it('takes delays that are no delays as "at once"', () => {
    const { clock, fired, set } = watched();
    set('negative', -5);
    set('nan', Number.NaN);
    clock.advance(0);
    expect(fired).to.deep.equal(['negative@0', 'nan@0']);
  });

  it('equals a sorted list, whatever is set and cancelled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ delay: fc.nat(20), cancel: fc.option(fc.nat(30)) }), { maxLength: 60 }),
        (steps) => {
          const { clock, fired, set } = watched();
          const calls = steps.map(({ delay }, index) => set(String(index), delay));
          const cancelled = new Set(
            steps.flatMap(({ cancel }) => (cancel === null || cancel >= calls.length ? [] : [cancel])),
          );
          for (const index of cancelled) calls[index]?.cancel();
          const expected = steps
            .map(({ delay }, index) => ({ delay, index }))
            .filter(({ index }) => !cancelled.has(index))
            .sort((a, b) => a.delay - b.delay || a.index - b.index);
          clock.advance(20);
          expect(fired).to.deep.equal(expected.map(({ delay, index }) => `${index}@${delay}`));
        },
      ),
    );
  });
});

describe('deterministic chance and ids', () => {
  it('are the same for the same seed, and different for another', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, () => random());
    };
    expect(draw(1)).to.deep.equal(draw(1));
    expect(draw(1)).to.not.deep.equal(draw(2));
  });

  it('are spread over [0, 1)', () => {
    const random = seededRandom(42);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const value = random();
      expect(value).to.be.within(0, 1 - 2 ** -32);
      const bucket = Math.floor(value * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(count).to.be.within(900, 1100);
  });

  it('sort by creation', () => {
    const ids = sequentialIds('run');
    expect([ids.next(), ids.next()]).to.deep.equal(['run-000001', 'run-000002']);
  });
});
