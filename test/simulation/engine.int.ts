import { EVENT_VERSIONS } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { FOUL, property, seen } from './support/engine-property.ts';
import { NO_FAULTS } from './support/faulty-store.ts';
import { endOf, FAIR } from './support/life.ts';
import { SqliteFiles } from './support/sqlite-files.ts';
import type { World } from './support/world.ts';

describe('the engine, for any workflow and any agents', () => {
  it('ends every run by every rule, and tells its user how', async () => {
    await fc.assert(
      property(FAIR, (world) => {
        const told = world.processes[0]?.outcome;
        const end = endOf(world)?.type;
        expect(told, 'what the user was told').to.have.property('status', end?.replace('Run', '').toLowerCase());
      }),
      { numRuns: 300 },
    );
  });

  it('with messages that are dropped, delayed, doubled and reordered', async () => {
    const transport = { drop: 0.2, delay: 0.2, duplicate: 0.3, reorder: 0.3 };
    await fc.assert(property({ ...FAIR, transport, meddling: true }), { numRuns: 250 });
  });

  it('with a store that conflicts, forgets to answer and is not there', async () => {
    const store = {
      ...NO_FAULTS,
      unknownDone: 0.1,
      unknownNotDone: 0.1,
      unavailable: 0.1,
      conflict: 0.1,
      readUnavailable: 0.2,
    };
    await fc.assert(property({ ...FAIR, store, meddling: true }), { numRuns: 250 });
  });

  it('with processes that are killed around their appends', async () => {
    const store = { ...NO_FAULTS, crashBefore: 0.05, crashAfter: 0.05 };
    await fc.assert(property({ ...FAIR, store, crashes: 5 }), { numRuns: 250 });
  });

  it('with two processes that both think they drive', async () => {
    await fc.assert(property({ ...FAIR, zombies: 2 }), { numRuns: 250 });
  });

  it('with limits over all runs that leave room for one attempt, now and then', async () => {
    const rate = { limit: 1, per: '3s', burst: 1 };
    const admission = { process: { concurrency: 1 }, agents: { '*': { rate } }, tenants: { '*': { concurrency: 2 } } };
    const store = { ...NO_FAULTS, conflict: 0.1, crashBefore: 0.03 };
    const weather = { ...FAIR, store, crashes: 3, meddling: true, admission };
    const oneAtOnce = ({ mostAtOnce, truth }: World): void => {
      // Who has waited for messages goes on, whatever has begun meanwhile.
      if (truth.log.some(({ type }) => type === 'MessageAwaited')) return;
      expect(mostAtOnce, 'calls of an agent at once').to.be.at.most(1);
    };
    await fc.assert(property(weather, oneAtOnce), { numRuns: 150 });
    await fc.assert(property({ ...weather, zombies: 2 }), { numRuns: 100 });
  });

  it('with all of that together', async () => {
    await fc.assert(property(FOUL), { numRuns: 250 });
  });

  it('whose agents did everything with messages of a run that there is', () => {
    // What goes between runs, and to programs, the crash sweep and the walks of the heart have.
    const between = ['MessageReceived', 'MessageTaken', 'MessageHandedOn', 'MessagesHandedOver'];
    const all = Object.keys(EVENT_VERSIONS).filter((type) => /^(Message|Conversation)/.test(type));
    expect(all).to.include.members(between);
    const talk = all.filter((type) => !between.includes(type));
    expect([...seen]).to.include.members(talk);
  });

  it('with agents that are rested as soon as one of their tasks fails, tried again, and come back', async () => {
    const store = { ...NO_FAULTS, conflict: 0.1, crashBefore: 0.03 };
    const admission = { breaker: { failures: 1 } };
    await fc.assert(property({ ...FAIR, store, crashes: 3, meddling: true, admission }), { numRuns: 100 });
    expect([...seen]).to.include.members(['AgentRested', 'AgentBack']);
  });

  it('with all of that together, over files of SQLite', async () => {
    const files = new SqliteFiles();
    try {
      await fc.assert(property({ ...FOUL, storage: () => files.open() }), { numRuns: 40 });
    } finally {
      files.delete();
    }
  });
});
