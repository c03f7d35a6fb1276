import { expect } from 'chai';
import { describe, it } from 'mocha';
import { play, sweep } from './crash-sweep.ts';
import { SWEEP_SCENARIOS } from './sweep-scenarios.ts';
import type { Ports } from './sweep-world.ts';

/**
 * Of the appends after which a first process is killed, before the next is swept: every eighth; with REPRISE_SWEEP=all every one (half an hour of processor time).
 * The suite has a file for each kind of transport, so that two processes share the work.
 */
const EVERY = process.env['REPRISE_SWEEP'] === 'all' ? 1 : 8;

/** What the calls of an engine that finds an open run are. */
const CALLS = [
  'ack',
  'agent',
  'append',
  'deliver',
  'list',
  'publish',
  'read',
  'snapshot load',
  'snapshot save',
  'subscribe',
  'timer fire',
  'timer set',
  'transport start',
];

/** `durable`: messages outlive the process that sent them. */
export function describeSecondKill(durable: boolean): void {
  const messages = durable ? 'messages that outlive it' : 'messages that end with it';
  describe(`a process that is killed after another was, with ${messages}`, function () {
    // Hundreds of plays each: half a minute, and more where others work beside.
    this.timeout(EVERY === 1 ? 3_600_000 : 240_000);
    const between: Ports = { durable, listed: true };
    const killedAt = new Set<string>();
    for (const [what, scenario] of Object.entries(SWEEP_SCENARIOS)) {
      it(`leaves ${what} to a third, wherever that is`, async () => {
        const { ports } = await play(scenario, between);
        const appends = (ports[0] ?? []).flatMap((kind, index) => (kind === 'append' ? [index + 1] : []));
        for (const call of appends.filter((_, index) => index % EVERY === 1 % EVERY)) {
          const { points, faults, kinds } = await sweep(scenario, between, { call, when: 'after' });
          for (const kind of kinds) killedAt.add(kind);
          expect(faults.slice(0, 10), `${faults.length} of ${points}`).to.deep.equal([]);
        }
      });
    }

    it('was killed at every kind of call that an engine makes', () => {
      expect([...killedAt].sort()).to.deep.equal(CALLS);
    });
  });
}
