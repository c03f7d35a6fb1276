import type { Ids, Random } from '../shared/clock.ts';

/** Numbers in [0, 1) that depend on `seed` alone (the mulberry32 generator). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `id-000001`, `id-000002` …: ids that sort by creation and are the same in every run of a test. */
export function sequentialIds(prefix = 'id'): Ids {
  let last = 0;
  return {
    next: () => {
      last += 1;
      return `${prefix}-${String(last).padStart(6, '0')}`;
    },
  };
}
