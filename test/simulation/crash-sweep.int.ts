import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { sweep } from './support/crash-sweep.ts';
import { SqliteFiles } from './support/sqlite-files.ts';
import { SWEEP_SCENARIOS } from './support/sweep-scenarios.ts';
import type { Ports } from './support/sweep-world.ts';

/** What the calls of a run are. */
const CALLS = [
  'ack',
  'agent',
  'append',
  'deliver',
  'list',
  'publish',
  'snapshot save',
  'subscribe',
  'timer fire',
  'timer set',
  'transport start',
];

describe('a process that is killed before or after any call of a port', function () {
  // Hundreds of plays each: half a minute, and more where others work beside.
  this.timeout(240_000);
  for (const durable of [false, true]) {
    describe(durable ? 'with messages that outlive it' : 'with messages that end with it', () => {
      const between: Ports = { durable, listed: true };
      const killedAt = new Set<string>();
      for (const [what, scenario] of Object.entries(SWEEP_SCENARIOS)) {
        it(`leaves ${what} to the next, which ends it as if nothing had been`, async () => {
          const { points, faults, kinds } = await sweep(scenario, between);
          for (const kind of kinds) killedAt.add(kind);
          expect(faults.slice(0, 10), `${faults.length} of ${points}`).to.deep.equal([]);
        });
      }

      it('was killed at every kind of call that an engine makes', () => {
        expect([...killedAt].sort()).to.deep.equal(CALLS);
      });
    });
  }

  // Each play has a file of its own, and real I/O: of the calls every 19th.
  describe('over a file of SQLite', () => {
    const files = new SqliteFiles();
    after(() => files.delete());
    for (const [what, scenario] of Object.entries(SWEEP_SCENARIOS)) {
      it(`leaves ${what} to the next, which ends it as if nothing had been`, async () => {
        const between: Ports = { durable: false, listed: true, every: 19, storage: () => files.open() };
        const { points, faults } = await sweep(scenario, between);
        expect(faults.slice(0, 10), `${faults.length} of ${points}`).to.deep.equal([]);
        expect(points).to.be.greaterThan(1);
      });
    }
  });

  // The view of the runs is lost with each process, and built anew by the next, which finds the open run in it.
  describe('over a store that lists nothing', () => {
    const kinds = new Set<string>();
    for (const [what, scenario] of Object.entries(SWEEP_SCENARIOS)) {
      it(`leaves ${what} to the next, which ends it as if nothing had been`, async () => {
        const swept = await sweep(scenario, { durable: false, listed: false });
        for (const kind of swept.kinds) kinds.add(kind);
        expect(swept.faults.slice(0, 10), `${swept.faults.length} of ${swept.points}`).to.deep.equal([]);
      });
    }

    it('was killed while it built the view, too', () => {
      expect([...kinds]).to.include.members(['readAll', 'store subscribe']);
      expect([...kinds]).to.not.include('list');
    });
  });
});
