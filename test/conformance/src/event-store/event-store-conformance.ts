import type { EventStore } from '@reprise/core';
import { afterEach, beforeEach, describe } from 'mocha';
import { abilitySuite } from './ability-suite.ts';
import { appendSuite } from './append-suite.ts';
import { closeSuite } from './close-suite.ts';
import { propertySuite } from './property-suite.ts';
import { readSuite } from './read-suite.ts';
import { reopenSuite } from './reopen-suite.ts';
import type { StoreUnderTest } from './store-under-test.ts';
import { subscribeSuite } from './subscribe-suite.ts';

export interface EventStoreFactory {
  /** A store with no event in it. Called before every test. */
  create(): Promise<EventStore>;
  /** Called after every test; the store may be closed already. Default: close(). */
  destroy?(store: EventStore): Promise<void>;
  /** Closes the store and opens what it kept again. Left out by stores that keep nothing. */
  reopen?(store: EventStore): Promise<EventStore>;
}

/** Registers a mocha suite that checks an event store against the whole contract of the port. */
export function eventStoreConformance(name: string, factory: EventStoreFactory): void {
  describe(`event store conformance: ${name}`, () => {
    let store: EventStore | undefined;
    const current = (): EventStore => {
      if (store === undefined) throw new Error('There is a store inside a test only.');
      return store;
    };
    const { reopen } = factory;
    const under: StoreUnderTest = {
      current,
      reopen:
        reopen &&
        (async () => {
          store = await reopen.call(factory, current());
          return store;
        }),
    };

    beforeEach(async () => {
      store = await factory.create();
    });
    afterEach(async () => {
      const used = store;
      store = undefined;
      if (used === undefined) return;
      if (factory.destroy === undefined) await used.close();
      else await factory.destroy(used);
    });

    appendSuite(under);
    readSuite(under);
    subscribeSuite(under);
    closeSuite(under);
    abilitySuite(under);
    propertySuite(under);
    if (under.reopen !== undefined) reopenSuite(under, under.reopen);
  });
}
