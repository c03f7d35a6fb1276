import type { Storage } from '@reprise/core/plugin';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { bePatient } from '../patience.ts';
import { abilitySuite } from './ability-suite.ts';
import { appendSuite } from './append-suite.ts';
import { cloningStorage } from './cloning-storage.ts';
import { closeSuite } from './close-suite.ts';
import { positionSuite } from './position-suite.ts';
import { propertySuite } from './property-suite.ts';
import { readSuite } from './read-suite.ts';
import { reopenSuite } from './reopen-suite.ts';
import type { StoreUnderTest } from './store-under-test.ts';
import { subscribeSuite } from './subscribe-suite.ts';
import { twoHandlesSuite } from './two-handles-suite.ts';

export interface EventStoreFactory {
  /** A storage with no event in it: its events are checked, and what else it has. Called before every test. */
  create(): Promise<Storage>;
  /** Called after every test; it may be closed already. Default: close(). */
  destroy?(storage: Storage): Promise<void>;
  /** Closes the storage and opens what it kept again. Left out by stores that keep nothing. */
  reopen?(storage: Storage): Promise<Storage>;
  /**
   * Opens another handle on what the storage keeps, beside it, as another process would. Left out by stores that nobody can share.
   * The kit closes it.
   */
  openSecond?(storage: Storage): Promise<Storage>;
  /** How long one test may take, in ms. Default 30,000, whatever the runner's own limit is. */
  readonly timeoutMs?: number;
}

/** Registers a mocha suite that checks an event store against the whole contract of the port. */
export function eventStoreConformance(name: string, factory: EventStoreFactory): void {
  describe(`event store conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    let storage: Storage | undefined;
    let handed: Storage | undefined;
    let incomparable = false;
    const seconds: Storage[] = [];
    const { reopen, openSecond } = factory;
    const raw = (): Storage => {
      if (storage === undefined) throw new Error('There is a storage inside a test only.');
      return storage;
    };
    const use = (opened: Storage): Storage => {
      storage = opened;
      handed = cloningStorage(opened);
      return handed;
    };
    const under: StoreUnderTest = {
      current: () => (handed ?? raw()).events,
      storage: () => handed ?? raw(),
      reopen: reopen && (async () => use(await reopen.call(factory, raw()))),
      openSecond:
        openSecond &&
        (async () => {
          const second = await openSecond.call(factory, raw());
          seconds.push(second);
          return cloningStorage(second);
        }),
    };

    beforeEach(async function () {
      if (incomparable) this.skip();
      use(await factory.create());
    });
    afterEach(async () => {
      const used = storage;
      storage = undefined;
      handed = undefined;
      for (const second of seconds.splice(0)) await second.events.close();
      if (used === undefined) return;
      if (factory.destroy === undefined) await used.events.close();
      else await factory.destroy(used);
    });

    positionSuite(under, () => {
      incomparable = true;
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
