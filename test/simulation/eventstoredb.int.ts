import type { Storage } from '@reprise/core';
import { createEventStoreDBStorage } from '@reprise/event-store-eventstoredb';
import { expect } from 'chai';
import fc from 'fast-check';
import { after, afterEach, before, describe, it } from 'mocha';
import { faultPlan, testSeed } from '../../plugins/event-store-eventstoredb/test/support/fault-plan.ts';
import { type Fault, ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { PROTOCOL, targets } from '../../plugins/event-store-eventstoredb/test/support/targets.ts';
import { sweep } from './support/crash-sweep.ts';
import { property } from './support/engine-property.ts';
import { NO_FAULTS } from './support/faulty-store.ts';
import { FAIR, type Weather } from './support/life.ts';
import { SWEEP_SCENARIOS } from './support/sweep-scenarios.ts';

// Runs of the engine over EventStoreDB, in virtual time: the process waits for the server, and nothing else for anything.

const seed = testSeed();
/** Which of them: 'path' of the report of a failure. */
const path = process.env['REPRISE_SEED_PATH'];
const chosen = { seed, ...(path === undefined ? {} : { path, endOnFailure: true }) };
const CRASHES = { ...NO_FAULTS, crashBefore: 0.02, crashAfter: 0.02 };
const DEADLINE_MS = 150;
/** Of each kind with faults. */
const RUNS = Number(process.env['REPRISE_SEED_RUNS'] ?? 30);

describe(`the engine over EventStoreDB (again: REPRISE_SEED=${seed}, and REPRISE_SEED_PATH with the path that a failure tells)`, function () {
  this.timeout(300_000);

  for (const { name, fresh } of targets()) {
    it(`ends every run by every rule: ${name}`, async () => {
      const storage = (): Promise<Storage> => createEventStoreDBStorage(fresh());
      const weather: Weather = { ...FAIR, store: CRASHES, crashes: 3, zombies: 1, meddling: true, storage };
      await fc.assert(property(weather), { ...chosen, numRuns: 15 });
    });
  }

  describe('whose server has faults by seed', () => {
    const troubled = new ProtocolServer({ lateMs: 2 * DEADLINE_MS });
    const calm = new ProtocolServer({ log: troubled.log, changed: troubled.changed });
    const met = new Set<Fault>();
    before(() => Promise.all([troubled.start(), calm.start()]));
    after(() => Promise.all([troubled.stop(), calm.stop()]));
    afterEach(() => {
      troubled.fault = undefined;
    });

    let plays = 0;
    const weather: Weather = {
      ...FAIR,
      storage: (life) => {
        plays += 1;
        troubled.fault = faultPlan({ seed: life, rate: 0.1, onFault: (fault) => met.add(fault) });
        const { connectionString } = troubled;
        return createEventStoreDBStorage({ connectionString, namespace: `play${plays}`, deadlineMs: DEADLINE_MS });
      },
      calm: () =>
        createEventStoreDBStorage({
          connectionString: calm.connectionString,
          namespace: `play${plays}`,
          readOnly: true,
        }),
    };

    it('ends every run by every rule', async () => {
      await fc.assert(property(weather), { ...chosen, numRuns: RUNS });
    });

    it('so it does with processes that are killed, or both think they drive, and a user who meddles', async () => {
      await fc.assert(property({ ...weather, store: CRASHES, crashes: 3, zombies: 1, meddling: true }), {
        ...chosen,
        numRuns: RUNS,
      });
      if (path === undefined) expect(met.size).to.be.at.least(10);
    });
  });
});

// Of the calls every 19th: each play is over the network. On a real server, where it takes its time, fewer.
describe('a process over EventStoreDB that is killed before or after a call of a port', function () {
  this.timeout(600_000);
  for (const { name, fresh } of targets()) {
    const remote = name !== PROTOCOL;
    const every = remote ? 57 : 19;
    for (const [what, scenario] of Object.entries(SWEEP_SCENARIOS)) {
      it(`leaves ${what} to the next, which ends it as if nothing had been: ${name}`, async () => {
        const storage = (): Promise<Storage> => createEventStoreDBStorage(fresh());
        const { points, faults } = await sweep(scenario, { durable: false, listed: false, every, storage, remote });
        expect(faults.slice(0, 10), `${faults.length} of ${points}`).to.deep.equal([]);
        expect(points).to.be.greaterThan(1);
      });
    }
  }
});
