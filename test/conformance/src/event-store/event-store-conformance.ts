import type { EventStore } from '@reprise/core/plugin';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { bePatient } from '../patience.ts';
import { abilitySuite } from './ability-suite.ts';
import { appendSuite } from './append-suite.ts';
import { cloningStore } from './cloning-store.ts';
import { closeSuite } from './close-suite.ts';
import { propertySuite } from './property-suite.ts';
import { readSuite } from './read-suite.ts';
import { reopenSuite } from './reopen-suite.ts';
import type { StoreUnderTest } from './store-under-test.ts';
import { subscribeSuite } from './subscribe-suite.ts';
import { twoHandlesSuite } from './two-handles-suite.ts';

export interface EventStoreFactory {
  /** A store with no event in it. Called before every test. */
  create(): Promise<EventStore>;
  /** Called after every test; the store may be closed already. Default: close(). */
  destroy?(store: EventStore): Promise<void>;
  /** Closes the store and opens what it kept again. Left out by stores that keep nothing. */
  reopen?(store: EventStore): Promise<EventStore>;
  /**
   * Opens another handle on what the store keeps, beside it, as another process would. Left out by stores that nobody can share.
   * The kit closes it.
   */
  openSecond?(store: EventStore): Promise<EventStore>;
  /** How long one test may take, in ms. Default 30,000, whatever the runner's own limit is. */
  readonly timeoutMs?: number;
}

/** Registers a mocha suite that checks an event store against the whole contract of the port. */
export function eventStoreConformance(name: string, factory: EventStoreFactory): void {
  describe(`event store conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    let store: EventStore | undefined;
    let handed: EventStore | undefined;
    const seconds: EventStore[] = [];
    const { reopen, openSecond } = factory;
    const raw = (): EventStore => {
      if (store === undefined) throw new Error('There is a store inside a test only.');
      return store;
    };
    const use = (opened: EventStore): EventStore => {
      store = opened;
      handed = cloningStore(opened);
      return handed;
    };
    const under: StoreUnderTest = {
      current: () => handed ?? raw(),
      reopen: reopen && (async () => use(await reopen.call(factory, raw()))),
      openSecond:
        openSecond &&
        (async () => {
          const second = await openSecond.call(factory, raw());
          seconds.push(second);
          return cloningStore(second);
        }),
    };

    beforeEach(async () => {
      use(await factory.create());
    });
    afterEach(async () => {
      const used = store;
      store = undefined;
      handed = undefined;
      for (const second of seconds.splice(0)) await second.close();
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
    else it('reopen: not checked, because the factory has no reopen() (a store that keeps nothing)');
    if (under.openSecond !== undefined) twoHandlesSuite(under, under.openSecond);
    else it('two handles: not checked, because the factory has no openSecond() (a store that nobody can share)');
  });
}
