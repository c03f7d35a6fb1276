import { expect } from 'chai';
import { it } from 'mocha';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import { chaos } from '../chaos/chaos.ts';

// Three minutes in all. `npm run chaos` does it for longer.

const MINUTES = 1.5;
const SEEDS = [1, 2];

withBroker('a cluster of which everything is broken', (broker) => {
  for (const seed of SEEDS)
    it(`ends every run, once, and says so, with both drivers, seed ${seed}`, async function () {
      this.timeout(480_000);
      const { runs, calls, done } = await chaos({ broker: broker(), seed, minutes: MINUTES, drivers: 'mixed' });
      expect(runs).to.be.above(20);
      // Of each run seven attempts at least.
      expect(calls).to.be.at.least(7 * runs);
      expect(Object.keys(done), 'what was broken').to.have.length.above(3);
    });
});
