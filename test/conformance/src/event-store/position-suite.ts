import { NO_STREAM } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { events, freshStream, growthProblem } from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** `onFailure`: what follows need not be tried. Everything else reads on from positions, and would wait for what never comes. */
export function positionSuite(under: StoreUnderTest, onFailure: () => void): void {
  describe('positions', () => {
    it('compare as text, in the order of the appends', async () => {
      const store = under.current();
      const [one, other] = [freshStream(), freshStream()];
      // Beyond where a counter gets a digit more.
      await store.append(one, events(6), NO_STREAM);
      await store.append(other, events(114), NO_STREAM);
      const recorded = [...(await store.read(one)), ...(await store.read(other))];
      const problem = growthProblem(recorded.map(({ position }) => position));
      if (problem === undefined) return;
      onFailure();
      expect.fail(`${problem} No other test of the suite is run before that is mended.`);
    });
  });
}
