import type { ViewStore } from '@reprise/core/plugin';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { bePatient } from '../patience.ts';
import { commitSuite } from './commit-suite.ts';
import { listSuite } from './list-suite.ts';
import { sharedSuite } from './shared-suite.ts';
import type { ViewStoreUnderTest } from './view-store-under-test.ts';

export interface ViewStoreFactory {
  /** A store with no view in it. Called before every test. */
  create(): Promise<ViewStore>;
  /** Called after every test; the store may be closed already. Default: close(). */
  destroy?(store: ViewStore): Promise<void>;
  /** Closes the store and opens what it kept again. Left out by stores that keep nothing. */
  reopen?(store: ViewStore): Promise<ViewStore>;
  /** Opens another handle on what the store keeps, as another process would. Left out by stores that nobody can share. The kit closes it. */
  openSecond?(store: ViewStore): Promise<ViewStore>;
  /** How long one test may take, in ms. Default 30,000, whatever the runner's own limit is. */
  readonly timeoutMs?: number;
}

/** Registers a mocha suite that checks a view store against the whole contract of the port. */
export function viewStoreConformance(name: string, factory: ViewStoreFactory): void {
  describe(`view store conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    let store: ViewStore | undefined;
    const seconds: ViewStore[] = [];
    const { reopen, openSecond } = factory;
    const current = (): ViewStore => {
      if (store === undefined) throw new Error('There is a store inside a test only.');
      return store;
    };
    const under: ViewStoreUnderTest = {
      current,
      reopen:
        reopen &&
        (async () => {
          store = await reopen.call(factory, current());
          return store;
        }),
      openSecond:
        openSecond &&
        (async () => {
          const second = await openSecond.call(factory, current());
          seconds.push(second);
          return second;
        }),
    };

    beforeEach(async () => {
      store = await factory.create();
    });
    afterEach(async () => {
      const used = store;
      store = undefined;
      for (const second of seconds.splice(0)) await second.close();
      if (used === undefined) return;
      if (factory.destroy === undefined) await used.close();
      else await factory.destroy(used);
    });

    commitSuite(under);
    listSuite(under);
    sharedSuite(under);
    if (under.reopen === undefined)
      it('reopen: not checked, because the factory has no reopen() (a store that keeps nothing)');
    if (under.openSecond === undefined)
      it('two handles: not checked, because the factory has no openSecond() (a store that nobody can share)');
  });
}
